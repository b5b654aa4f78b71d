-- Per task $2 of tenant $1 up to $4 events after number $3, in order. The lock on the task's row lets one writer pass
-- at a time, so what is committed has no gap that could fill later.
select e.number, e.xid::text as xid, e.tenant_id, e.task_id, e.kind, e.type, e.state, e.attempt, e.error_code, e.at,
    s.stream
from event_stream s
cross join unnest($1::text[], $2::uuid[], $3::bigint[]) as w (tenant_id, task_id, number)
cross join lateral (
    select * from task_events e
    where e.task_id = w.task_id and e.tenant_id = w.tenant_id and e.number > w.number
    order by e.number
    limit $4
) e
order by e.number;
