-- Store how attempts ended. $1 deliveries, $2 attempts, $3 delivered, $4 statuses, $5 errors, $6 waits in seconds (null:
-- no further attempt), $7 reasons to disable. The attempt fences: a sender that was paused past its claim changes
-- nothing here, what it says about the endpoint included.
with ends as materialized (
    select * from unnest($1::uuid[], $2::int[], $3::boolean[], $4::int[], $5::text[], $6::float8[], $7::text[])
        as e (delivery_id, attempt, delivered, status, error, retry_s, disable)
),
done as (
    update webhook_deliveries d
    set state = case when e.delivered then 'delivered' when e.retry_s is null then 'dead' else 'pending' end,
        finished_at = case when e.delivered or e.retry_s is null then clock_timestamp() end,
        due_at = clock_timestamp() + coalesce(e.retry_s, 0) * interval '1 second',
        claimed = false, status = e.status, error = e.error
    from ends e
    where d.delivery_id = e.delivery_id and d.attempt = e.attempt and d.state = 'pending' and d.claimed
    returning d.delivery_id, d.webhook_id, e.delivered, e.disable
),
endpoint as (
    select webhook_id, bool_or(delivered) as delivered, max(disable) as disable
    from done group by webhook_id
),
told as (
    update webhooks w
    set failing_since = case when e.delivered then null else coalesce(w.failing_since, clock_timestamp()) end,
        enabled = w.enabled and (e.delivered or e.disable is null),
        disabled_reason = case when e.delivered or e.disable is null then w.disabled_reason else e.disable end
    from endpoint e
    where w.webhook_id = e.webhook_id
        and (e.disable is not null or e.delivered = (w.failing_since is not null))
)
select delivery_id from done;
