-- Insert tasks. Direct ones are inserted running, claimed by worker $13. Order keys by the database's clock.
insert into tasks (task_id, tenant_id, kind, priority, order_key, lead_id, payload, max_attempts, direct,
    deadline_at, idempotency_key, request_digest, state, attempt, claimed_by, started_at)
select s.task_id, s.tenant_id, s.kind, s.priority, clock_timestamp() - s.boost_s * interval '1 second', s.lead_id,
    s.payload, s.max_attempts, s.direct, s.deadline_at, s.idempotency_key, s.request_digest,
    case when s.direct then 'running' else 'queued' end, s.direct::int,
    case when s.direct then $13::uuid end, case when s.direct then clock_timestamp() end
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::text[], $7::jsonb[], $8::int[],
        $9::boolean[], $10::timestamptz[], $11::text[], $12::bytea[])
    as s (task_id, tenant_id, kind, priority, boost_s, lead_id, payload, max_attempts, direct, deadline_at,
        idempotency_key, request_digest)
order by s.tenant_id, s.idempotency_key
on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing
returning task_id;
