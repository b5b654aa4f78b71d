-- Start another history where the server or its timeline is another one ($1: the stream that was seen).
update event_stream s
set stream = s.stream + 1, system_identifier = c.system_identifier,
    timeline = substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
from pg_control_system() c
where s.stream = $1;
