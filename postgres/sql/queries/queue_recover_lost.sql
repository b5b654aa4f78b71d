-- Move on up to $1 running tasks whose worker has no lease any more: each counts as a crash.
with lost as (
    select t.task_id
    from tasks t left join workers w on w.worker_id = t.claimed_by
    where t.state = 'running' and (w.worker_id is null or w.lease_until <= clock_timestamp())
    order by t.task_id
    limit $1
    for update of t skip locked
)
update tasks t
set state = case when t.direct then 'abandoned' when t.attempt >= t.max_attempts then 'dead' else 'queued' end,
    finished_at = case when t.direct or t.attempt >= t.max_attempts then clock_timestamp() end,
    crashes = t.crashes + 1,
    claimed_by = null,
    error = 'worker_lost: the orchestrator that held the task died'
from lost
where t.task_id = lost.task_id
returning t.task_id, t.kind, t.state;
