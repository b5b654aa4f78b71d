"""Hints between orchestrators: quick, few, and never a reason to fail."""

import asyncio
from typing import cast

import asyncpg

from domain.errors import ConfigurationError
from domain.ids import AgentKind
from postgres.announce import CHANNEL, Announcer, listen
from postgres.pool import Database
from tests.database import SETTINGS

A, B = AgentKind("a"), AgentKind("b")
LIMIT_S = 10.0
NEVER_S = 3600.0


class Heard:
    """Collects hints."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[AgentKind | None] = asyncio.Queue()

    async def next(self) -> AgentKind | None:
        """Return the next hint; fail where none comes."""
        async with asyncio.timeout(LIMIT_S):
            return await self.queue.get()


async def test_an_announcement_reaches_every_listener(database: Database, dsn: str) -> None:
    ears = [Heard(), Heard()]
    async with asyncio.TaskGroup() as group, Announcer(database) as announcer:
        tasks = [group.create_task(listen(lambda: dsn, SETTINGS, e.queue.put_nowait)) for e in ears]
        assert [await ear.next() for ear in ears] == [None, None]

        announcer.announce(A)

        assert [await ear.next() for ear in ears] == [A, A]
        for task in tasks:
            task.cancel()


async def test_many_announcements_at_once_are_one_statement(database: Database, dsn: str) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(dsn)
    await connection.add_listener(CHANNEL, lambda *what: said.put_nowait(str(what[-1])))

    async with Announcer(database, gap_s=NEVER_S) as announcer:
        for _ in range(100):
            announcer.announce(A)
            announcer.announce(B)
        async with asyncio.timeout(LIMIT_S):
            heard = [await said.get(), await said.get()]

    await connection.close()
    assert sorted(heard) == [A, B]
    assert said.empty()


async def test_a_listener_comes_back_and_says_that_it_may_have_missed_something(
    database: Database, dsn: str
) -> None:
    ear = Heard()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listen(lambda: dsn, SETTINGS, ear.queue.put_nowait))
        assert await ear.next() is None

        await database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and query ilike 'listen%'"
        )

        assert await ear.next() is None
        task.cancel()


async def test_announcing_while_the_database_is_away_fails_nobody(database: Database) -> None:
    async with Announcer(database, gap_s=0.0) as announcer:
        await database._pool.close()
        announcer.announce(A)
        for _ in range(10):
            await asyncio.sleep(0)

        assert announcer._sender is not None
        assert not announcer._sender.done()


class Flawed:
    """Stands in for a database whose address cannot be read at first."""

    def __init__(self) -> None:
        self.asked = 0
        self.told = asyncio.Event()

    async def execute(self, *_: object) -> None:
        """Fail once."""
        self.asked += 1
        if self.asked == 1:
            raise ConfigurationError("database.url_file", "/gone", "a readable file")
        self.told.set()


async def test_an_error_that_nobody_foresaw_ends_no_announcements() -> None:
    database = Flawed()
    async with Announcer(cast(Database, database), gap_s=0.0) as announcer:
        announcer.announce(A)
        async with asyncio.timeout(LIMIT_S):
            while not database.asked:  # noqa: ASYNC110 - looking is what it does
                await asyncio.sleep(0)
            announcer.announce(B)
            await database.told.wait()
