-- Attempts that brought no result and how each ended, kept by a trigger so that no path that ends one can forget it:
-- complete, release, recover, cancel, and the code before this, which knows nothing of the table. One that succeeded
-- is in the task's own row already: not to write it again is what keeps completions cheap. Short on tables of any size: columns
-- with a constant default touch no row. The code before writes neither column and reads none of them.
set local lock_timeout = '3s';

alter table tasks
    add column worker_losses integer not null default 0,
    add column replays integer not null default 0;

create table task_attempts (
    task_id uuid not null references tasks on delete cascade,
    attempt integer not null,
    worker_id uuid,
    started_at timestamptz,
    ended_at timestamptz not null,
    state text not null,
    error text,
    crashed boolean not null,
    primary key (task_id, attempt)
);

create function keep_attempts() returns trigger language plpgsql as $$
begin
    insert into task_attempts (task_id, attempt, worker_id, started_at, ended_at, state, error, crashed)
    select o.task_id, o.attempt, o.claimed_by, o.started_at, clock_timestamp(), n.state, n.error,
        n.crashes > o.crashes or n.worker_losses > o.worker_losses
    from before o join after n on n.task_id = o.task_id
    where o.state = 'running' and n.state not in ('running', 'succeeded')
    on conflict (task_id, attempt) do nothing;
    return null;
end
$$;

create trigger tasks_keep_attempts after update on tasks
    referencing old table as before new table as after
    for each statement execute function keep_attempts();
