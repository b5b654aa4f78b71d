-- Queue up to $1 tasks whose back-off is over.
with due as (
    select task_id from tasks
    where state = 'waiting' and not_before <= clock_timestamp()
    order by not_before limit $1
    for update skip locked
)
update tasks t set state = 'queued', not_before = null
from due where t.task_id = due.task_id
returning t.task_id, t.kind, t.state;
