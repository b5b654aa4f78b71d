-- Delete up to $2 tasks that finished more than $1 seconds ago.
with old as (
    select task_id from tasks
    where finished_at < clock_timestamp() - $1 * interval '1 second'
    order by finished_at limit $2
    for update skip locked
)
delete from tasks t using old where t.task_id = old.task_id;
