-- Whether task $2 of tenant $1 has ended and whether an event of the types $3 tells of it.
select (select max(e.number) from task_events e where e.task_id = $2 and e.tenant_id = $1 and e.type = any($3)) as told,
    exists (select from task_events e where e.task_id = $2 and e.tenant_id = $1) as noted,
    (select t.finished_at is not null from tasks t where t.task_id = $2 and t.tenant_id = $1) as finished;
