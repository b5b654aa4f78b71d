-- Where the history of events stands, and whether it is still that of this server and timeline.
select s.stream, pg_snapshot_xmin(pg_current_snapshot())::text as xid, s.deleted_xid::text as deleted_xid,
    s.deleted_number, s.system_identifier = c.system_identifier as same_system,
    s.timeline = substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as same_timeline
from event_stream s, pg_control_system() c;
