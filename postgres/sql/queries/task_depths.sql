-- Per kind of $1, how many wait in the queue, wait for their back-off, and run; each count stops at $2.
select k.kind,
    (select count(*) from (select 1 from tasks t where t.kind = k.kind and t.state = 'queued' limit $2) c) as queued,
    (select count(*) from (select 1 from tasks t where t.kind = k.kind and t.state = 'waiting' limit $2) c) as waiting,
    (select count(*) from (select 1 from tasks t where t.kind = k.kind and t.state = 'running' limit $2) c) as running
from unnest($1::text[]) as k (kind);
