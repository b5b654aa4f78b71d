-- Queue task $2 of tenant $1 again where it is dead, failed or expired: $3 more attempts, deadline $4 or none.
-- It stands in the queue as if it came now; its attempt's number goes on growing; nobody waits on the line any more.
update tasks
set state = 'queued', finished_at = null, not_before = null, claimed_by = null, error = null, result = null,
    max_attempts = attempt + $3, crashes = 0, worker_losses = 0, replays = replays + 1, direct = false,
    deadline_at = $4, order_key = clock_timestamp() + (order_key - enqueued_at)
where tenant_id = $1 and task_id = $2 and state in ('dead', 'failed', 'expired')
returning task_id, tenant_id, kind, state, priority, lead_id, attempt, max_attempts, crashes, direct, enqueued_at,
    not_before, started_at, finished_at, deadline_at, error, result::text as result;
