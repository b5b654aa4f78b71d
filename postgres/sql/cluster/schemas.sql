-- Schemas, extensions and who may enter, in our database, by a superuser. The setting gardenos.extensions holds the
-- names of extensions, parted by commas; those the server does not bring are left out.
do $$
declare
    wanted record;
begin
    for wanted in
        select * from (values
            ('public', 'gardenos_owner'),
            ('gardenos', 'gardenos_owner'),
            ('auth', 'supabase_auth_admin'),
            ('storage', 'supabase_storage_admin')
        ) as w (name, owner)
    loop
        if to_regnamespace(wanted.name) is null then
            execute format('create schema %I authorization %I', wanted.name, wanted.owner);
        elsif (select nspowner <> to_regrole(wanted.owner) from pg_namespace where nspname = wanted.name) then
            execute format('alter schema %I owner to %I', wanted.name, wanted.owner);
        end if;
    end loop;
    create schema if not exists extensions;

    for wanted in
        select a.name
        from pg_available_extensions a
        where a.name = any(string_to_array(current_setting('gardenos.extensions'), ',')) and a.installed_version is null
    loop
        execute format('create extension %I schema extensions', wanted.name);
    end loop;

    if (select datdba <> to_regrole('gardenos_owner') from pg_database where datname = current_database()) then
        execute format('alter database %I owner to gardenos_owner', current_database());
    end if;
    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect on database %I to gardenos_app, authenticator, supabase_auth_admin, supabase_storage_admin',
        current_database());
    -- Their migrations begin with "create schema if not exists", which asks for this even where it exists.
    execute format(
        'grant create on database %I to supabase_auth_admin, supabase_storage_admin', current_database());
end
$$;

revoke all on schema public from public;
grant usage on schema public to gardenos_app, anon, authenticated, service_role;
grant usage on schema gardenos to public;
grant usage on schema auth, storage to anon, authenticated, service_role;
grant usage on schema extensions to public;

-- What a migration makes from now on: rows for the application and for Supabase's own role, nothing for visitors,
-- and no function to whoever can call one.
alter default privileges for role gardenos_owner in schema public
    grant select, insert, update, delete on tables to gardenos_app, service_role;
alter default privileges for role gardenos_owner in schema public
    grant usage on sequences to gardenos_app, service_role;
alter default privileges for role gardenos_owner revoke execute on functions from public;
alter default privileges for role gardenos_owner in schema public
    grant execute on functions to gardenos_app, service_role;
