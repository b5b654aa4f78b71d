-- Give up to $2 deliveries up that wait for more than $1 seconds at enabled endpoints; not those being sent right now.
-- A disabled endpoint may come back: what waits for it is deleted in the end, see delivery_delete_old.
with old as (
    select d.delivery_id from webhook_deliveries d
    where d.state = 'pending' and d.pending_since < clock_timestamp() - $1 * interval '1 second'
        and not (d.claimed and d.due_at > clock_timestamp())
        and exists (select from webhooks w where w.webhook_id = d.webhook_id and w.enabled)
    order by d.pending_since limit $2
    for update skip locked
)
update webhook_deliveries d
set state = 'dead', finished_at = clock_timestamp(), claimed = false,
    error = 'too old: ' || coalesce(d.error, 'never answered')
from old where d.delivery_id = old.delivery_id
returning d.delivery_id;
