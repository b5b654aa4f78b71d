-- Milliseconds to wait for tables, $1 at most: over before a writer that waits behind us looks for a deadlock, since who
-- looks and finds one gives up its own transaction.
select least($1::integer, setting::integer * 4 / 5) from pg_settings where name = 'deadlock_timeout'
