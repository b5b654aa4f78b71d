-- Give claimed tasks back. $1 task ids, $2 attempts, $3 waits in seconds, $4 errors, $5 crashed, $6 attempt counts.
-- An attempt that does not count gives one more, so that the fence's number only ever grows.
with locked as materialized (
    select task_id from tasks where task_id = any($1::uuid[]) order by task_id for update
)
update tasks t
set state = case
        when t.direct then 'abandoned'
        when r.counts and t.attempt >= t.max_attempts then 'dead'
        when r.wait_s > 0 then 'waiting'
        else 'queued' end,
    finished_at = case when t.direct or (r.counts and t.attempt >= t.max_attempts) then clock_timestamp() end,
    not_before = case when r.wait_s > 0 and not t.direct and not (r.counts and t.attempt >= t.max_attempts)
        then clock_timestamp() + r.wait_s * interval '1 second' end,
    max_attempts = t.max_attempts + (not r.counts)::int,
    crashes = t.crashes + r.crashed::int,
    claimed_by = null,
    error = r.error
from unnest($1::uuid[], $2::int[], $3::float8[], $4::text[], $5::boolean[], $6::boolean[])
    as r (task_id, attempt, wait_s, error, crashed, counts)
join locked on locked.task_id = r.task_id
where t.task_id = r.task_id and t.attempt = r.attempt and t.finished_at is null and t.state = 'running'
returning t.task_id, t.kind, t.state;
