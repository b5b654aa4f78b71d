"""The bounded pool of connections, and the border at which foreign errors become ours."""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import Pool, PoolConnectionProxy
from asyncpg.transaction import Transaction

from postgres.failures import (
    breaks_connection,
    breaks_pool,
    configuration_error,
    sqlstate_of,
    translated,
)
from postgres.primary import Place, PrimarySearch, places_of
from postgres.settings import DatabaseSettings

logger = logging.getLogger(__name__)

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
"""A connection that its borrower gives back by leaving the block."""

GIVE_BACK_S = 0.25
"""How long a cancelled statement may take to end before its connection is dropped instead."""

CLOSE_S = 5.0
KEEPALIVE_PROBES = 3


class Database:
    """A pool of connections to the primary; made by :func:`open_database`.

    Every method raises DatabaseUnavailableError where the database cannot be used now. A
    connection that saw a fail-over is dropped, and all others are replaced before their next use.
    """

    def __init__(self, pool: "Pool[asyncpg.Record]", settings: DatabaseSettings) -> None:
        self._pool = pool
        self._settings = settings

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; each statement on it is a transaction of its own."""
        lent = await self._acquire()
        try:
            yield lent
        except asyncio.CancelledError:
            await self._give_back(lent, limit_s=GIVE_BACK_S)
            raise
        except Exception as error:
            await self._take_back(lent, error)
            ours = translated(error)
            if ours is None:
                raise
            raise ours from error
        else:
            await self._give_back(lent, limit_s=self._settings.command_limit_s)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction: committed at the end, rolled back on an error."""
        async with self.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                yield connection
            except BaseException as error:
                await undo(connection, transaction, error)
                raise
            await transaction.commit()

    async def fetch(self, query: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Run one statement and return its rows."""
        async with self.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> asyncpg.Record | None:
        """Run one statement and return its first row, or None."""
        async with self.connection() as connection:
            return await connection.fetchrow(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> None:
        """Run one statement and drop what it returns."""
        async with self.connection() as connection:
            await connection.execute(query, *arguments)

    async def check(self) -> None:
        """Prove that the database answers."""
        await self.execute("select 1")

    async def _acquire(self) -> Connection:
        try:
            return await self._pool.acquire(timeout=self._settings.acquire_limit_s)
        except Exception as error:
            ours = translated(error)
            if ours is None:
                raise
            raise ours from error

    async def _take_back(self, lent: Connection, error: Exception) -> None:
        """Take back a connection on which a statement failed."""
        if breaks_pool(error):
            logger.info("database_connections_replaced", extra={"sqlstate": sqlstate_of(error)})
            await self._pool.expire_connections()
        if isinstance(error, TimeoutError) or breaks_connection(error):
            with suppress(Exception):
                lent.terminate()
        await self._give_back(lent, limit_s=GIVE_BACK_S)

    async def _give_back(self, lent: Connection, *, limit_s: float) -> None:
        """Return a connection to the pool; one that cannot be cleaned in time is dropped there."""
        try:
            await self._pool.release(lent, timeout=limit_s)
        except Exception as error:  # noqa: BLE001 - asyncpg has dropped the connection by now
            logger.info("database_connection_dropped", extra={"error": type(error).__name__})


async def undo(connection: Connection, transaction: Transaction, error: BaseException) -> None:
    """Roll back where the connection is sound, within a bounded time; else drop it.

    The server rolls back what a dropped connection had open.
    """
    sound = not isinstance(error, TimeoutError) and not breaks_connection(error)
    if sound:
        try:
            async with asyncio.timeout(GIVE_BACK_S):
                await transaction.rollback()
        except Exception as failure:  # noqa: BLE001 - the first error is the one to tell
            logger.info("database_rollback_failed", extra={"error": type(failure).__name__})
            sound = False
    if not sound:
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


@asynccontextmanager
async def open_database(
    url: Callable[[], str], settings: DatabaseSettings
) -> AsyncIterator[Database]:
    """Open a pool for the length of the block.

    Args:
        url: Returns the address, secret included; asked at each new connection, so that a changed
            password is taken up without a restart.
        settings: Sizes and limits. With ``min_size`` 0 nothing is connected yet.

    Raises:
        ConfigurationError: The address is none, or the login is refused (``min_size`` over 0).
        DatabaseUnavailableError: The database does not answer (``min_size`` over 0).
    """

    async def forget_the_old_primary() -> None:
        logger.info("database_primary_moved")
        await pool.expire_connections()

    search = PrimarySearch(forget_the_old_primary)

    async def connect(*_: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
        return await connect_once(url(), settings, search=search, **options)

    pool = asyncpg.create_pool(
        connect=connect,
        min_size=settings.min_size,
        max_size=settings.max_size,
        max_inactive_connection_lifetime=settings.idle_s,
        reset=keep_session,
    )
    try:
        await pool
    except Exception as error:
        ours = configuration_error(error, name_of_url(settings)) or translated(error)
        if ours is None:
            raise
        raise ours from error
    try:
        yield Database(pool, settings)
    finally:
        await close_pool(pool)


def name_of_url(settings: DatabaseSettings) -> str:
    """Return what the user calls the setting that holds the address."""
    return settings.url_variable if settings.url_variable and not settings.url_file else "url_file"


def name_of_migration_url(settings: DatabaseSettings) -> str:
    """Return what the user calls the setting that holds the address for migrations."""
    if settings.migration_url_file:
        return "migration_url_file"
    return f"{settings.migration_url_variable or ''} or {name_of_url(settings)}".removeprefix(
        " or "
    )


async def close_pool(pool: "Pool[asyncpg.Record]") -> None:
    """Close a pool, waiting a bounded time for what is still lent."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await pool.close()
    except Exception as error:  # noqa: BLE001 - closing was tried; nobody could do better
        logger.info("database_pool_terminated", extra={"error": type(error).__name__})
        pool.terminate()


async def connect_once(
    url: str, settings: DatabaseSettings, *, search: PrimarySearch | None = None, **options: Any
) -> "asyncpg.Connection[asyncpg.Record]":
    """Open one connection to the primary with our session settings and a guarded socket.

    Args:
        url: The address. Where it names several hosts, the one that takes writes is searched for,
            up to ``connect_limit_s`` long; where it names one, that one is asked once.
        settings: Limits, and what the session sets.
        search: What is known of where the primary is; None knows nothing yet.
        options: Of asyncpg's own, as its pool passes them.
    """

    async def open_at(place: Place | None) -> "asyncpg.Connection[asyncpg.Record]":
        named: dict[str, Any] = {"host": place.host, "port": place.port} if place else {}
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            url,
            timeout=settings.connect_limit_s,
            command_timeout=settings.command_limit_s,
            server_settings=session_settings(settings),
            target_session_attrs=SessionAttribute.read_write,
            **named,
            **options,
        )
        guard_socket(connection, settings)
        return connection

    places = places_of(url)
    if len(places) <= 1:
        return await open_at(None)
    search = search or PrimarySearch()
    return await search.connect(places, open_at, limit_s=settings.connect_limit_s)


