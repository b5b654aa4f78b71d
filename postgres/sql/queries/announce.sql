-- Announce on channel $1 that kinds $2 have queued tasks.
select pg_notify($1, kind) from unnest($2::text[]) as k (kind);
