-- Renew the lease of worker $1 for $2 seconds, or make it where $3: the worker never had one. Returns nothing where
-- it had run out; its row may be forgotten by then, so that a renewal never inserts.
with renewed as (
    update workers w
    set lease_until = clock_timestamp() + $2 * interval '1 second'
    where w.lease_until > clock_timestamp() and w.worker_id = $1
    returning w.worker_id, w.lease_until
), made as (
    insert into workers (worker_id, lease_until)
    select $1, clock_timestamp() + $2 * interval '1 second' where $3
    on conflict (worker_id) do nothing
    returning worker_id, lease_until
)
select worker_id, lease_until from renewed
union all
select worker_id, lease_until from made;
