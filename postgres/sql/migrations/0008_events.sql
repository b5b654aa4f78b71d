-- What happened to tasks, and what webhooks are told of it: written by triggers, so that no statement that moves
-- a task can forget it, the code before this one included.
-- The triggers take a lock that waits for every open statement on tasks; a limit keeps others from queueing behind.
set local lock_timeout = '3s';

-- One row: which history the positions belong to. Another server or timeline starts another.
create table event_stream (
    only_one boolean primary key default true check (only_one),
    stream integer not null,
    system_identifier bigint not null,
    timeline text not null,
    deleted_xid xid8 not null default '0',
    deleted_number bigint not null default 0
);
insert into event_stream (stream, system_identifier, timeline)
select 1, system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) from pg_control_system();

-- Nothing personal: a lead's id may be an address, so it is not here. (xid, number) orders a tenant's events for
-- readers who see only what is below the oldest transaction; number alone orders those of one task.
create table task_events (
    number bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    tenant_id text not null,
    task_id uuid not null,
    kind text not null,
    type text not null,
    state text not null,
    attempt integer not null,
    error_code text,
    at timestamptz not null default clock_timestamp()
);
create index task_events_of_tenant on task_events (tenant_id, xid, number);
create index task_events_of_task on task_events (task_id, number);

-- The secrets must be readable to sign with.
create table webhooks (
    webhook_id uuid primary key,
    tenant_id text not null,
    url text not null,
    types text[] not null,
    kinds text[] not null,
    description text not null,
    enabled boolean not null,
    secret text not null,
    previous_secret text,
    previous_until timestamptz,
    failing_since timestamptz,
    disabled_reason text,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);
create index webhooks_of_tenant on webhooks (tenant_id, webhook_id);

-- The outbox. attempt fences: whoever sends holds the number that its claim gave it. due_at of a claimed one is
-- the end of the claim.
create table webhook_deliveries (
    delivery_id uuid primary key default uuidv7(),
    tenant_id text not null,
    webhook_id uuid not null,
    type text not null,
    task_id uuid,
    kind text,
    task_state text,
    task_attempt integer,
    error_code text,
    occurred_at timestamptz not null default clock_timestamp(),
    state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
    attempt integer not null default 0,
    first_attempt integer not null default 0,
    due_at timestamptz not null default clock_timestamp(),
    claimed boolean not null default false,
    status integer,
    error text,
    finished_at timestamptz
);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where state = 'pending';
create index webhook_deliveries_of_webhook on webhook_deliveries (tenant_id, webhook_id, delivery_id desc);
create index webhook_deliveries_finished on webhook_deliveries (finished_at) where finished_at is not null;

-- Fixed search path and no parameters: the plans are made once for each connection.
create function note_new_tasks() returns trigger language plpgsql as $$
begin
    insert into task_events (tenant_id, task_id, kind, type, state, attempt)
    select n.tenant_id, n.task_id, n.kind, 'task.' || n.state, n.state, n.attempt from now_tasks n
    where not n.direct;
    if exists (select from webhooks where enabled) then
        insert into webhook_deliveries (tenant_id, webhook_id, type, task_id, kind, task_state, task_attempt)
        select n.tenant_id, w.webhook_id, 'task.' || n.state, n.task_id, n.kind, n.state, n.attempt
        from now_tasks n join webhooks w on w.tenant_id = n.tenant_id and w.enabled
            and 'task.' || n.state = any(w.types) and (w.kinds = '{}' or n.kind = any(w.kinds))
        where not n.direct;
    end if;
    return null;
end $$;

create function note_moved_tasks() returns trigger language plpgsql as $$
begin
    insert into task_events (tenant_id, task_id, kind, type, state, attempt, error_code)
    select n.tenant_id, n.task_id, n.kind, 'task.' || n.state, n.state, n.attempt,
        case when n.state not in ('running', 'succeeded') then substring(n.error from '^([a-z][a-z0-9_]{0,63}):') end
    from now_tasks n join old_tasks o on o.task_id = n.task_id
    where n.state <> o.state and (o.state <> 'waiting' or n.state <> 'queued');
    if exists (select from webhooks where enabled) then
        insert into webhook_deliveries (tenant_id, webhook_id, type, task_id, kind, task_state, task_attempt, error_code)
        select n.tenant_id, w.webhook_id, 'task.' || n.state, n.task_id, n.kind, n.state, n.attempt,
            case when n.state not in ('running', 'succeeded') then substring(n.error from '^([a-z][a-z0-9_]{0,63}):') end
        from now_tasks n join old_tasks o on o.task_id = n.task_id
        join webhooks w on w.tenant_id = n.tenant_id and w.enabled
            and 'task.' || n.state = any(w.types) and (w.kinds = '{}' or n.kind = any(w.kinds))
        where n.state <> o.state and (o.state <> 'waiting' or n.state <> 'queued');
    end if;
    return null;
end $$;

-- An open task goes only with its lead; its watchers must hear of an end.
create function note_deleted_tasks() returns trigger language plpgsql as $$
begin
    insert into task_events (tenant_id, task_id, kind, type, state, attempt)
    select o.tenant_id, o.task_id, o.kind, 'task.deleted', 'deleted', o.attempt from old_tasks o
    where o.finished_at is null;
    if exists (select from webhooks where enabled) then
        insert into webhook_deliveries (tenant_id, webhook_id, type, task_id, kind, task_state, task_attempt)
        select o.tenant_id, w.webhook_id, 'task.deleted', o.task_id, o.kind, 'deleted', o.attempt
        from old_tasks o join webhooks w on w.tenant_id = o.tenant_id and w.enabled
            and 'task.deleted' = any(w.types) and (w.kinds = '{}' or o.kind = any(w.kinds))
        where o.finished_at is null;
    end if;
    return null;
end $$;

create trigger note_new_tasks after insert on tasks
    referencing new table as now_tasks for each statement execute function note_new_tasks();
create trigger note_moved_tasks after update on tasks
    referencing old table as old_tasks new table as now_tasks for each statement execute function note_moved_tasks();
create trigger note_deleted_tasks after delete on tasks
    referencing old table as old_tasks for each statement execute function note_deleted_tasks();
