-- The suite's own eyes in the database: every move of a task, and every lease taken up again after its end.
-- Held against the time at which the statement came: a statement that looked at the lease and was then frozen
-- has done its duty.
create table watch_moves (
    number bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    task_id uuid not null,
    attempt integer not null,
    before text,
    after text not null,
    direct boolean not null,
    leased boolean not null,
    worker_id uuid,
    error text
);

create function watch_move() returns trigger language plpgsql as $$
begin
    insert into watch_moves (task_id, attempt, before, after, direct, leased, worker_id, error)
    values (
        new.task_id, new.attempt, case when tg_op = 'UPDATE' then old.state end, new.state, new.direct,
        exists (select from workers w where w.worker_id = new.claimed_by and w.lease_until > statement_timestamp()),
        new.claimed_by, new.error);
    return null;
end $$;

create trigger watch_moves after insert or update of state, attempt, result on tasks
for each row execute function watch_move();

create table watch_leases (worker_id uuid not null, at timestamptz not null default clock_timestamp());

create function watch_lease() returns trigger language plpgsql as $$
begin
    insert into watch_leases (worker_id) values (new.worker_id);
    return null;
end $$;

create trigger watch_leases after update on workers
for each row when (old.lease_until <= statement_timestamp())
execute function watch_lease();

-- When each worker last renewed its lease: whoever does so is alive.
create table watch_renewals (worker_id uuid primary key, at timestamptz not null);

create function watch_renewal() returns trigger language plpgsql as $$
begin
    insert into watch_renewals values (new.worker_id, clock_timestamp())
    on conflict (worker_id) do update set at = excluded.at;
    return null;
end $$;

create trigger watch_renewals after update on workers
for each row execute function watch_renewal();

-- A webhook for each tenant of the load. The world puts the receiver's address for "receiver:".
insert into webhooks (webhook_id, tenant_id, url, types, kinds, description, enabled, secret)
select gen_random_uuid(), tenant, 'receiver:/' || tenant, array['task.succeeded', 'task.failed', 'task.cancelled',
    'task.expired', 'task.dead', 'task.abandoned'], '{}', 'chaos', true,
    'whsec_' || encode(sha256(tenant::bytea), 'base64')
from unnest(array['acacia', 'birch', 'cedar']) tenant;
