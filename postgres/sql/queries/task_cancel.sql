-- Cancel task $2 of tenant $1 where it is open.
update tasks
set state = 'cancelled', finished_at = clock_timestamp(), not_before = null, claimed_by = null,
    error = 'cancelled: the caller cancelled the task'
where tenant_id = $1 and task_id = $2 and finished_at is null
returning task_id, tenant_id, kind, state, priority, lead_id, attempt, max_attempts, crashes, direct, enqueued_at,
    not_before, started_at, finished_at, deadline_at, error, result::text as result;
