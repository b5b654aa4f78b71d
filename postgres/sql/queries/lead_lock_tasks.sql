-- Lock the tasks of lead $2 of tenant $1, in order.
select task_id, finished_at is null as is_open from tasks
where tenant_id = $1 and lead_id = $2 order by task_id for update;
