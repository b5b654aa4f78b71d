-- People's word on drafts, and calls without a known price.
-- Short on tables of any size: columns with a constant default are added without touching a row, and follow_ups,
-- whose indexes and check read it, is empty until an agent of that kind runs. Whoever holds one of the tables for
-- longer than the limit (a dump) makes this fail and the next start try again; nobody queues behind it.
-- The code before writes neither column and reads none of them.
set local lock_timeout = '3s';

alter table follow_ups
    add column state text not null default 'awaiting_approval'
        check (state in ('awaiting_approval', 'approved', 'rejected')),
    add column version integer not null default 1;

create index follow_ups_newest on follow_ups (tenant_id, drafted_at desc, follow_up_id desc);
create index follow_ups_by_state on follow_ups (tenant_id, state, drafted_at desc, follow_up_id desc);

-- What people did to a draft, in order, never changed; it goes with the draft, and the draft with its lead.
create table follow_up_changes (
    tenant_id text not null,
    follow_up_id uuid not null references follow_ups on delete cascade,
    number integer not null,
    kind text not null check (kind in ('edit', 'decision')),
    document jsonb not null,
    primary key (follow_up_id, number)
);

alter table usage add column priced boolean not null default true;
