-- What a drill needs and no more, in the database that it begins in, by a superuser: every row to read, every table to
-- hold still for an instant, and a segment of the log to end. It may change no row. (To read every row is to read the
-- roles' verifiers too, with which nobody logs in.)
do $$
declare
    wanted text;
begin
    foreach wanted in array array['pg_read_all_data', 'pg_maintain'] loop
        if not exists (
            select from pg_auth_members
            where roleid = to_regrole(wanted) and member = to_regrole('gardenos_drill') and inherit_option)
        then
            execute format('grant %I to gardenos_drill with inherit true, set false', wanted);
        end if;
    end loop;
    for wanted in
        select datname from pg_database
        where datallowconn and not datistemplate and not has_database_privilege('gardenos_drill', datname, 'connect')
    loop
        execute format('grant connect on database %I to gardenos_drill', wanted);
    end loop;
    if not has_function_privilege('gardenos_drill', 'pg_switch_wal()', 'execute') then
        grant execute on function pg_switch_wal() to gardenos_drill;
    end if;
    -- It looks early whether a vacuum stands in its way.
    if not has_parameter_privilege('gardenos_drill', 'deadlock_timeout', 'set') then
        grant set on parameter deadlock_timeout to gardenos_drill;
    end if;
end
$$
