"""How long do a backup, a restore, a drill and an import take, and how long does a writer wait?

Run: ``python -m benchmarks.postgres_tools [--rows 200000]``. Prints one JSON line. On this machine
alone: a server with durable commits, its encrypted repository and its throwaway copy on one disk;
then a PostgreSQL 16 whose rows are copied into a PostgreSQL 18.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import asyncpg

from postgres.backup_info import BackupKind
from postgres.drill import drill
from postgres.embedded import EmbeddedOptions, start_embedded
from postgres.importing import Endpoints, import_database
from tests.database import NOT_DURABLE, run_sql, with_database
from tests.postgres.backup_world import Archive, prepared
from tests.serve_app.cluster.old_server import old_server

T = TypeVar("T")

DATABASE = "gardenos"
PROBE_EVERY_S = 0.002
FILL = """
create table filled (
    n bigint primary key, tenant text not null, at timestamptz not null, document jsonb not null
)
"""
ROWS = """
insert into filled
select
    n, 'tenant ' || n % 50, '2026-01-01'::timestamptz + n * interval '1 s',
    jsonb_build_object('name', md5(n::text), 'note', repeat(md5(n::text), 6))
from generate_series(1, {rows}) as n
"""
SIZE = "select pg_database_size(current_database())"


async def timed(work: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    """Return what a piece of work gives, and its seconds."""
    began_s = time.monotonic()
    given = await work()
    return given, round(time.monotonic() - began_s, 1)


async def longest_wait_s(url: str, stop: asyncio.Event) -> float:
    """Write one row after the other until told to stop; return the longest wait for a commit."""
    connection = await asyncpg.connect(url)
    longest_s = 0.0
    try:
        await connection.execute("create table if not exists probed (at timestamptz)")
        while not stop.is_set():
            began_s = time.monotonic()
            await connection.execute("insert into probed values (clock_timestamp())")
            longest_s = max(longest_s, time.monotonic() - began_s)
            await asyncio.sleep(PROBE_EVERY_S)
    finally:
        await connection.close()
    return longest_s


async def backups(archive: Archive, rows: int) -> dict[str, Any]:
    """Back up in three ways, then prove it beside a writer."""
    url = with_database(archive.admin, DATABASE)
    await run_sql(url, FILL, ROWS.format(rows=rows), "checkpoint", "select 1")
    size_bytes = await run_sql(url, SIZE)
    await archive.tool.create_stanza()
    full, full_s = await timed(lambda: archive.tool.backup(BackupKind.FULL))
    await run_sql(url, "update filled set tenant = 'x' where n % 10 = 0", "select 1")
    _, differential_s = await timed(lambda: archive.tool.backup(BackupKind.DIFFERENTIAL))
    await run_sql(url, "update filled set tenant = 'y' where n % 100 = 0", "select 1")
    _, incremental_s = await timed(lambda: archive.tool.backup(BackupKind.INCREMENTAL))
    stop = asyncio.Event()
    writer = asyncio.create_task(longest_wait_s(url, stop))
    try:
        report, drill_s = await timed(lambda: drill(archive.admin, archive.tool))
    finally:
        stop.set()
    return {
        "database_bytes": size_bytes,
        "stored_bytes": full.stored_bytes,
        "full_backup_s": full_s,
        "differential_backup_s": differential_s,
        "incremental_backup_s": incremental_s,
        "restore_and_recovery_s": round(report.restore_s, 1),
        "drill_s": drill_s,
        "drill_passed": report.passed,
        "drill_rows": report.rows,
        "writers_longest_wait_ms": round(1000 * await writer),
    }


def of_backups(folder: Path, rows: int) -> dict[str, Any]:
    """Measure backups on a server of their own."""
    tool, options = prepared(folder / "backups")
    durable = {k: v for k, v in options.server_settings.items() if k not in NOT_DURABLE}
    options = replace(options, server_settings=durable)
    with start_embedded(folder / "backups" / "server", options) as server:
        return asyncio.run(backups(Archive(server, tool, folder), rows))


def of_import(folder: Path, rows: int) -> dict[str, Any]:
    """Measure an import into a server of its own."""
    with (
        old_server() as old,
        start_embedded(folder / "target", EmbeddedOptions()) as server,
    ):
        asyncio.run(run_sql(old, FILL, ROWS.format(rows=rows), "select 1"))
        target = with_database(server.dsn, "taken_over")
        asyncio.run(run_sql(server.dsn, "create database taken_over", "select 1"))
        ends = Endpoints(old, target, 3600.0)
        done, import_s = asyncio.run(timed(lambda: import_database(ends, lambda _: None)))
        _, again_s = asyncio.run(timed(lambda: import_database(ends, lambda _: None)))
    copied = sum(one.rows for one in done.tallies.values())
    return {
        "import_rows": copied,
        "import_s": import_s,
        "import_rows_per_s": round(copied / import_s),
        "compare_only_s": again_s,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Backup, restore, drill, import.")
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    with TemporaryDirectory(prefix="gardenos-tools-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        told = {"rows": rows, **of_backups(folder, rows), **of_import(folder, rows)}
    print(json.dumps({"benchmark": "postgres_tools", "cores": os.cpu_count(), **told}))


if __name__ == "__main__":
    main()
