-- Up to $6 tasks of tenant $1, newest first, below task $5; state $2, kind $3, lead $4 where given.
select task_id, tenant_id, kind, state, priority, lead_id, attempt, max_attempts, crashes, direct, enqueued_at,
    not_before, started_at, finished_at, deadline_at, error, result::text as result
from tasks
where tenant_id = $1
    and ($2::text is null or state = $2)
    and ($3::text is null or kind = $3)
    and ($4::text is null or lead_id = $4)
    and ($5::uuid is null or task_id < $5)
order by task_id desc
limit $6;
