-- Take up to $1 due deliveries for $5 seconds, at most $2 of an endpoint less what the caller is sending ($3 endpoints,
-- $4 counts), one alone where the endpoint fails. Places go to the tenant that has fewest in flight at the caller, and
-- within it to the endpoint that has fewest: slots become free one at a time, so that whoever came first with many would
-- have them all.
with endpoints as (
    select w.webhook_id, w.tenant_id, w.enabled, w.failing_since, coalesce(b.sending, 0) as sending,
        sum(coalesce(b.sending, 0)) over (partition by w.tenant_id) as tenant_sending
    from webhooks w
    left join unnest($3::uuid[], $4::int[]) as b (webhook_id, sending) on b.webhook_id = w.webhook_id
),
due as (
    select d.delivery_id, d.due_at, w.tenant_id, w.tenant_sending,
        w.sending + row_number() over (partition by w.webhook_id order by d.due_at) as round
    from endpoints w
    cross join lateral (
        select d.delivery_id, d.due_at
        from webhook_deliveries d
        where d.webhook_id = w.webhook_id and d.state = 'pending' and d.due_at <= clock_timestamp()
        order by d.due_at
        limit greatest(0, case when w.failing_since is null then $2 else 1 end - w.sending)
        for update skip locked
    ) d
    where w.enabled
),
taken as (
    select delivery_id
    from (
        select delivery_id, due_at,
            tenant_sending + row_number() over (partition by tenant_id order by round, due_at) as place
        from due
    ) d
    order by place, due_at limit $1
)
update webhook_deliveries d
set attempt = d.attempt + 1, claimed = true, due_at = clock_timestamp() + $5 * interval '1 second'
from taken, webhooks w
where d.delivery_id = taken.delivery_id and w.webhook_id = d.webhook_id
returning d.tenant_id, d.delivery_id, d.webhook_id, d.type, d.task_id, d.kind, d.task_state, d.task_attempt,
    d.error_code, d.occurred_at, d.state, d.attempt, d.due_at, d.status, d.error, d.finished_at,
    d.attempt - d.first_attempt as tries, w.url, w.secret, w.failing_since,
    case when w.previous_until > clock_timestamp() then w.previous_secret end as previous_secret;
