-- Replace the contact keys of leads: $1 tenants and $2 ids of all leads stored; $3, $4, $5 the keys they have now.
with gone as (
    delete from contact_keys k
    where (k.tenant_id, k.lead_id) in (select * from unnest($1::text[], $2::text[]))
        and (k.tenant_id, k.lead_id, k.contact_key) not in (select * from unnest($3::text[], $4::text[], $5::text[]))
)
insert into contact_keys (tenant_id, lead_id, contact_key)
select * from unnest($3::text[], $4::text[], $5::text[])
on conflict do nothing;
