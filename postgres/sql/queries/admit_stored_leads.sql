-- Lock and return the stored leads $2 of tenants $1, in order.
select l.tenant_id, l.lead_id, l.version, l.document::text as document, l.overrides::text as overrides,
    l.received_at, l.duplicate_of
from leads l
where (l.tenant_id, l.lead_id) in (select * from unnest($1::text[], $2::text[]))
order by l.tenant_id, l.lead_id
for no key update;
