-- End up to $1 tasks that wait although their deadline has passed. Running ones are their worker's.
with late as (
    select task_id from tasks
    where finished_at is null and deadline_at <= clock_timestamp() and state in ('queued', 'waiting')
    order by deadline_at limit $1
    for update skip locked
)
update tasks t
set state = 'expired', finished_at = clock_timestamp(), not_before = null,
    error = 'deadline_exceeded: the deadline passed before the task ran'
from late where t.task_id = late.task_id
returning t.task_id, t.kind, t.state;
