-- Queue the tasks $2 of tenant $1 again that are dead, failed or expired: $3 more attempts, deadline $4 or none.
-- It stands in the queue as if it came now, and nobody waits on the line any more. The attempt's number grows at
-- once, so that a late end of an attempt before this one is refused although the task is open again.
update tasks
set state = 'queued', finished_at = null, not_before = null, claimed_by = null, error = null, result = null,
    attempt = attempt + 1, max_attempts = attempt + 1 + $3, crashes = 0, worker_losses = 0, replays = replays + 1, direct = false,
    deadline_at = $4, order_key = clock_timestamp() + (order_key - enqueued_at)
where tenant_id = $1 and task_id = any($2::uuid[]) and state in ('dead', 'failed', 'expired')
returning task_id, tenant_id, kind, state, priority, lead_id, attempt, max_attempts, crashes, direct, enqueued_at,
    not_before, started_at, finished_at, deadline_at, error, result::text as result;
