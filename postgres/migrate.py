"""Bring a database's schema up to the code's: numbered files, each applied once, forward only."""

import asyncio
import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from domain.errors import ConfigurationError
from postgres.failures import DRIVER_ERRORS, configuration_error, translated
from postgres.pool import connect_once, name_of_migration_url
from postgres.queries import load_cluster
from postgres.settings import MIGRATION_URL_VARIABLE, DatabaseSettings

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "sql" / "migrations"
NAME = re.compile(r"^(\d{4})_[a-z0-9_]+$")
LOCK_KEY = 0x67617264656E6F73
"""The advisory lock under which one process migrates: "gardenos" in ASCII."""

OLDEST_MAJOR = 18
"""``uuidv7()`` came with PostgreSQL 18."""

MIGRATION_LIMIT_S = 600.0
"""How long one migration, or the wait for another process's, may take."""

LOCK_POLL_S = 0.1

CONCURRENTLY = "_concurrently"
"""Ending of the names of files that build indexes beside writers, which no transaction may do."""

"""Asked first: making what is there already takes a right that the application's role lacks."""

MAKE_TABLE = """
create table if not exists schema_migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name without ``.sql``, and text."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the text in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def is_concurrent(self) -> bool:
        """Return whether the statements run one by one, outside a transaction.

        Such a file may be cut off anywhere: each of its statements must bear to be run again.
        """
        return self.name.endswith(CONCURRENTLY)

    @property
    def statements(self) -> tuple[str, ...]:
        """Return the statements; each ends with a semicolon at the end of a line."""
        return tuple(part for part in re.split(r";[ ]*(?:\n|$)", self.text) if part.strip())


def read_migrations(folder: Path) -> tuple[Migration, ...]:
    """Return a folder's migrations in order; their numbers run from 1 without a gap."""
    found = []
    for file in sorted(folder.glob("*.sql")):
        match = NAME.match(file.stem)
        if not match:
            raise ValueError(f"{file.name}: a migration is named like 0001_leads.sql")
        found.append(Migration(int(match[1]), file.stem, file.read_text(encoding="utf-8")))
    if [one.number for one in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations must be numbered from 0001 without a gap or a double")
    return tuple(found)


MIGRATIONS = read_migrations(FOLDER)


def pending(
    known: Sequence[Migration], applied: Mapping[int, tuple[str, str]]
) -> tuple[Migration, ...]:
    """Return which migrations are still to apply, in order.

    Args:
        known: All migrations of this code, in order.
        applied: Name and checksum by number, as the database recorded them.

    Raises:
        ConfigurationError: The database is newer than this code, or a migration was changed after
            it had been applied.
    """
    newest = known[-1].number if known else 0
    newer = sorted(number for number in applied if number > newest)
    if newer:
        raise ConfigurationError(
            "database",
            f"schema {newer[-1]:04d}, made by newer code",
            f"a schema up to {newest:04d}; start the newer code or use another database",
        )
    for one in known:
        if one.number in applied and applied[one.number] != (one.name, one.checksum):
            raise ConfigurationError(
                "database",
                f"migration {applied[one.number][0]}, which differs from this code's {one.name}",
                "migrations as they were applied; a merged one never changes, add the next instead",
            )
    return tuple(one for one in known if one.number not in applied)


async def migrate(
    url: str, settings: DatabaseSettings, migrations: Sequence[Migration] = MIGRATIONS
) -> tuple[str, ...]:
    """Apply what is pending; return the names. Several processes may call this at once.

    Raises:
        ConfigurationError: See :func:`pending`; or the server is too old, or refuses the login.
        DatabaseUnavailableError: The database does not answer.
    """
    patient = settings.model_copy(
        update={
            "command_limit_s": MIGRATION_LIMIT_S,
            "transaction_limit_s": MIGRATION_LIMIT_S,
            "idle_in_transaction_limit_s": MIGRATION_LIMIT_S,
        }
    )
    try:
        connection = await connect_once(url, patient)
        try:
            return await apply_pending(connection, migrations)
        finally:
            await connection.close(timeout=settings.connect_limit_s)
    except (*DRIVER_ERRORS, ValueError) as error:
        ours = configuration_error(error, name_of_migration_url(settings)) or translated(error)
        if ours is None:
            raise
        raise ours from error


async def apply_pending(
    connection: "asyncpg.Connection[asyncpg.Record]", migrations: Sequence[Migration]
) -> tuple[str, ...]:
    """Apply what is pending over one connection, under the advisory lock."""
    require_version(connection.get_server_version())
    await take_lock(connection)
    try:
        applied = await read_applied(connection)
        waiting = pending(migrations, applied or {})
        await require_rights(connection, waiting)
        if applied is None:
            await connection.execute(MAKE_TABLE)
        for one in waiting:
            await apply_one(connection, one)
        if await connection.fetchval(load_cluster("is_bootstrapped")):
            async with connection.transaction():
                await secure_tables(connection)
        return tuple(one.name for one in waiting)
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", LOCK_KEY)


async def read_applied(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> Mapping[int, tuple[str, str]] | None:
    """Return name and checksum by number of what was applied, or None before the first time."""
    if await connection.fetchval("select to_regclass('schema_migrations')") is None:
        return None
    rows = await connection.fetch("select number, name, checksum from schema_migrations")
    return {row["number"]: (row["name"], row["checksum"]) for row in rows}


async def require_rights(
    connection: "asyncpg.Connection[asyncpg.Record]", waiting: Sequence[Migration]
) -> None:
    """Refuse to begin what this role may not do; one that may change nothing may still look."""
    may = "select has_schema_privilege(current_schema(), 'create')"
    if waiting and not await connection.fetchval(may):
        raise ConfigurationError(
            "migration_url_variable",
            f"a role without the right to change tables, and {waiting[0].name} is still to apply",
            f"in {MIGRATION_URL_VARIABLE} the URL of the tables' owner; or gardenos migrate with it"
            " before this start",
        )


async def secure_tables(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Put row-level security on every table of ours, as their owner, in a transaction.

    What is guarded already is not touched. Only in a database that was bootstrapped.
    """
    await connection.execute(load_cluster("row_security"))


async def apply_one(connection: "asyncpg.Connection[asyncpg.Record]", one: Migration) -> None:
    """Apply one migration and record it, both or neither; a concurrent one may be half applied."""
    if one.is_concurrent:
        for statement in one.statements:
            await connection.execute(statement)
        await record(connection, one)
    else:
        async with connection.transaction():
            await connection.execute(one.text)
            await record(connection, one)
    logger.info("migration_applied", extra={"migration": one.name})


async def record(connection: "asyncpg.Connection[asyncpg.Record]", one: Migration) -> None:
    """Note that a migration is applied."""
    await connection.execute(
        "insert into schema_migrations (number, name, checksum) values ($1, $2, $3)",
        one.number,
        one.name,
        one.checksum,
    )


async def take_lock(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Wait until nobody else migrates, by asking again and again.

    Who waits inside a statement has a snapshot, and an index that is built concurrently waits for
    the end of all of them: the two would wait for each other.

    Raises:
        TimeoutError: Another process migrated all the time, see :data:`MIGRATION_LIMIT_S`.
    """
    async with asyncio.timeout(MIGRATION_LIMIT_S):
        while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):  # noqa: ASYNC110 - no event tells of another process
            await asyncio.sleep(LOCK_POLL_S)


def require_version(version: "asyncpg.types.ServerVersion") -> None:
    """Refuse a server that is too old for what the queries use."""
    if version.major < OLDEST_MAJOR:
        raise ConfigurationError(
            "database", f"PostgreSQL {version.major}", f"PostgreSQL {OLDEST_MAJOR} or newer"
        )
