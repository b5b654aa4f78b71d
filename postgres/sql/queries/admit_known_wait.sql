-- A record without a meaning, so that a commit which stores nothing waits for the synchronous standby too. A task that is
-- known may be committed here alone: a time limit ended its own commit's wait, and nobody was promised it.
select pg_logical_emit_message(true, 'gardenos', 'a known key')
