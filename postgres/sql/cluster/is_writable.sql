-- Whether the server takes writes: a standby does not.
select not pg_is_in_recovery()
