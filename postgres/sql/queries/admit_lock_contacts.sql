-- Lock the contact keys $2 of tenants $1 in order, so that simultaneous duplicates see each other.
insert into contact_locks (tenant_id, contact_key)
select distinct k.tenant_id, k.contact_key
from unnest($1::text[], $2::text[]) as k (tenant_id, contact_key)
order by k.tenant_id, k.contact_key
on conflict (tenant_id, contact_key) do update set contact_key = excluded.contact_key;
