-- Delete up to $2 deliveries that ended, or were made, more than $1 seconds ago; those without an endpoint at once.
with old as (
    select delivery_id from webhook_deliveries
    where finished_at < clock_timestamp() - $1 * interval '1 second'
    order by finished_at limit $2
    for update skip locked
),
stale as (
    select d.delivery_id from webhook_deliveries d
    where d.state = 'pending' and not exists (
        select from webhooks w where w.webhook_id = d.webhook_id and w.enabled)
        and (d.occurred_at < clock_timestamp() - $1 * interval '1 second'
             or not exists (select from webhooks w where w.webhook_id = d.webhook_id))
    limit $2
    for update skip locked
)
delete from webhook_deliveries d
where d.delivery_id in (select delivery_id from old union all select delivery_id from stale)
returning d.delivery_id;
