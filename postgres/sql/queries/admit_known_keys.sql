-- Which idempotency keys ($2 of tenants $1) are known, with their task and request.
select t.tenant_id, t.idempotency_key, t.task_id, t.request_digest, t.lead_id
from unnest($1::text[], $2::text[]) as k (tenant_id, idempotency_key)
join tasks t on t.tenant_id = k.tenant_id and t.idempotency_key = k.idempotency_key;
