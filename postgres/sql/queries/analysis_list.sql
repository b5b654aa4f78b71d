-- The newest $3 analyses of lead $2 of tenant $1.
select document::text as document from analyses where tenant_id = $1 and lead_id = $2
order by analysed_at desc, analysis_id desc limit $3;
