-- Leads that share a contact key ($2 of tenants $1), and the leads $4 of tenants $3.
select distinct k.tenant_id, k.contact_key, l.lead_id, l.received_at, l.status, l.service, l.duplicate_of,
    l.grade, l.qualification
from contact_keys k join leads l on l.tenant_id = k.tenant_id and l.lead_id = k.lead_id
where (k.tenant_id, k.contact_key) in (select * from unnest($1::text[], $2::text[]))
union
select l.tenant_id, null, l.lead_id, l.received_at, l.status, l.service, l.duplicate_of, l.grade, l.qualification
from leads l
where (l.tenant_id, l.lead_id) in (select * from unnest($3::text[], $4::text[]));
