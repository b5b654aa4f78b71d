-- The roles, in any database, by a superuser. Changes only what differs, so that a second run changes nothing.
-- Passwords are set apart from this, as verifiers. The migrations run as gardenos_owner; gardenos_app is the
-- application. The others are those that PostgREST and the services of Supabase expect.
do $$
declare
    wanted record;
begin
    for wanted in
        select * from (values
            -- name, may log in, inherits, passes row-level security by
            ('gardenos_owner', true, true, false),
            ('gardenos_app', true, true, true),
            ('gardenos_drill', true, true, true),
            ('anon', false, true, false),
            ('authenticated', false, true, false),
            ('service_role', false, true, true),
            ('authenticator', true, false, false),
            ('supabase_auth_admin', true, false, false),
            ('supabase_storage_admin', true, false, false)
        ) as w (name, login, inherits, bypasses)
    loop
        if not exists (select from pg_roles where rolname = wanted.name) then
            execute format('create role %I', wanted.name);
        end if;
        if exists (
            select from pg_roles
            where rolname = wanted.name
                and ((rolcanlogin, rolinherit, rolbypassrls) <> (wanted.login, wanted.inherits, wanted.bypasses)
                     or rolsuper or rolcreatedb or rolcreaterole or rolreplication)
        ) then
            execute format(
                'alter role %I %s %s %s nosuperuser nocreatedb nocreaterole noreplication', wanted.name,
                case when wanted.login then 'login' else 'nologin' end,
                case when wanted.inherits then 'inherit' else 'noinherit' end,
                case when wanted.bypasses then 'bypassrls' else 'nobypassrls' end);
        end if;
    end loop;

    -- Who becomes the role that a token names.
    for wanted in
        select member.name as member, role.name as role
        from (values ('authenticator'), ('supabase_storage_admin')) member (name),
            (values ('anon'), ('authenticated'), ('service_role')) role (name)
        where not exists (
            select from pg_auth_members m
            where m.roleid = to_regrole(role.name) and m.member = to_regrole(member.name)
                and m.set_option and not m.inherit_option and not m.admin_option)
    loop
        execute format('grant %I to %I with admin false, inherit false, set true', wanted.role, wanted.member);
    end loop;

    for wanted in
        select * from (values
            ('anon', 'statement_timeout', '3s'),
            ('authenticated', 'statement_timeout', '8s'),
            ('authenticator', 'statement_timeout', '8s'),
            ('authenticator', 'lock_timeout', '8s'),
            ('supabase_auth_admin', 'search_path', 'auth'),
            ('supabase_auth_admin', 'idle_in_transaction_session_timeout', '60s'),
            ('supabase_storage_admin', 'search_path', 'storage')
        ) as w (role, setting, value)
        where not exists (
            select from pg_db_role_setting s
            where s.setrole = to_regrole(w.role) and s.setdatabase = 0
                and format('%s=%s', w.setting, w.value) = any(s.setconfig))
    loop
        execute format('alter role %I set %I = %L', wanted.role, wanted.setting, wanted.value);
    end loop;
end
$$
