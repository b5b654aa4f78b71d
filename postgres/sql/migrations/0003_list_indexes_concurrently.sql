-- Lists of leads by one of their filters, and of cancelled tasks, without walking the tenant's other rows.
-- The tables may be large and are written all the time: each index is built beside the writers. Whatever a broken
-- run left behind goes first, so that the file can be run again.
drop index concurrently if exists leads_by_status;
create index concurrently leads_by_status on leads (tenant_id, status, received_at desc, lead_id desc);

drop index concurrently if exists leads_by_grade;
create index concurrently leads_by_grade on leads (tenant_id, grade, received_at desc, lead_id desc)
    where grade is not null;

drop index concurrently if exists leads_by_qualification;
create index concurrently leads_by_qualification on leads (tenant_id, qualification, received_at desc, lead_id desc)
    where qualification is not null;

drop index concurrently if exists tasks_cancelled;
create index concurrently tasks_cancelled on tasks (tenant_id, task_id desc) where state = 'cancelled';
