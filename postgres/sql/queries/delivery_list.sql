-- Deliveries of endpoint $2 of tenant $1, newest first, up to $9, below id $8; $3 state, $4 type, $5 since, $6 until,
-- $7 one id, or null.
select delivery_id, webhook_id, type, task_id, kind, task_state, task_attempt, error_code, occurred_at, state, attempt,
    due_at, status, error, finished_at
from webhook_deliveries
where tenant_id = $1 and webhook_id = $2 and ($3::text is null or state = $3) and ($4::text is null or type = $4)
    and ($5::timestamptz is null or occurred_at >= $5) and ($6::timestamptz is null or occurred_at < $6)
    and ($7::uuid is null or delivery_id = $7) and ($8::uuid is null or delivery_id < $8)
order by delivery_id desc limit $9;
