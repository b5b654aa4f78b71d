-- Delete up to $3 of the oldest events where they are older than $1 seconds or beyond the newest $2; remember the
-- end of what is gone, so that a reader who stopped before it is told.
with oldest as (
    select number from task_events order by number limit $3 for update skip locked
),
gone as (
    delete from task_events e using oldest
    where e.number = oldest.number
        and (e.at < clock_timestamp() - $1 * interval '1 second'
             or e.number <= (select max(number) from task_events) - $2)
    returning e.number, e.xid
),
noted as (
    update event_stream s
    set deleted_xid = greatest(s.deleted_xid, g.xid), deleted_number = greatest(s.deleted_number, g.number)
    from (select max(xid) as xid, max(number) as number from gone) g
    where g.number is not null
)
select count(*) as deleted from gone;
