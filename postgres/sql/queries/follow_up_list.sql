-- The newest $3 drafts for lead $2 of tenant $1.
select document::text as document from follow_ups where tenant_id = $1 and lead_id = $2
order by drafted_at desc, follow_up_id desc limit $3;
