"""The drill's instant of held tables never costs a writer its transaction."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
import pytest

from postgres.embedded import EmbeddedServer
from postgres.fingerprint import APPLICATION_NAME, LOOK_MS, moment_of
from tests.database import run_sql, with_database

WAITS = """
select count(*) from pg_locks l join pg_stat_activity a using (pid)
where not l.granted and a.datname = current_database() and (a.application_name = $1) = $2
"""
DEADLOCK_TIMEOUT_S = 1.0
"""The server's default: after that long a waiting transaction looks whether to give itself up."""


@dataclass(frozen=True)
class Scene:
    """A database with two tables, and connections into it."""

    admin: str
    writer: "asyncpg.Connection[asyncpg.Record]"
    other: "asyncpg.Connection[asyncpg.Record]"
    watcher: "asyncpg.Connection[asyncpg.Record]"

    async def until_waiting(self, *, drill: bool) -> None:
        """Look until the drill, or somebody else, waits for a lock."""
        async with asyncio.timeout(20):
            while not await self.watcher.fetchval(WAITS, APPLICATION_NAME, drill):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)


@pytest.fixture
async def scene(postgres_server: EmbeddedServer, dsn: str) -> AsyncIterator[Scene]:
    """Give the scene in a fresh database."""
    admin = postgres_server.superuser_dsn
    inside = with_database(admin, urlsplit(dsn).path.strip("/"))
    await run_sql(inside, "create table aaa (x int)", "create table zzz (x int)", "select 1")
    async with AsyncExitStack() as stack:
        connections = []
        for _ in range(3):
            connection = await asyncpg.connect(inside)
            stack.push_async_callback(connection.close)
            connections.append(connection)
        yield Scene(admin, *connections)


@pytest.mark.slow
@pytest.mark.parametrize("limit_s", [0.8, 60])
async def test_a_writer_that_meets_the_drill_crosswise_is_never_the_one_to_give_way(
    scene: Scene, limit_s: float
) -> None:
    mine, others = scene.writer.transaction(), scene.other.transaction()
    await mine.start()
    await scene.writer.execute("insert into zzz values (1)")
    await others.start()
    await scene.other.execute(
        "insert into leads (tenant_id, lead_id, document, status) values ('t', 'l', '{}', 'new')"
    )
    noting = asyncio.create_task(moment_of(scene.admin, lock_limit_s=limit_s, limit_s=30))
    # It holds aaa and waits for leads.
    await scene.until_waiting(drill=True)
    writing = asyncio.create_task(scene.writer.execute("insert into aaa values (1)"))
    await scene.until_waiting(drill=False)
    # Where it is still there now, it comes to wait for zzz: each waits for the other.
    await asyncio.sleep(DEADLOCK_TIMEOUT_S * 0.7)
    await others.commit()

    await writing
    await mine.commit()
    moment = await noting

    name = await scene.watcher.fetchval("select current_database()")
    assert moment.rows[f"{name}/public.aaa"].rows == 1
    assert moment.rows[f"{name}/public.zzz"].rows == 1


@pytest.mark.slow
async def test_a_writer_that_comes_after_the_drill_has_looked_does_not_give_way_either(
    scene: Scene,
) -> None:
    mine = scene.writer.transaction()
    await mine.start()
    await scene.writer.execute("insert into zzz values (1)")
    noting = asyncio.create_task(moment_of(scene.admin, lock_limit_s=60, limit_s=30))
    # It holds aaa and waits for zzz, has looked for a deadlock and found none.
    await scene.until_waiting(drill=True)
    await asyncio.sleep(3 * LOOK_MS / 1000)

    await scene.writer.execute("insert into aaa values (1)")
    await mine.commit()
    await noting
