-- Per kind of $1, how many tasks of tenant $3 wait in the queue, up to $2; by priority those among the first $2 in
-- line. oldest_s: age of the one that is next. What runs and what waits for its back-off has no index by tenant.
select k.kind,
    coalesce(sum(c.tasks), 0)::bigint as queued,
    coalesce(jsonb_object_agg(c.priority, c.tasks) filter (where c.priority is not null), '{}')::text as by_priority,
    (select extract(epoch from clock_timestamp() - t.enqueued_at)::float8 from tasks t
        where t.kind = k.kind and t.tenant_id = $3 and t.state = 'queued'
        order by t.order_key, t.task_id limit 1) as oldest_s
from unnest($1::text[]) as k (kind)
left join lateral (
    select f.priority, count(*) as tasks from (
        select t.priority from tasks t where t.kind = k.kind and t.tenant_id = $3 and t.state = 'queued'
        order by t.order_key, t.task_id limit $2) f
    group by f.priority) c on true
group by k.kind;
