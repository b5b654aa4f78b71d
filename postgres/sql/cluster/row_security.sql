-- Row-level security by tenant on every table of ours, by their owner, after every migration. A table that is guarded
-- already is not touched, since each change here locks it; the limit keeps others from queueing behind a held one.
-- The application passes by (its role has bypassrls): no plan of its statements changes.
set local lock_timeout = '3s';
-- Names in what the server writes down are read against this.
set local search_path = public;

-- The tenant that PostgREST's setting names, in the claim that the service's own default reads; null where there is
-- none, and null equals nothing. Users cannot write app_metadata themselves.
create or replace function gardenos.claimed_tenant() returns text language sql stable parallel safe
    set search_path = '' as $$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,tenant_id}'
$$;
grant execute on function gardenos.claimed_tenant() to public;

do $$
declare
    one record;
    -- In a scalar query of its own it is asked once a statement instead of once a row.
    mine constant text := '(select gardenos.claimed_tenant())';
    of_row constant text := format('tenant_id = %s', mine);
    of_task constant text := format(
        'exists (select from public.tasks t where t.task_id = task_attempts.task_id and t.tenant_id = %s)', mine);
    -- As the server writes a policy down; another text means that somebody changed it.
    row_written constant text := '(tenant_id = ( SELECT gardenos.claimed_tenant() AS claimed_tenant))';
    task_written constant text := E'(EXISTS ( SELECT\n   FROM tasks t\n'
        '  WHERE ((t.task_id = task_attempts.task_id)'
        ' AND (t.tenant_id = ( SELECT gardenos.claimed_tenant() AS claimed_tenant)))))';
begin
    for one in
        select c.oid, c.oid::regclass as name, c.relname, c.relrowsecurity,
            exists (
                select from pg_policy p
                where p.polrelid = c.oid and p.polname = 'of_tenant' and p.polcmd = '*' and p.polpermissive
                    and p.polroles = array[0::oid]
                    and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid))
                        = pg_get_expr(p.polqual, p.polrelid)
                    and pg_get_expr(p.polqual, p.polrelid) in (row_written, task_written)) as has_policy,
            exists (
                select from pg_attribute a
                where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as has_tenant
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and c.relowner = to_regrole('gardenos_owner')
        order by c.relname
    loop
        if not one.relrowsecurity then
            execute format('alter table %s enable row level security', one.name);
        end if;
        if (one.has_tenant or one.relname = 'task_attempts') and not one.has_policy then
            execute format('drop policy if exists of_tenant on %s', one.name);
            execute format(
                'create policy of_tenant on %s using (%s)', one.name,
                case when one.has_tenant then of_row else of_task end);
        end if;
        -- The rest, which belongs to no tenant, stays without a policy: nobody passes but its owner and bypassers.

        if one.relname = 'schema_migrations' then
            if has_table_privilege('gardenos_app', one.oid, 'insert, update, delete') then
                execute format('revoke insert, update, delete on %s from gardenos_app, service_role', one.name);
            end if;
            if not has_table_privilege('gardenos_app', one.oid, 'select') then
                execute format('grant select on %s to gardenos_app, service_role', one.name);
            end if;
        elsif not (has_table_privilege('gardenos_app', one.oid, 'select')
                   and has_table_privilege('gardenos_app', one.oid, 'insert')
                   and has_table_privilege('gardenos_app', one.oid, 'update')
                   and has_table_privilege('gardenos_app', one.oid, 'delete')) then
            execute format(
                'grant select, insert, update, delete on %s to gardenos_app, service_role', one.name);
        end if;
        -- Keys and the secrets of webhooks are for no browser, whatever tenant it is of.
        if one.relname in ('leads', 'analyses', 'follow_ups', 'follow_up_changes', 'outcomes', 'usage', 'tasks',
                           'task_attempts', 'task_events')
            and not has_table_privilege('authenticated', one.oid, 'select') then
            execute format('grant select on %s to authenticated', one.name);
        end if;
    end loop;
end
$$;
