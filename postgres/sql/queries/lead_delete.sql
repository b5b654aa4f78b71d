-- Delete lead $2 of tenant $1; what is derived from it goes with it.
delete from leads where tenant_id = $1 and lead_id = $2 returning lead_id;
