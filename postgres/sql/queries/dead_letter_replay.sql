-- Queue the tasks $2 of tenant $1 again that are dead, failed or expired: $3 more attempts, deadline $4 or none.
-- It stands in the queue as if it came now, less its priority's head start: $5 priorities, $6 seconds. The key before
-- tells nothing, it may be an earlier replay's. Nobody waits on the line any more. The attempt's number grows at
-- once, so that a late end of an attempt before this one is refused although the task is open again.
update tasks
set state = 'queued', finished_at = null, not_before = null, claimed_by = null, error = null, result = null,
    attempt = attempt + 1, max_attempts = attempt + 1 + $3, crashes = 0, worker_losses = 0, replays = replays + 1, direct = false,
    deadline_at = $4, order_key = clock_timestamp() - interval '1 second' * (
        select b.boost_s from unnest($5::text[], $6::float8[]) as b (priority, boost_s)
        where b.priority = tasks.priority)
where tenant_id = $1 and task_id = any($2::uuid[]) and state in ('dead', 'failed', 'expired')
returning task_id, tenant_id, kind, state, priority, lead_id, attempt, max_attempts, crashes, direct, enqueued_at,
    not_before, started_at, finished_at, deadline_at, error, result::text as result;
