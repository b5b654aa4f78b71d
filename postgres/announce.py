"""Hints between orchestrators that a kind of task is waiting: NOTIFY after the commit, LISTEN.

A hint may be lost; the poll finds what it missed. NOTIFY inside a commit takes a lock of the whole
instance, so one process sends at most one statement per ``gap_s``, apart from any transaction.
"""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

import asyncpg

from domain.errors import DatabaseUnavailableError
from domain.ids import AgentKind
from postgres import queries
from postgres.failures import translated
from postgres.pool import Database, connect_once
from postgres.settings import DatabaseSettings

logger = logging.getLogger(__name__)

CHANNEL = "gardenos_tasks"
GAP_S = 0.02
"""Shortest time between two announcements of one process; the first after silence goes at once."""

FIRST_RETRY_S = 0.2
LAST_RETRY_S = 5.0


class Announcer:
    """Tells other orchestrators which kinds got queued tasks; runs inside ``async with``."""

    def __init__(self, database: Database, *, gap_s: float = GAP_S) -> None:
        self._database = database
        self._gap_s = gap_s
        self._kinds: set[AgentKind] = set()
        self._some = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    def announce(self, kind: AgentKind) -> None:
        """Say that tasks of this kind were committed as queued; returns at once.

        Outside the block nothing is sent: the poll finds the tasks.
        """
        self._kinds.add(kind)
        self._some.set()

    async def __aenter__(self) -> Self:
        self._sender = asyncio.create_task(self._send_for_ever(), name="announcer")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait([self._sender])

    async def _send_for_ever(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            kinds, self._kinds = sorted(self._kinds), set()
            try:
                await self._database.execute(queries.load("announce"), CHANNEL, kinds)
            except DatabaseUnavailableError as error:
                logger.info("announcement_lost", extra={"kinds": kinds, "error": str(error)})
            except Exception:
                # The loop's top: its end would leave every later task to the poll.
                logger.exception("announcement_failed", extra={"kinds": kinds})
            await asyncio.sleep(self._gap_s)


async def listen(
    url: Callable[[], str],
    settings: DatabaseSettings,
    on_hint: Callable[[AgentKind | None], None],
) -> None:
    """Call ``on_hint`` for every announcement, on a connection of its own, until cancelled.

    Args:
        url: Returns the address, secret included; asked at each connection.
        settings: Limits of the connection.
        on_hint: Gets the kind, or None after each (re)connection: hints may have been missed.
    """
    retry_s = FIRST_RETRY_S
    while True:
        try:
            await listen_once(url(), settings, on_hint)
            retry_s = FIRST_RETRY_S
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            ours = translated(error)
            logger.info("listener_disconnected", extra={"error": str(ours or type(error).__name__)})
        await asyncio.sleep(retry_s)
        retry_s = min(LAST_RETRY_S, 2 * retry_s)


async def listen_once(
    url: str, settings: DatabaseSettings, on_hint: Callable[[AgentKind | None], None]
) -> None:
    """Listen until the connection ends."""
    connection = await connect_once(url, settings)
    ended = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(CHANNEL, lambda *said: on_hint(AgentKind(str(said[-1]))))
        on_hint(None)
        await ended.wait()
    finally:
        connection.terminate()
