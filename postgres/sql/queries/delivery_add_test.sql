-- Queue a message of type $3 to endpoint $2 of tenant $1.
insert into webhook_deliveries (tenant_id, webhook_id, type)
select tenant_id, webhook_id, $3 from webhooks where tenant_id = $1 and webhook_id = $2
returning delivery_id, webhook_id, type, task_id, kind, task_state, task_attempt, error_code, occurred_at, state, attempt,
    due_at, status, error, finished_at;
