"""Fixtures on a real server: one embedded PostgreSQL a session, a fresh migrated database a test.

``tests/conftest.py`` makes them known to every test. A test of another room asks for ``database``
or ``dsn`` by name and needs to know nothing else.
"""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from postgres.embedded import DATABASE, EmbeddedOptions, EmbeddedServer, start_embedded
from postgres.migrate import migrate
from postgres.pool import Database, open_database
from postgres.settings import DatabaseSettings

TEMPLATE = "template_migrated"
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""What tests give up for speed: their data need not survive a power cut."""

UNVISITED = {"autovacuum": "off"}
"""Its workers are the superuser's: a database that one visits cannot be dropped by force."""

QUICK = EmbeddedOptions(server_settings=NOT_DURABLE | UNVISITED)
SETTINGS = DatabaseSettings(max_size=10)
_numbers = count(1)


def with_database(dsn: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """Give a session's folder that the server's user may enter, unlike pytest's own."""
    with TemporaryDirectory(prefix="gardenos-test-", dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


@pytest.fixture(scope="session")
def postgres_server(short_folder: Path) -> Iterator[EmbeddedServer]:
    """Give the session's server; it must be left running and as it was found."""
    with start_embedded(short_folder / "postgres", QUICK) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(postgres_server: EmbeddedServer) -> str:
    """Give the name of a migrated database to copy."""
    await run_sql(postgres_server.dsn, f"create database {TEMPLATE}")
    await migrate(with_database(postgres_server.dsn, TEMPLATE), SETTINGS)
    return TEMPLATE


@pytest.fixture
async def dsn(postgres_server: EmbeddedServer, template: str) -> AsyncIterator[str]:
    """Give the address of a fresh, migrated database."""
    name = f"{DATABASE}_{next(_numbers)}"
    await run_sql(postgres_server.dsn, f"create database {name} template {template}")
    yield with_database(postgres_server.dsn, name)
    await run_sql(postgres_server.dsn, f"drop database {name} with (force)")


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """Give a pool on a fresh, migrated database."""
    async with open_database(lambda: dsn, SETTINGS) as opened:
        yield opened


async def run_sql(dsn: str, *statements: str) -> object:
    """Run statements on a connection of their own; return the last one's first value."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        value: object = await connection.fetchval(statements[-1])
        return value
    finally:
        await connection.close()
