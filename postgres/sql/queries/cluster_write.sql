-- A commit that leaves nothing but a record in the WAL, for which a synchronous standby is waited.
select pg_logical_emit_message(true, 'gardenos', 'a new leader accepts writes')
