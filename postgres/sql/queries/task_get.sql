-- Task $2 of tenant $1.
select task_id, tenant_id, kind, state, priority, lead_id, attempt, max_attempts, crashes, direct, enqueued_at,
    not_before, started_at, finished_at, deadline_at, error, result::text as result
from tasks where tenant_id = $1 and task_id = $2;
