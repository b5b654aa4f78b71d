-- Where an import keeps how far it is: in the target, so that it commits with the rows.
create schema if not exists gardenos_import;
create table if not exists gardenos_import.steps (
    name text primary key,
    note text not null default '',
    done_at timestamptz not null default clock_timestamp()
);
create table if not exists gardenos_import.batches (
    table_name text primary key,
    last_key text[] not null,
    copied_rows bigint not null
);
