"""Migrations: each applied once, forward only, and never behind anybody's back."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from asyncpg.types import ServerVersion

from domain.errors import ConfigurationError
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
BROKEN = Migration(2, "0002_broken", "create table half (x int); select 1/0")


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
