-- Per kind of $1, how many wait in the queue, wait for their back-off, and run; each count stops at $2.
-- The orders are those of the partial indexes: without them a limit tempts the planner to read the whole table.
select k.kind,
    (select count(*) from (
        select 1 from tasks t where t.kind = k.kind and t.state = 'queued'
        order by t.tenant_id, t.order_key, t.task_id limit $2) c) as queued,
    (select count(*) from (
        select 1 from tasks t where t.kind = k.kind and t.state = 'waiting'
        order by t.not_before limit $2) c) as waiting,
    (select count(*) from (
        select 1 from tasks t where t.kind = k.kind and t.state = 'running'
        order by t.claimed_by limit $2) c) as running
from unnest($1::text[]) as k (kind);
