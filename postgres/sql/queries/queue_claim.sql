-- Take up to $3 queued tasks of kind $1 for worker $2, round robin over tenants after tenant $4, from each as many
-- a lap as its weight says.
-- The recursive part walks the distinct tenants of the index tasks_claim, one probe each.
with recursive lease as materialized (
    select worker_id from workers where worker_id = $2 and lease_until > clock_timestamp()
),
walk as (
    (
        select t.tenant_id, 1 as place
        from tasks t, lease
        where t.kind = $1 and t.state = 'queued' and t.tenant_id > $4
        order by t.tenant_id limit 1
    )
    union all
    (
        select next.tenant_id, walk.place + 1
        from walk
        cross join lateral (
            select t.tenant_id
            from tasks t
            where t.kind = $1 and t.state = 'queued' and t.tenant_id > walk.tenant_id
            order by t.tenant_id limit 1
        ) next
        where walk.place < $3
    )
),
front as (
    select tenant_id, 0 as lap, place from walk
    union all
    select wrapped.tenant_id, 1, wrapped.place
    from (
        with recursive head as (
            (
                select t.tenant_id, 1 as place
                from tasks t, lease
                where t.kind = $1 and t.state = 'queued' and t.tenant_id <= $4
                order by t.tenant_id limit 1
            )
            union all
            (
                select next.tenant_id, head.place + 1
                from head
                cross join lateral (
                    select t.tenant_id
                    from tasks t
                    where t.kind = $1 and t.state = 'queued'
                        and t.tenant_id > head.tenant_id and t.tenant_id <= $4
                    order by t.tenant_id limit 1
                ) next
                where head.place < $3
            )
        )
        select tenant_id, place from head
    ) wrapped
),
seated as (
    select f.tenant_id, row_number() over (order by f.lap, f.place) as seat, coalesce(w.weight, 1) as weight
    from (select tenant_id, lap, place from front order by lap, place limit $3) f
    left join tenants w on w.tenant_id = f.tenant_id
),
dealt as (
    select tenant_id, seat, weight, sum(weight) over () as weights from seated
),
taken as (
    select picked.task_id, dealt.seat, (picked.round - 1) / dealt.weight as lap, picked.round
    from dealt
    cross join lateral (
        select candidate.task_id, row_number() over (order by candidate.order_key, candidate.task_id) as round
        from (
            select t.task_id, t.order_key
            from tasks t
            where t.kind = $1 and t.state = 'queued' and t.tenant_id = dealt.tenant_id
            order by t.order_key, t.task_id
            limit greatest(dealt.weight, ($3 * dealt.weight + dealt.weights - 1) / dealt.weights)
            for update skip locked
        ) candidate
    ) picked
    order by lap, dealt.seat, picked.round
    limit $3
)
update tasks t
set state = 'running', attempt = t.attempt + 1, claimed_by = $2, started_at = clock_timestamp(), error = null
from taken
where t.task_id = taken.task_id and t.state = 'queued'
returning t.task_id, t.tenant_id, t.kind, t.attempt, t.max_attempts, t.crashes, t.priority, t.deadline_at,
    t.lead_id, taken.seat,
    case when t.lead_id is null then t.payload::text when t.payload is not null then (
        select jsonb_build_object(
            'request', t.payload, 'lead', l.document, 'lead_version', l.version,
            'analysis', (select a.document from analyses a where a.analysis_id = l.analysis_id))::text
        from leads l where l.tenant_id = t.tenant_id and l.lead_id = t.lead_id) else (
        select jsonb_build_object(
            'lead', l.document, 'lead_version', l.version, 'overrides', l.overrides,
            'first', case when l.duplicate_of is null then null else (
                select jsonb_build_object('lead_id', f.lead_id, 'grade', f.grade, 'qualification', f.qualification)
                from leads f where f.tenant_id = l.tenant_id and f.lead_id = l.duplicate_of) end)::text
        from leads l where l.tenant_id = t.tenant_id and l.lead_id = t.lead_id) end as payload;
