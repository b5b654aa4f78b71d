-- Move on up to $1 running tasks whose worker has no lease any more. The death of an orchestrator says little about
-- its tasks: it costs no attempt (one more is given, so that the fence's number only grows) and is no crash of
-- an agent. Only a task that was there each of $2 times ends, so that none goes round for ever.
with lost as (
    select t.task_id, t.worker_losses + 1 >= $2 as is_last
    from tasks t left join workers w on w.worker_id = t.claimed_by
    where t.state = 'running' and (w.worker_id is null or w.lease_until <= clock_timestamp())
    order by t.task_id
    limit $1
    for update of t skip locked
)
update tasks t
set state = case when t.direct then 'abandoned' when lost.is_last then 'dead' else 'queued' end,
    finished_at = case when t.direct or lost.is_last then clock_timestamp() end,
    worker_losses = t.worker_losses + 1,
    max_attempts = t.max_attempts + 1,
    claimed_by = null,
    error = 'worker_lost: the orchestrator that held the task died'
from lost
where t.task_id = lost.task_id
returning t.task_id, t.kind, t.state;
