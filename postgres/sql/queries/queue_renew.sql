-- Make or renew the lease of worker $1 for $2 seconds; returns nothing where it had run out.
insert into workers as w (worker_id, lease_until)
values ($1, clock_timestamp() + $2 * interval '1 second')
on conflict (worker_id) do update
set lease_until = excluded.lease_until
where w.lease_until > clock_timestamp()
returning worker_id, lease_until;
