-- Those of the tasks $2 that tenant $1 has, in the order given.
select t.task_id, t.tenant_id, t.kind, t.state, t.priority, t.lead_id, t.attempt, t.max_attempts, t.crashes, t.direct,
    t.enqueued_at, t.not_before, t.started_at, t.finished_at, t.deadline_at, t.error, t.result::text as result
from unnest($2::uuid[]) with ordinality as w (task_id, place)
join tasks t on t.tenant_id = $1 and t.task_id = w.task_id
order by w.place;
