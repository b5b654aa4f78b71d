-- The ended attempts of task $2 of tenant $1, in order; one that succeeded stands in the task's own row.
select a.attempt, a.worker_id, a.started_at, a.ended_at, a.state, a.error, a.crashed
from tasks t join task_attempts a on a.task_id = t.task_id
where t.tenant_id = $1 and t.task_id = $2
union all
select t.attempt, null, t.started_at, t.finished_at, t.state, null, false
from tasks t
where t.tenant_id = $1 and t.task_id = $2 and t.state = 'succeeded'
order by attempt;
