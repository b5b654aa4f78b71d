-- Which of the tasks $1 are finished or gone.
select w.task_id
from unnest($1::uuid[]) as w (task_id) left join tasks t on t.task_id = w.task_id
where t.task_id is null or t.finished_at is not null;
