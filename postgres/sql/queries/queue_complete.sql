-- Finish attempts. $1 task ids, $2 attempts, $3 states, $4 results (JSON text or null), $5 errors.
-- Guarded by id, attempt and not being finished, not by state: a worker that lost its task to another changes
-- nothing here, and the planner is not drawn to the index of running tasks.
-- A lead shows its newest version's analysis, and of one version the one begun last, stored together or not.
-- Leads are locked before tasks, in order, as everywhere. A draft is for the lead of its task, whatever it names.
with ended as materialized (
    select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[])
        as e (task_id, attempt, state, result, error)
),
locked as materialized (
    select l.tenant_id, l.lead_id, l.grade as old_grade, l.qualification as old_qualification
    from leads l
    where (l.tenant_id, l.lead_id) in (
        select t.tenant_id, t.lead_id from ended e join tasks t on t.task_id = e.task_id
        where t.lead_id is not null)
    order by l.tenant_id, l.lead_id
    for no key update of l
),
done as (
    update tasks t
    set state = e.state, result = e.result::jsonb, error = e.error, claimed_by = null, not_before = null,
        finished_at = clock_timestamp()
    from ended e
    where t.task_id = e.task_id and t.attempt = e.attempt and t.finished_at is null
        and (select count(*) from locked) >= 0
    returning t.task_id, t.tenant_id, t.kind, t.lead_id, t.state, t.result, t.started_at
),
analysed as (
    insert into analyses (analysis_id, tenant_id, lead_id, lead_version, analysed_at, document)
    select d.task_id, d.tenant_id, d.lead_id, (d.result ->> 'lead_version')::int,
        (d.result ->> 'analysed_at')::timestamptz, d.result
    from done d
    where d.kind = 'lead_analysis' and d.state = 'succeeded' and d.lead_id is not null
),
drafted as (
    insert into follow_ups (follow_up_id, tenant_id, lead_id, drafted_at, document)
    select d.task_id, d.tenant_id, d.lead_id, (d.result ->> 'drafted_at')::timestamptz,
        d.result || jsonb_build_object('lead_id', d.lead_id)
    from done d
    where d.kind = 'follow_up' and d.state = 'succeeded' and d.lead_id is not null
),
newest as (
    select distinct on (d.tenant_id, d.lead_id) d.*
    from done d
    where d.kind = 'lead_analysis' and d.state = 'succeeded' and d.lead_id is not null
    order by d.tenant_id, d.lead_id, (d.result ->> 'lead_version')::int desc, d.started_at desc
),
current as (
    update leads l
    set analysis_id = n.task_id, analysed_from = n.started_at, analysed_version = (n.result ->> 'lead_version')::int,
        score = (n.result ->> 'score')::smallint, grade = n.result ->> 'grade',
        qualification = n.result ->> 'qualification',
        call_priority = (n.result ->> 'call_priority')::double precision
    from newest n join locked k on k.tenant_id = n.tenant_id and k.lead_id = n.lead_id
    where l.tenant_id = n.tenant_id and l.lead_id = n.lead_id
        and (l.analysed_version, l.analysed_from) <= ((n.result ->> 'lead_version')::int, n.started_at)
    returning l.tenant_id, l.lead_id, l.grade, l.qualification, k.old_grade, k.old_qualification
),
followers as (
    insert into tasks (task_id, tenant_id, kind, state, priority, order_key, lead_id, max_attempts)
    select uuidv7(), c.tenant_id, 'lead_analysis', 'queued', 'normal', clock_timestamp(), f.lead_id, 5
    from current c join leads f on f.tenant_id = c.tenant_id and f.duplicate_of = c.lead_id
    where (c.grade, c.qualification) is distinct from (c.old_grade, c.old_qualification)
    returning task_id
)
select d.task_id, (select count(*) from followers) as followers from done d;