def session_settings(settings: DatabaseSettings) -> dict[str, str]:
    """Return what every session sets on the server; durations in milliseconds."""
    return {
        "application_name": settings.application_name,
        "timezone": "UTC",
        # A plan made on a small table stays for ever otherwise; see the claim's query.
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
        "statement_timeout": milliseconds(settings.command_limit_s),
        "transaction_timeout": milliseconds(settings.transaction_limit_s),
        "idle_in_transaction_session_timeout": milliseconds(settings.idle_in_transaction_limit_s),
        "client_connection_check_interval": "2000",
    }


def milliseconds(duration_s: float) -> str:
    """Return a duration as the server reads one."""
    return str(max(1, round(duration_s * 1000)))


def guard_socket(
    connection: "asyncpg.Connection[asyncpg.Record]", settings: DatabaseSettings
) -> None:
    """Let TCP notice a peer that went away without a word; asyncpg itself sets nothing."""
    transport: asyncio.Transport = connection._transport  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
    guarded = transport.get_extra_info("socket")
    if guarded is None or guarded.family == socket.AF_UNIX:
        return
    guarded.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        tcp = socket.IPPROTO_TCP
        guarded.setsockopt(tcp, socket.TCP_KEEPIDLE, settings.keepalive_idle_s)
        guarded.setsockopt(tcp, socket.TCP_KEEPINTVL, settings.keepalive_interval_s)
        guarded.setsockopt(tcp, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
        limit_ms = round(settings.unacknowledged_limit_s * 1000)
        guarded.setsockopt(tcp, socket.TCP_USER_TIMEOUT, limit_ms)


async def keep_session(_connection: object) -> None:
    """Do nothing when a connection comes back: no store changes its session.

    asyncpg rolls an open transaction back before it asks this; its usual reset would cost a round
    trip at every use.
    """
