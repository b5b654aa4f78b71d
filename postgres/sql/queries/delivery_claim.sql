-- Take up to $1 due deliveries for $5 seconds, at most $2 of an endpoint less what the caller is sending ($3 endpoints,
-- $4 counts), one alone where the endpoint fails. In rounds over the endpoints, so that none waits for another's many.
with due as (
    select d.delivery_id, row_number() over (partition by w.webhook_id order by d.due_at) as round, d.due_at
    from webhooks w
    left join unnest($3::uuid[], $4::int[]) as b (webhook_id, sending) on b.webhook_id = w.webhook_id
    cross join lateral (
        select d.delivery_id, d.due_at
        from webhook_deliveries d
        where d.webhook_id = w.webhook_id and d.state = 'pending' and d.due_at <= clock_timestamp()
        order by d.due_at
        limit greatest(0, case when w.failing_since is null then $2 else 1 end - coalesce(b.sending, 0))
        for update skip locked
    ) d
    where w.enabled
),
taken as (
    select delivery_id from due order by round, due_at limit $1
)
update webhook_deliveries d
set attempt = d.attempt + 1, claimed = true, due_at = clock_timestamp() + $5 * interval '1 second'
from taken, webhooks w
where d.delivery_id = taken.delivery_id and w.webhook_id = d.webhook_id
returning d.tenant_id, d.delivery_id, d.webhook_id, d.type, d.task_id, d.kind, d.task_state, d.task_attempt,
    d.error_code, d.occurred_at, d.state, d.attempt, d.due_at, d.status, d.error, d.finished_at,
    d.attempt - d.first_attempt as tries, w.url, w.secret, w.failing_since,
    case when w.previous_until > clock_timestamp() then w.previous_secret end as previous_secret;
