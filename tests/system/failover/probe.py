"""A witness beside the product: when does which server take a write, on a connection of its own?"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress

import asyncpg
from asyncpg.connect_utils import SessionAttribute

LOOK_S = 0.01
CONNECT_LIMIT_S = 1.0
WRITE = "insert into failover_probe values (clock_timestamp())"
TABLE = "create table if not exists failover_probe (at timestamptz not null)"


async def make_table(dsn: str) -> None:
    """Make what the witness writes into."""
    connection = await asyncpg.connect(dsn, target_session_attrs=SessionAttribute.read_write)
    try:
        await connection.execute(TABLE)
    finally:
        await connection.close()


async def first_to_write(addresses: Mapping[str, str]) -> tuple[str, float]:
    """Return which of some servers takes a write first, and when on the steady clock.

    Connections to standbys stay open through a promotion, so the look is as close as the pause.

    Args:
        addresses: By name, each of one server; those that take no write now.
    """
    watches = [asyncio.create_task(_watch(name, dsn)) for name, dsn in addresses.items()]
    try:
        done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        return min((watch.result() for watch in done), key=lambda found: found[1])
    finally:
        for watch in watches:
            watch.cancel()
        await asyncio.wait(watches)


async def _watch(name: str, dsn: str) -> tuple[str, float]:
    while True:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(dsn, timeout=CONNECT_LIMIT_S)
            try:
                return name, await _write(connection)
            finally:
                connection.terminate()
        await asyncio.sleep(LOOK_S)


async def _write(connection: "asyncpg.Connection[asyncpg.Record]") -> float:
    """Return when a write was first acknowledged; raise where the connection ends."""
    while True:
        try:
            await connection.execute(WRITE)
        except asyncpg.ReadOnlySQLTransactionError:
            await asyncio.sleep(LOOK_S)
        else:
            return time.monotonic()
