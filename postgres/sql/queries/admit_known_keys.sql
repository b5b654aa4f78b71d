-- Which idempotency keys ($2 of tenants $1) are known, with their task and request; $3 the requests of now.
-- A direct task that ended without anybody having done it (its orchestrator died, its caller had gone, its time was
-- over) gives its key back to the same request: the retry that the key is for must not meet the same end for ever.
with asked as (
    select * from unnest($1::text[], $2::text[], $3::bytea[]) as k (tenant_id, idempotency_key, request_digest)
),
freed as (
    update tasks t
    set idempotency_key = null
    from asked a
    where t.tenant_id = a.tenant_id and t.idempotency_key = a.idempotency_key and t.request_digest = a.request_digest
        and t.direct and t.state in ('abandoned', 'cancelled', 'expired')
    returning t.task_id
)
select t.tenant_id, t.idempotency_key, t.task_id, t.request_digest, t.lead_id
from asked k join tasks t on t.tenant_id = k.tenant_id and t.idempotency_key = k.idempotency_key
where t.task_id not in (select f.task_id from freed f);
