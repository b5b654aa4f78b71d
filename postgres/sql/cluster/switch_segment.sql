-- End the segment that holds the commit before; return its name.
select pg_walfile_name(pg_switch_wal())
