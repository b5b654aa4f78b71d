-- The newest analyses of the leads $2 of tenants $1, where they have one.
select l.tenant_id, l.lead_id, a.document::text as document
from leads l join analyses a on a.analysis_id = l.analysis_id
where (l.tenant_id, l.lead_id) in (select * from unnest($1::text[], $2::text[]));
