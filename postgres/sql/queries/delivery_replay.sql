-- Make up to $8 finished deliveries of endpoint $2 of tenant $1 due again: state $3, type $4, since $5, until $6, one
-- id $7, each or null. The attempts go on counting, since they fence; the schedule starts anew.
with chosen as (
    select delivery_id from webhook_deliveries
    where tenant_id = $1 and webhook_id = $2 and state <> 'pending' and ($3::text is null or state = $3)
        and ($4::text is null or type = $4) and ($5::timestamptz is null or occurred_at >= $5)
        and ($6::timestamptz is null or occurred_at < $6) and ($7::uuid is null or delivery_id = $7)
    order by delivery_id limit $8
    for update skip locked
)
update webhook_deliveries d
set state = 'pending', finished_at = null, due_at = clock_timestamp(), pending_since = clock_timestamp(),
    first_attempt = d.attempt, claimed = false
from chosen where d.delivery_id = chosen.delivery_id
returning d.delivery_id;
