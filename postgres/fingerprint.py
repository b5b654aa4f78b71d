"""All rows of a server at one moment, as a count and checksums for each table.

The moment is exact although the server goes on: for an instant no table is being written, then
snapshots are taken over to connections that hold no lock, and read at leisure.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from domain.errors import UnavailableError
from postgres.queries import load_cluster

TRIES = 10
PAUSE_S = 1.0
LOOK_MS = 100
BUSY_WAIT_S = 60.0
APPLICATION_NAME = "gardenos drill"


@dataclass(frozen=True, slots=True)
class TableRows:
    """What a table holds: rows, and two sums over them; equal where the rows are."""

    rows: int
    sums: tuple[str, str]


Fingerprint = Mapping[str, TableRows]
"""By ``database/schema.table``."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A table that is not the same; None where there is none of that name."""

    table: str
    expected: TableRows | None
    found: TableRows | None


def differences(expected: Fingerprint, found: Fingerprint) -> tuple[Difference, ...]:
    """Return every table that differs, by name."""
    names = sorted(set(expected) | set(found))
    return tuple(
        Difference(name, expected.get(name), found.get(name))
        for name in names
        if expected.get(name) != found.get(name)
    )


@asynccontextmanager
async def opened(
    url: str, database: str, *, limit_s: float
) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Lend a connection whose rows read the same on every server."""
    connection = await asyncpg.connect(
        url,
        database=database,
        timeout=limit_s,
        command_timeout=limit_s,
        server_settings={
            "application_name": APPLICATION_NAME,
            "statement_timeout": str(round(limit_s * 1000)),
        },
    )
    try:
        await connection.execute(load_cluster("same_text"))
        yield connection
    finally:
        await connection.close(timeout=limit_s)


async def databases_of(url: str, *, limit_s: float) -> Sequence[str]:
    """Return the databases that hold rows."""
    async with opened(url, "postgres", limit_s=limit_s) as connection:
        return [row["datname"] for row in await connection.fetch(load_cluster("databases"))]


async def fingerprint(url: str, *, limit_s: float) -> Fingerprint:
    """Return what a server holds that nobody writes to.

    Args:
        url: For a superuser.
        limit_s: Seconds for each statement.
    """
    found: dict[str, TableRows] = {}
    for database in await databases_of(url, limit_s=limit_s):
        async with opened(url, database, limit_s=limit_s) as connection:
            found |= await rows_of(connection, database)
    return found


async def rows_of(
    connection: "asyncpg.Connection[asyncpg.Record]", database: str
) -> dict[str, TableRows]:
    """Return what a connection sees of its database."""
    found = {}
    for name in await tables_of(connection):
        row = await connection.fetchrow(load_cluster("fingerprint").replace("{table}", name))
        assert row is not None  # noqa: S101 - an aggregate has a row
        found[f"{database}/{name}"] = TableRows(row["rows"], (row["first"], row["second"]))
    return found


async def tables_of(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Return the quoted names of a database's tables."""
    return [row["name"] for row in await connection.fetch(load_cluster("tables"))]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a running server, and everything it held then."""

    at: datetime
    rows: Fingerprint


async def moment_of(url: str, *, lock_limit_s: float, limit_s: float, tries: int = TRIES) -> Moment:
    """Return what a running server holds at a moment, and that moment by its own clock.

    Every commit before it is in the rows, none after it is. Writers wait for an instant, at most
    ``lock_limit_s`` a try; readers never.

    Args:
        url: Of the primary, for a superuser.
        lock_limit_s: Longest wait for writers that are at work; tried again a few times. Four
            fifths of the server's ``deadlock_timeout`` at most, so that no writer is ever the one
            that gives up its transaction for us.
        limit_s: Seconds for each statement.
        tries: How often to try, a second apart.

    Raises:
        UnavailableError: Somebody writes without an end.
    """
    for _ in range(tries):
        try:
            return await one_moment(url, lock_limit_s=lock_limit_s, limit_s=limit_s)
        except (asyncpg.QueryCanceledError, asyncpg.DeadlockDetectedError, TablesChanged):
            await asyncio.sleep(PAUSE_S)
    what = f"some transaction writes for longer than {lock_limit_s:g} s at every try of the drill"
    raise UnavailableError(what, BUSY_WAIT_S)


class TablesChanged(Exception):  # noqa: N818 - says what happened; never leaves this file
    """A table was made or dropped while all were being held."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Of one database: who holds its tables, and who reads them afterwards."""

    database: str
    holder: "asyncpg.Connection[asyncpg.Record]"
    reader: "asyncpg.Connection[asyncpg.Record]"


async def one_moment(url: str, *, lock_limit_s: float, limit_s: float) -> Moment:
    """Hold every table, take the snapshots and the time, let go, and read."""
    async with AsyncExitStack() as reading:
        async with AsyncExitStack() as holding:
            pairs = []
            for database in await databases_of(url, limit_s=limit_s):
                holder = await holding.enter_async_context(opened(url, database, limit_s=limit_s))
                reader = await reading.enter_async_context(opened(url, database, limit_s=limit_s))
                pairs.append(Pair(database, holder, reader))
            for pair in pairs:
                # Named before the transaction, whose snapshot must begin behind the locks.
                names = await tables_of(pair.holder)
                limit_ms = await pair.holder.fetchval(
                    load_cluster("lock_limit"), round(lock_limit_s * 1000)
                )
                await holding.enter_async_context(
                    pair.holder.transaction(isolation="repeatable_read")
                )
                await hold_tables(pair.holder, names, limit_ms)
            for pair in pairs:
                snapshot = await pair.holder.fetchval("select pg_export_snapshot()")
                transaction = pair.reader.transaction(isolation="repeatable_read", readonly=True)
                await reading.enter_async_context(transaction)
                await pair.reader.execute(f"set transaction snapshot '{snapshot}'")
            at: datetime = await pairs[0].holder.fetchval("select clock_timestamp()")
        rows: dict[str, TableRows] = {}
        for pair in pairs:
            rows |= await rows_of(pair.reader, pair.database)
        return Moment(at, rows)


async def hold_tables(
    holder: "asyncpg.Connection[asyncpg.Record]", names: Sequence[str], limit_ms: int
) -> None:
    """Wait until nobody writes to any table of a database, in a transaction without a snapshot.

    Raises:
        TablesChanged: There are others by now.
    """
    if not names:
        return
    # One limit for all of them together: behind the first that is held writers wait already.
    await holder.execute(f"set local statement_timeout = {limit_ms}")
    # Looks early whether a vacuum stands in the way, which then gives way, or a deadlock.
    await holder.execute(f"set local deadlock_timeout = {LOOK_MS}")
    try:
        await holder.execute(f"lock table {', '.join(names)} in share mode")
        if await tables_of(holder) != names:
            raise TablesChanged
    except asyncpg.UndefinedTableError as error:
        raise TablesChanged from error
