-- Per kind of $1: how many tasks wait in line or for their back-off, the $3 tenants that hold most of them, and how
-- many durable tasks finished from $4 (null: none counted, at most 10 s back) to a second ago: by then every end has
-- been committed. Each count stops, that of what waits at $2 for either state, that of the ends at 50,000.
-- The orders are those of the partial indexes: without them a limit tempts the planner to read the whole table.
with span as (
    select statement_timestamp() - interval '1 second' as until,
        greatest($4::timestamptz, statement_timestamp() - interval '11 seconds') as since
),
ended as (
    select f.kind, count(*) as tasks
    from (
        select t.kind, t.direct from tasks t
        where $4::timestamptz is not null and t.finished_at is not null
            and t.finished_at > greatest($4::timestamptz, statement_timestamp() - interval '11 seconds')
            and t.finished_at <= statement_timestamp() - interval '1 second'
        order by t.finished_at limit 50000) f
    where not f.direct
    group by f.kind
)
select k.kind, coalesce(w.tasks, 0) as waiting, coalesce(w.tenants, '{}') as tenants,
    coalesce(w.counts, '{}') as counts, coalesce(e.tasks, 0) as finished, span.until,
    case when $4::timestamptz is null then 0
        else greatest(0, extract(epoch from span.until - span.since))::float8 end as finished_in_s
from unnest($1::text[]) as k (kind)
cross join span
left join ended e on e.kind = k.kind
cross join lateral (
    select sum(o.tasks)::bigint as tasks,
        array_agg(o.tenant_id order by o.place) filter (where o.place <= $3) as tenants,
        array_agg(o.tasks order by o.place) filter (where o.place <= $3) as counts
    from (
        select c.tenant_id, count(*) as tasks, row_number() over (order by count(*) desc, c.tenant_id) as place
        from (
            (select t.tenant_id from tasks t where t.kind = k.kind and t.state = 'queued'
                order by t.tenant_id, t.order_key, t.task_id limit $2)
            union all
            (select t.tenant_id from tasks t where t.kind = k.kind and t.state = 'waiting'
                order by t.not_before limit $2)) c
        group by c.tenant_id) o
) w;
