-- Lock lead $2 of tenant $1.
select 1 from leads where tenant_id = $1 and lead_id = $2 for no key update;
