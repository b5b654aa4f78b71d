-- Store the outcome of lead $2 of tenant $1, and with it the lead's status.
with closed as (
    update leads set status = $3, document = jsonb_set(document, '{status}', to_jsonb($3::text)),
        updated_at = clock_timestamp()
    where tenant_id = $1 and lead_id = $2
    returning tenant_id, lead_id
)
insert into outcomes (tenant_id, lead_id, kind, at, amount, currency, reason)
select c.tenant_id, c.lead_id, $3, $4, $5, $6, $7 from closed c
on conflict (tenant_id, lead_id) do update
set kind = excluded.kind, at = excluded.at, amount = excluded.amount, currency = excluded.currency,
    reason = excluded.reason
returning lead_id;
