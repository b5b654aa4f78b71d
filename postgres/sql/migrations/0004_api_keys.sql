-- Keys by which callers are known. A new table: the code before does not know it.
set local lock_timeout = '3s';

create table api_keys (
    key_id text primary key,
    tenant_id text not null,
    name text not null,
    scopes text[] not null check (cardinality(scopes) > 0),
    digest bytea not null check (octet_length(digest) = 32),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
) with (fillfactor = 80);

create index api_keys_of_tenant on api_keys (tenant_id, created_at desc);
