-- The tasks that are claimed although every slot is taken: found without walking a long queue of others.
-- Built beside the writers; whatever a broken run left behind goes first.
drop index concurrently if exists tasks_express;
create index concurrently tasks_express on tasks (kind, tenant_id, order_key, task_id)
    where state = 'queued' and priority in ('urgent', 'high');
