-- Per kind of $1, how many wait in the queue, wait for their back-off, and run; each count stops at $2. By priority:
-- urgent and high ones up to the same, of the others those among the first $2 in line. oldest_s: age of the oldest
-- task that is the next of its tenant, over 100 tenants.
-- The orders are those of the partial indexes: without them a limit tempts the planner to read the whole table.
select k.kind,
    (select count(*) from (
        select 1 from tasks t where t.kind = k.kind and t.state = 'queued'
        order by t.tenant_id, t.order_key, t.task_id limit $2) c) as queued,
    (select coalesce(jsonb_object_agg(p.priority, p.tasks), '{}') from (
        select c.priority, count(*) as tasks from (
            (select t.priority from tasks t
                where t.kind = k.kind and t.state = 'queued' and t.priority in ('urgent', 'high')
                order by t.tenant_id, t.order_key, t.task_id limit $2)
            union all
            (select f.priority from (
                select t.priority from tasks t where t.kind = k.kind and t.state = 'queued'
                order by t.tenant_id, t.order_key, t.task_id limit $2) f
                where f.priority not in ('urgent', 'high'))) c
        group by c.priority) p)::text as by_priority,
    (select extract(epoch from clock_timestamp() - min(f.enqueued_at))::float8 from (
        with recursive next as (
            (select t.tenant_id, t.enqueued_at, 1 as place from tasks t
                where t.kind = k.kind and t.state = 'queued'
                order by t.tenant_id, t.order_key, t.task_id limit 1)
            union all
            (select n.tenant_id, n.enqueued_at, next.place + 1 from next cross join lateral (
                select t.tenant_id, t.enqueued_at from tasks t
                where t.kind = k.kind and t.state = 'queued' and t.tenant_id > next.tenant_id
                order by t.tenant_id, t.order_key, t.task_id limit 1) n
                where next.place < 100)
        )
        select enqueued_at from next) f) as oldest_s,
    (select count(*) from (
        select 1 from tasks t where t.kind = k.kind and t.state = 'waiting'
        order by t.not_before limit $2) c) as waiting,
    (select count(*) from (
        select 1 from tasks t where t.kind = k.kind and t.state = 'running'
        order by t.claimed_by limit $2) c) as running
from unnest($1::text[]) as k (kind);
