-- Per tenant $1 up to $4 events after (xid $2, number $3), in order, below the oldest transaction that may still write
-- one: a later commit can therefore not land before what is returned.
select e.number, e.xid::text as xid, e.tenant_id, e.task_id, e.kind, e.type, e.state, e.attempt, e.error_code, e.at,
    s.stream
from event_stream s
cross join unnest($1::text[], $2::text[], $3::bigint[]) as w (tenant_id, xid, number)
cross join lateral (
    select * from task_events e
    where e.tenant_id = w.tenant_id and (e.xid, e.number) > (w.xid::xid8, w.number)
        and e.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by e.xid, e.number
    limit $4
) e
order by e.xid, e.number;
