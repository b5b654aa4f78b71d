-- Whether the segment $1 or a later one of its timeline is in the archive.
select coalesce(left(last_archived_wal, 8) = left($1, 8) and left(last_archived_wal, 24) >= $1, false)
    or coalesce(left(last_archived_wal, 8) > left($1, 8), false)
from pg_stat_archiver
