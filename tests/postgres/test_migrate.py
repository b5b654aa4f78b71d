"""Migrations: each applied once, forward only, and never behind anybody's back."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from asyncpg.types import ServerVersion

from domain.errors import ConfigurationError, DatabaseUnavailableError
from postgres.embedded import EmbeddedServer
from postgres.migrate import (
    MIGRATIONS,
    Migration,
    migrate,
    pending,
    read_migrations,
    require_version,
)
from tests.database import SETTINGS, run_sql, with_database

FIRST = Migration(1, "0001_first", "create table first (x int)")
SECOND = Migration(2, "0002_second", "create table second (x int); insert into first values (2)")
BESIDE = Migration(
    2,
    "0002_index_concurrently",
    "-- Beside writers.\ndrop index concurrently if exists first_x;\n"
    "create index concurrently first_x on first (x)\n    where x > 0;\n",
)
BROKEN = Migration(2, "0002_broken", "create table half (x int); select 1/0")

OLD_LEAD = "insert into leads (tenant_id, lead_id, document, status) values ('t', 'a', '{}', 'new')"
OLD_DRAFT = (
    "insert into follow_ups (follow_up_id, tenant_id, lead_id, drafted_at, document)"
    " values (uuidv7(), 't', 'a', now(), '{}')"
)
OLD_USAGE = (
    "insert into usage (task_id, attempt, call, tenant_id, kind, model, prompt_tokens,"
    " cached_prompt_tokens, completion_tokens, cost_nanousd, estimated, at)"
    " values (uuidv7(), 1, 0, 't', 'k', 'm', 1, 0, 1, 1, false, now())"
)


@pytest.fixture
async def empty(postgres_server: EmbeddedServer) -> str:
    """Give the address of a database without any table."""
    name = "empty_database"
    await run_sql(postgres_server.dsn, f"drop database if exists {name} with (force)")
    await run_sql(postgres_server.dsn, f"create database {name}")
    return with_database(postgres_server.dsn, name)


async def test_what_is_pending_is_applied_once(empty: str) -> None:
    assert await migrate(empty, SETTINGS, [FIRST]) == ("0001_first",)
    assert await migrate(empty, SETTINGS, [FIRST, SECOND]) == ("0002_second",)
    assert await migrate(empty, SETTINGS, [FIRST, SECOND]) == ()

    assert await run_sql(empty, "select x from first") == 2


async def test_of_many_who_migrate_at_once_one_does(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(empty, SETTINGS, [FIRST, SECOND]) for _ in range(4)))

    assert sorted(applied) == [(), (), (), ("0001_first", "0002_second")]


async def test_a_migration_that_fails_leaves_nothing_of_itself(empty: str) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty, SETTINGS, [FIRST, BROKEN])

    assert await run_sql(empty, "select to_regclass('half')") is None
    assert await run_sql(empty, "select max(number) from schema_migrations") == 1


async def test_an_index_is_built_beside_writers_while_others_wait_to_migrate(empty: str) -> None:
    await migrate(empty, SETTINGS, [FIRST])
    applied = await asyncio.gather(*(migrate(empty, SETTINGS, [FIRST, BESIDE]) for _ in range(4)))

    assert sorted(applied) == [(), (), (), ("0002_index_concurrently",)]
    valid = "select indisvalid from pg_index where indexrelid = 'first_x'::regclass"
    assert await run_sql(empty, valid) is True


async def test_a_half_built_index_is_built_again(empty: str) -> None:
    await migrate(empty, SETTINGS, [FIRST])
    await run_sql(empty, "insert into first values (1), (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await run_sql(empty, "create unique index concurrently first_x on first (x)")
    valid = "select indisvalid from pg_index where indexrelid = 'first_x'::regclass"
    assert await run_sql(empty, valid) is False
    await migrate(empty, SETTINGS, [FIRST, BESIDE])

    assert await run_sql(empty, valid) is True


async def test_a_table_that_somebody_holds_delays_a_start_and_nobody_else(empty: str) -> None:
    await migrate(empty, SETTINGS, MIGRATIONS[:1])
    holder = await asyncpg.connect(empty)
    try:
        async with holder.transaction():
            await holder.execute("lock table follow_ups in access share mode")
            with pytest.raises(DatabaseUnavailableError, match="55P03"):
                await migrate(empty, SETTINGS, [MIGRATIONS[0], impatient(MIGRATIONS[1])])
    finally:
        await holder.close()


async def test_rows_and_statements_of_the_code_before_the_agents_still_do(empty: str) -> None:
    await migrate(empty, SETTINGS, MIGRATIONS[:1])
    await run_sql(empty, OLD_LEAD, OLD_DRAFT, OLD_USAGE)
    await migrate(empty, SETTINGS)
    await run_sql(empty, OLD_DRAFT, OLD_USAGE)

    states = "select array_agg(distinct (state, version)::text) from follow_ups"
    assert await run_sql(empty, states) == ["(awaiting_approval,1)"]
    assert await run_sql(empty, "select bool_and(priced) and count(*) = 2 from usage") is True


def impatient(one: Migration) -> Migration:
    """Return a migration that waits for a lock a tenth of a second only."""
    text = one.text.replace("lock_timeout = '3s'", "lock_timeout = '100ms'")
    assert text != one.text
    return Migration(one.number, one.name, text)


async def test_an_applied_migration_that_was_changed_is_refused(empty: str) -> None:
    await migrate(empty, SETTINGS, [FIRST])
    changed = Migration(1, "0001_first", FIRST.text + " -- better")

    with pytest.raises(ConfigurationError, match=r"0001_first.*a merged one never changes"):
        await migrate(empty, SETTINGS, [changed])


async def test_a_database_newer_than_the_code_is_refused(empty: str) -> None:
    await migrate(empty, SETTINGS, [FIRST, SECOND])

    with pytest.raises(ConfigurationError, match="schema 0002, made by newer code"):
        await migrate(empty, SETTINGS, [FIRST])


async def test_the_products_own_migrations_make_a_database(empty: str) -> None:
    assert await migrate(empty, SETTINGS) == tuple(one.name for one in MIGRATIONS)


async def test_a_role_without_rights_to_define_finds_nothing_pending(
    empty: str, postgres_server: EmbeddedServer
) -> None:
    await migrate(empty, SETTINGS)
    name = "role_without_rights"
    await run_sql(postgres_server.superuser_dsn, f"drop role if exists {name}")
    await run_sql(postgres_server.superuser_dsn, f"create role {name} login")
    await run_sql(empty, f"grant select on schema_migrations to {name}")

    try:
        applied = await migrate(empty.replace("gardenos@", f"{name}@"), SETTINGS)
    finally:
        await run_sql(empty, f"revoke all on schema_migrations from {name}")
        await run_sql(postgres_server.superuser_dsn, f"drop role {name}")

    assert applied == ()


async def test_an_address_that_is_none_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigurationError, match="GARDENOS_DATABASE_URL"):
        await migrate("mysql://somewhere", SETTINGS)


def test_an_older_database_gets_what_it_lacks_in_order() -> None:
    applied = {1: (FIRST.name, FIRST.checksum)}

    assert pending([FIRST, SECOND], applied) == (SECOND,)


@pytest.mark.parametrize("names", [["0002_a.sql"], ["0001_a.sql", "0001_b.sql"], ["first.sql"]])
def test_files_out_of_number_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("select 1")

    with pytest.raises(ValueError, match=r"named like|numbered from 0001"):
        read_migrations(tmp_path)


def test_a_server_too_old_for_the_queries_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"PostgreSQL 17; allowed: PostgreSQL 18 or newer"):
        require_version(ServerVersion(17, 4, 0, "final", 0))
