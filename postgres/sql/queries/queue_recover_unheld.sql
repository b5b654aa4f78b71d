-- Queue up to $1 tasks that worker $2 has in its name but does not hold ($3: what it holds): the reply to
-- its claim or admission was lost. Younger claims than 15 s may still be on their way: a statement and
-- its reply take 10 s at most.
with unheld as (
    select task_id from tasks
    where claimed_by = $2 and state = 'running' and started_at < clock_timestamp() - interval '15 seconds'
        and task_id <> all($3::uuid[])
    order by task_id limit $1
    for update skip locked
)
update tasks t
set state = case when t.direct then 'abandoned' else 'queued' end,
    finished_at = case when t.direct then clock_timestamp() end,
    max_attempts = t.max_attempts + 1,
    claimed_by = null,
    error = 'claim_lost: the reply to the claim was lost'
from unheld
where t.task_id = unheld.task_id
returning t.task_id, t.kind, t.state;
