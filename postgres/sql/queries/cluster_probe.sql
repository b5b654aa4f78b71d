-- What a server says of itself; every view of it is open to a role without rights.
select
    pg_is_in_recovery() as in_recovery,
    current_setting('transaction_read_only') = 'on' as read_only,
    (select timeline_id from pg_control_checkpoint()) as timeline,
    (select system_identifier::text from pg_control_system()) as system_id,
    (
        select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
        from pg_stat_archiver
    ) as archive_fails,
    (
        select coalesce(array_agg(slot_name::text order by slot_name), '{}')
        from pg_replication_slots where not active and restart_lsn is not null
    ) as idle_slots,
    (
        select coalesce(
            array_agg(
                pg_wal_lsn_diff(
                    case
                        when pg_is_in_recovery() then pg_last_wal_replay_lsn()
                        else pg_current_wal_lsn()
                    end,
                    restart_lsn
                )::bigint
                order by slot_name
            ),
            '{}'
        )
        from pg_replication_slots where not active and restart_lsn is not null
    ) as idle_bytes
