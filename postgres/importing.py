"""Copy a database from an older server: schema, rows, indexes; then count and compare all of it.

Each step, and each batch of rows, commits together with the note of it, in the target's schema
``gardenos_import``: an import that was killed goes on behind its last commit. The source is only
read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from domain.errors import ConflictError, UnavailableError
from postgres.binaries import find_binaries
from postgres.failures import DRIVER_ERRORS, configuration_error, translated
from postgres.import_plan import (
    INDEXES,
    SCHEMA,
    SOURCE,
    KeyColumn,
    Progress,
    TableName,
    Tally,
    batch_query,
    check_source,
    check_target,
    differing,
    fingerprint,
    next_key_query,
    tally_query,
    to_copy,
)
from postgres.import_schema import apply_section, dump_section
from postgres.pool import guard_socket
from postgres.queries import load, load_cluster
from postgres.settings import DatabaseSettings

CONNECT_LIMIT_S = 10.0
BATCH_ROWS = 50_000
BUFFERED_PIECES = 16
LOCK_KEY = 0x696D706F7274
"""Advisory lock under which one import runs in a target: "import" in ASCII."""

TABLES = load("import_tables")
SEQUENCES = load("import_sequences")
VIEWS = load("import_views")
PREPARE = load_cluster("import_prepare")
DONE = load("import_done")
BATCH = load("import_batch")
BATCH_END = load("import_batch_end")
SESSION = {
    "application_name": "gardenos import",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "xmloption": "content",
    "search_path": "pg_catalog",
    "row_security": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
"""How values become text, the same on both servers, so that texts can be compared."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: rows and checksum by table, and which were copied in this run."""

    tallies: Mapping[str, Tally]
    copied: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Both addresses, secrets included.

    Attributes:
        step_limit_s: Seconds that one batch of rows, or one section of the schema, may take.
        batch_rows: Rows of one commit, where a table has a key to go by.
    """

    source: str
    target: str
    step_limit_s: float
    batch_rows: int = BATCH_ROWS

    def __repr__(self) -> str:
        return "Endpoints(<hidden>)"


async def import_database(endpoints: Endpoints, tell: Tell) -> Imported:
    """Copy what is not copied yet, then compare every table; safe to repeat.

    Raises:
        ConfigurationError: The source cannot be copied, or a program is missing.
        ConflictError: The target is not empty, another import runs, or rows differ in the end.
        UnavailableError: A server or a program fails; what is done stays done.
    """
    programs = find_binaries(None, major=None).folder
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(connected(endpoints.source, "source", endpoints))
        target = await stack.enter_async_context(connected(endpoints.target, "target", endpoints))
        job = Job(endpoints, source, target, tell)
        await job.begin()
        pre = await dump_section(programs / "pg_dump", endpoints.source, "pre-data")
        tables = await job.check(fingerprint(pre))
        if SCHEMA not in await job.done():
            tell("schema")
            await job.apply(programs / "psql", pre, SCHEMA)
        copied = await job.copy_all(tables)
        if INDEXES not in await job.done():
            tell("indexes and constraints")
            post = await dump_section(programs / "pg_dump", endpoints.source, "post-data")
            await job.apply(programs / "psql", post, INDEXES)
        await job.finish()
        return Imported(await job.compare(tables), tuple(copied))


@asynccontextmanager
async def connected(url: str, what: str, endpoints: Endpoints) -> AsyncIterator[Connection]:
    """Lend a connection; foreign errors become ours at this border, without a value of any row."""
    wanted = SessionAttribute.read_write if what == "target" else SessionAttribute.any
    try:
        connection: Connection = await asyncpg.connect(
            url,
            timeout=CONNECT_LIMIT_S,
            command_timeout=endpoints.step_limit_s,
            server_settings=SESSION,
            target_session_attrs=wanted,
        )
    except Exception as error:
        ours = configuration_error(error, f"the {what}'s address") or translated(error)
        if ours is None:
            raise
        raise ours from error
    guard_socket(connection, DatabaseSettings())
    try:
        yield connection
    except DRIVER_ERRORS as error:
        ours = translated(error)
        if ours is not None:
            raise ours from error
        table = getattr(error, "table_name", None)
        words = f"{type(error).__name__} (SQLSTATE {getattr(error, 'sqlstate', None)})"
        place = f" at table {table}" if table else ""
        raise UnavailableError(f"the import stopped{place}: {words}", 5.0) from error
    finally:
        connection.terminate()


@dataclass(frozen=True, slots=True)
class Job:
    """An import on two open connections, which stay the caller's."""

    endpoints: Endpoints
    source: Connection
    target: Connection
    tell: Tell

    async def begin(self) -> None:
        """Take the lock and make the place for notes.

        Raises:
            ConflictError: Another import holds the lock.
        """
        if not await self.target.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):
            raise ConflictError("target", "database", "another import is at work")
        await self.target.execute(PREPARE)

    async def done(self) -> dict[str, str]:
        """Return steps done, with their notes."""
        rows = await self.target.fetch("select name, note from gardenos_import.steps")
        return {row["name"]: row["note"] for row in rows}

    async def check(self, source: str) -> list[TableName]:
        """Return the source's tables, once both ends are fit; ``source`` is its fingerprint."""
        version = int(await self.source.fetchval("show server_version_num"))
        large = await self.source.fetchval("select count(*) from pg_largeobject_metadata")
        check_source(version, large)
        tables = await tables_of(self.source)
        wanted = {one.name for one in tables}
        present = [one.name for one in await tables_of(self.target) if one.name in wanted]
        check_target(await self.done(), present, source=source)
        await self.target.execute(DONE, SOURCE, source)
        return tables

    async def apply(self, psql: Path, script: str, step: str) -> None:
        """Run a section of the schema; its note commits with it."""
        limit_s = self.endpoints.step_limit_s
        await apply_section(psql, self.endpoints.target, script, step=step, limit_s=limit_s)

    async def copy_all(self, tables: Sequence[TableName]) -> list[str]:
        """Copy the tables that are not, and those whose rows differ from the source's now."""
        done = await self.done()
        before = [one for one in tables if one.step in done]
        stale = differing(await tallies(self.source, before), await tallies(self.target, before))
        if stale and INDEXES in done:
            why = f"rows differ in {', '.join(stale[:5])}: the source was written to; import anew"
            raise ConflictError("import", "database", why)
        wanted = to_copy(tables, done, stale)
        resumed = [one for one in wanted if await self.copy(one)]
        # What was copied before the break may have changed since, on either side.
        stale = differing(await tallies(self.source, resumed), await tallies(self.target, resumed))
        for one in resumed:
            if one.name in stale:
                await self.copy(one)
        return [one.name for one in wanted]

    async def copy(self, table: TableName) -> bool:
        """Bring a table's rows, batch by batch; tell whether a run before had begun with it."""
        self.tell(table.name)
        got = await self.progress(table)
        last, rows = (got.last_key, got.rows) if got else (None, 0)
        while True:
            async with asyncio.timeout(self.endpoints.step_limit_s):
                upto = await self.next_key(table, last)
                async with self.target.transaction():
                    if last is None:
                        # Its rows alone: what inherits from it is copied for itself.
                        await self.target.execute(f"truncate only {table.name}")
                    rows += await self.copy_batch(table, last, upto)
                    if upto is None:
                        await self.target.execute(DONE, table.step, "")
                        await self.target.execute(BATCH_END, table.name)
                        return got is not None
                    await self.target.execute(BATCH, table.name, upto, rows)
            last = upto
            self.tell(f"{table.name}: {rows:,} rows")

    async def progress(self, table: TableName) -> Progress | None:
        """Return how far a table is copied, or None where nothing of it is."""
        row = await self.target.fetchrow(
            "select last_key, copied_rows from gardenos_import.batches where table_name = $1",
            table.name,
        )
        return Progress(tuple(row["last_key"]), row["copied_rows"]) if row else None

    async def next_key(
        self, table: TableName, last: tuple[str, ...] | None
    ) -> tuple[str, ...] | None:
        """Return the last key of the next batch; None where that is the last batch."""
        if not table.key:
            return None
        query = next_key_query(table, is_first=last is None)
        found = await self.source.fetchval(query, *(last or ()), self.endpoints.batch_rows - 1)
        return tuple(found) if found is not None else None

    async def copy_batch(
        self, table: TableName, last: tuple[str, ...] | None, upto: tuple[str, ...] | None
    ) -> int:
        """Pass rows on through a bounded buffer; return how many, or raise what either end does."""
        pieces: asyncio.Queue[bytes] = asyncio.Queue(BUFFERED_PIECES)
        query = batch_query(table, is_first=last is None, is_last=upto is None)

        async def read() -> None:
            try:
                await self.source.copy_from_query(
                    query, *(last or ()), *(upto or ()), output=pieces.put
                )
            except Exception:
                # Who waits for more is let go, and learns why below: nothing of this commits.
                await pieces.put(b"")
                raise
            await pieces.put(b"")

        async def written() -> AsyncIterator[bytes]:
            while piece := await pieces.get():
                yield piece

        reading = asyncio.create_task(read(), name="import_read")
        try:
            told = await self.target.copy_to_table(
                table.relation, schema_name=table.schema, columns=table.columns, source=written()
            )
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        return int(told.split()[-1])

    async def finish(self) -> None:
        """Put sequences where they were, and fill materialized views."""
        for row in await self.source.fetch(SEQUENCES):
            if row["at"] is not None:
                await self.target.execute("select setval($1::regclass, $2)", row["name"], row["at"])
        for row in await self.target.fetch(VIEWS):
            await self.target.execute(f"refresh materialized view {row['name']}")

    async def compare(self, tables: Sequence[TableName]) -> dict[str, Tally]:
        """Return each table's tally, once both sides agree.

        Raises:
            ConflictError: They do not: the source was written to meanwhile.
        """
        self.tell("compare")
        theirs, ours = await asyncio.gather(
            tallies(self.source, tables), tallies(self.target, tables)
        )
        if wrong := differing(theirs, ours):
            why = f"rows differ in {', '.join(wrong[:5])}; stop the source's writers, import anew"
            raise ConflictError("import", "database", why)
        return ours


async def tables_of(connection: Connection) -> list[TableName]:
    """Return the tables of a database, quoted by the server."""
    rows = await connection.fetch(TABLES)
    return [table_of(row) for row in rows]


def table_of(row: asyncpg.Record) -> TableName:
    """Return a table as the query gives it."""
    names, kinds = row["key_names"] or (), row["key_kinds"] or ()
    key = tuple(KeyColumn(name, kind) for name, kind in zip(names, kinds, strict=True))
    columns = tuple(row["columns"] or ())
    return TableName(row["name"], row["schema"], row["relation"], columns, key)


async def tallies(connection: Connection, tables: Sequence[TableName]) -> dict[str, Tally]:
    """Return rows and checksum of each table."""
    found = {}
    for one in tables:
        rows, checksum = await connection.fetchrow(tally_query(one)) or (0, 0)
        found[one.name] = Tally(int(rows), str(checksum))
    return found
