-- Forget workers that lost their lease a minute ago and hold nothing.
delete from workers w
where w.lease_until < clock_timestamp() - interval '1 minute'
    and not exists (select from tasks t where t.claimed_by = w.worker_id and t.state = 'running');
