-- Up to $9 dead letters of tenant $1, newest first, below task $8: state $2, kind $3, code $4, lead $5, ended from
-- $6 to before $7 where given. The list of states is that of the partial index tasks_failures, letter by letter.
select task_id, tenant_id, kind, state, priority, lead_id, attempt, max_attempts, crashes, direct, enqueued_at,
    not_before, started_at, finished_at, deadline_at, error, result::text as result
from tasks
where tenant_id = $1
    and state in ('failed', 'expired', 'dead', 'abandoned')
    and state <> 'abandoned'
    and ($2::text is null or state = $2)
    and ($3::text is null or kind = $3)
    and ($4::text is null or split_part(error, ':', 1) = $4)
    and ($5::text is null or lead_id = $5)
    and ($6::timestamptz is null or finished_at >= $6)
    and ($7::timestamptz is null or finished_at < $7)
    and ($8::uuid is null or task_id < $8)
order by task_id desc
limit $9;
