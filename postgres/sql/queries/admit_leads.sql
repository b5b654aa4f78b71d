-- Store leads, new or replaced. $1 tenants, $2 ids, $3 versions, $4 documents, $5 statuses, $6 services,
-- $7 received_at, $8 duplicate_of, $9 the versions they had when they were read, 0 for new ones.
-- Returns those written: not one that another transaction has stored since.
insert into leads as l (tenant_id, lead_id, version, document, status, service, received_at, duplicate_of)
select * from unnest($1::text[], $2::text[], $3::int[], $4::jsonb[], $5::text[], $6::text[], $7::timestamptz[],
    $8::text[])
order by 1, 2
on conflict (tenant_id, lead_id) do update
set version = excluded.version, document = excluded.document, status = excluded.status,
    service = excluded.service, duplicate_of = excluded.duplicate_of, updated_at = clock_timestamp()
where l.version = (
    select r.version from unnest($1::text[], $2::text[], $9::int[]) as r (tenant_id, lead_id, version)
    where r.tenant_id = l.tenant_id and r.lead_id = l.lead_id)
returning lead_id;
