-- What an operator says of a tenant; who has no row has the defaults. The code before this reads none of it.
set local lock_timeout = '3s';

create table tenants (
    tenant_id text primary key,
    weight integer not null default 1 check (weight between 1 and 100),
    updated_at timestamptz not null default clock_timestamp()
);
