"""A cluster is made ours once; a second run changes nothing, and no password is seen anywhere."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from domain.errors import ConfigurationError
from postgres.bootstrap import APPLICATION, OWNER, BootstrapOptions, BootstrapReport, bootstrap
from postgres.migrate import MIGRATIONS, Migration, migrate, take_lock
from tests.database import SETTINGS
from tests.postgres.cluster_world import (
    DATABASE,
    EXTENSIONS,
    PASSWORDS,
    Cluster,
    made_ours,
    start_cluster,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMIT_S = 20.0

CATALOGS = (
    *("pg_authid", "pg_auth_members", "pg_database", "pg_db_role_setting", "pg_extension"),
    *("pg_namespace", "pg_class", "pg_attribute", "pg_proc", "pg_policy", "pg_default_acl"),
    *("pg_description", "pg_shdescription", "pg_init_privs", "pg_trigger", "pg_depend"),
)
UNCHANGED_EVEN_IN_FORM = ("pg_authid", "pg_auth_members", "pg_policy", "pg_db_role_setting")
"""Rows that are not even written anew; a grant writes its row though it says the same."""

MORE = Migration(
    len(MIGRATIONS) + 1,
    f"{len(MIGRATIONS) + 1:04d}_more",
    "create table more (tenant_id text, x int)",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(short_folder: Path) -> AsyncIterator[Cluster]:
    """Give a cluster that is ours."""
    async for one in made_ours(short_folder / "bootstrapped"):
        yield one


async def catalogs(cluster: Cluster) -> dict[str, list[str]]:
    """Return every row of the catalogs as text, in order."""
    connection = await cluster.admin_in()
    try:
        found = {}
        for name in CATALOGS:
            form = "xmin, ctid, " if name in UNCHANGED_EVEN_IN_FORM else ""
            # Statistics of tables are no part of what we set.
            query = f"select row({form}t.*)::text from {name} t"  # noqa: S608
            if name == "pg_class":
                query = (
                    "select row(oid, relname, relnamespace, relowner, relacl, relrowsecurity,"
                    " relforcerowsecurity, relfilenode)::text from pg_class"
                )
            found[name] = sorted(row[0] for row in await connection.fetch(query))
        return found
    finally:
        await connection.close()


async def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    await cluster.bootstrap()
    before = await catalogs(cluster)
    report = await cluster.bootstrap()

    assert report == BootstrapReport(
        database_created=False,
        passwords_set=(),
        passwords_missing=(),
        extensions_missing=("none_such",),
    )
    assert await catalogs(cluster) == before


async def test_several_may_run_at_once(cluster: Cluster) -> None:
    before = await catalogs(cluster)
    await asyncio.gather(*(cluster.bootstrap() for _ in range(3)))

    assert await catalogs(cluster) == before


async def test_it_waits_for_a_migration_that_is_under_way(cluster: Cluster) -> None:
    waiting = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and query like 'select pg_try_advisory_lock%'"
    )
    migration = await cluster.admin_in()
    try:
        await take_lock(migration)
        running = asyncio.create_task(cluster.bootstrap())
        async with asyncio.timeout(LIMIT_S):
            while not running.done() and not await migration.fetchval(waiting):  # noqa: ASYNC110 - looking is what it does
                await asyncio.sleep(0.01)
        assert not running.done()
    finally:
        await migration.close()

    await running


async def test_a_second_run_takes_no_lock_that_waits_for_a_reader(cluster: Cluster) -> None:
    reader = await cluster.admin_in()
    try:
        async with reader.transaction():
            await reader.fetch("select from tasks")
            await cluster.bootstrap()
    finally:
        await reader.close()


async def test_no_password_and_no_verifier_reaches_the_log(cluster: Cluster) -> None:
    (cluster.passwords / "authenticator").write_text("another")
    try:
        report = await cluster.bootstrap()
    finally:
        (cluster.passwords / "authenticator").write_text(PASSWORDS["authenticator"])
        again = await cluster.bootstrap()

    log = cluster.server.log_file.read_text(encoding="utf-8")
    assert report.passwords_set == again.passwords_set == ("authenticator",)
    assert "select from tasks" in log, "the log takes statements"
    assert "SCRAM-SHA-256$" not in log
    assert not [one for one in (*PASSWORDS.values(), "another") if f"'{one}'" in log]


async def test_roles_log_in_with_their_password_only(cluster: Cluster) -> None:
    for role in PASSWORDS:
        await (await asyncpg.connect(cluster.url(role))).close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(cluster.url(role, password="wrong"))


DDL = (
    "create table t (x int)",
    "create temporary table t (x int)",
    "create schema s",
    "create view v as select 1",
    "create function f() returns int language sql as 'select 1'",
    "alter table leads add column x int",
    "alter table leads disable row level security",
    "drop table leads",
    "truncate leads",
    "create index i on leads (status)",
    "create policy p on leads using (true)",
    "drop trigger note_new_tasks on tasks",
    "alter table tasks disable trigger all",
    "create role r",
    "create extension if not exists plpython3u",
    "insert into schema_migrations values (1000, 'x', 'y')",
    "delete from schema_migrations",
    f"set role {OWNER}",
    "copy (select 1) to program 'true'",
)


@pytest.mark.parametrize("statement", DDL)
async def test_the_applications_role_changes_rows_and_nothing_else(
    cluster: Cluster, statement: str
) -> None:
    connection = await asyncpg.connect(cluster.url(APPLICATION))
    try:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError)):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_applications_role_may_look_whether_to_migrate_and_is_told_who_may(
    cluster: Cluster,
) -> None:
    assert await migrate(cluster.url(APPLICATION), SETTINGS) == ()
    with pytest.raises(ConfigurationError, match="GARDENOS_DATABASE_MIGRATION_URL"):
        await migrate(cluster.url(APPLICATION), SETTINGS, [*MIGRATIONS, MORE])


async def test_a_table_of_a_later_migration_is_guarded_with_it(cluster: Cluster) -> None:
    await migrate(cluster.url(OWNER), SETTINGS, [*MIGRATIONS, MORE])
    admin = await cluster.admin_in()
    try:
        guarded = "select relrowsecurity from pg_class where relname = 'more'"
        assert await admin.fetchval(guarded) is True
        assert await admin.fetchval("select count(*) from pg_policies where tablename = 'more'")
        assert await admin.fetchval(
            f"select has_table_privilege('{APPLICATION}', 'more', 'insert')"
        )
        assert not await admin.fetchval("select has_table_privilege('anon', 'more', 'select')")
        assert not await admin.fetchval(
            "select has_table_privilege('authenticated', 'more', 'select')"
        )
    finally:
        await admin.execute("drop table more")
        await admin.execute("delete from schema_migrations where number = $1", MORE.number)
        await admin.close()


async def test_the_services_of_supabase_can_make_their_own_tables_and_no_others(
    cluster: Cluster,
) -> None:
    for role, schema in (("supabase_auth_admin", "auth"), ("supabase_storage_admin", "storage")):
        connection = await asyncpg.connect(cluster.url(role))
        try:
            await connection.execute(f"create schema if not exists {schema}")
            await connection.execute("create table users (id uuid)")
            assert await connection.fetchval("select to_regclass('users')::oid::regclass::text")
            await connection.execute("drop table users")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("create table public.users (id uuid)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("select from public.leads")
        finally:
            await connection.close()


async def test_what_somebody_changed_is_set_right(cluster: Cluster) -> None:
    admin = await cluster.admin_in()
    try:
        await admin.execute(f"alter role {APPLICATION} createdb createrole nobypassrls")
        await admin.execute("alter table leads disable row level security")
        await admin.execute("drop policy of_tenant on tasks")
        await cluster.bootstrap()
        role = await admin.fetchrow(
            "select rolcreatedb, rolcreaterole, rolbypassrls from pg_roles where rolname = $1",
            APPLICATION,
        )
        assert role is not None
        assert tuple(role) == (False, False, True)
        assert await admin.fetchval("select relrowsecurity from pg_class where relname = 'leads'")
        assert await admin.fetchval("select count(*) from pg_policies where tablename = 'tasks'")
    finally:
        await admin.close()


@pytest.mark.parametrize(
    "change",
    [
        "alter policy of_tenant on leads using (true)",
        "alter policy of_tenant on leads with check (true)",
        "alter policy of_tenant on task_attempts using (true)",
        f"alter policy of_tenant on leads to {APPLICATION}",
        "drop policy of_tenant on leads; create policy of_tenant on leads for select using (true)",
    ],
)
async def test_a_policy_that_somebody_opened_is_closed_again(cluster: Cluster, change: str) -> None:
    await cluster.bootstrap()
    admin = await cluster.admin_in()
    try:
        policies = (
            "select tablename, permissive, roles, cmd, qual, with_check from pg_policies order by 1"
        )
        before = await admin.fetch(policies)
        await admin.execute(change)
        assert await admin.fetch(policies) != before
        await cluster.bootstrap()
        assert await admin.fetch(policies) == before
    finally:
        await admin.close()


async def test_extensions_lie_in_a_schema_of_their_own(cluster: Cluster) -> None:
    admin = await cluster.admin_in()
    try:
        place = "select extnamespace::regnamespace::text from pg_extension where extname = $1"
        assert await admin.fetchval(place, EXTENSIONS[0]) == "extensions"
    finally:
        await admin.close()


async def test_somebody_who_is_no_superuser_is_refused_in_one_line(cluster: Cluster) -> None:
    with pytest.raises(ConfigurationError, match=r"admin_url.*no superuser"):
        await bootstrap(cluster.url(OWNER), SETTINGS, cluster.options)


@pytest.mark.parametrize("text", ["", "two\nlines", "x" * 2000])
async def test_a_file_that_holds_no_password_is_refused_without_showing_it(
    cluster: Cluster, text: str
) -> None:
    file = cluster.passwords / APPLICATION
    file.write_text(text)
    try:
        with pytest.raises(ConfigurationError) as refused:
            await cluster.bootstrap()
    finally:
        file.write_text(PASSWORDS[APPLICATION], encoding="utf-8")
    assert not text or text not in str(refused.value)


@pytest.mark.slow
async def test_without_files_roles_have_no_password_and_that_is_said(short_folder: Path) -> None:
    bare = start_cluster(short_folder / "bare")
    with bare.server:
        report = await bootstrap(bare.admin, SETTINGS, BootstrapOptions(DATABASE))
        assert report.database_created
        assert report.passwords_missing == tuple(PASSWORDS)
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(bare.url(OWNER, password=""))
