"""The pool on a real cluster: nothing acknowledged is lost, and no dead host stops it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from domain.errors import DatabaseUnavailableError
from postgres.pool import Database, open_database
from postgres.settings import DatabaseSettings
from tests.patroni.cluster import PatroniCluster

LIMIT_S = 40.0
SETTINGS = DatabaseSettings(max_size=4, command_limit_s=5.0)
WRITERS = 4
AGAIN_S = 0.02


@pytest.fixture
async def owner(cluster: PatroniCluster) -> AsyncIterator[Database]:
    """Give a pool that may define tables, with an empty one."""
    address = cluster.owner_dsn
    async with open_database(lambda: address, SETTINGS) as opened:
        await opened.execute("drop table if exists written")
        await opened.execute("create table written (number bigint primary key)")
        yield opened


@pytest.fixture
async def pool(cluster: PatroniCluster, owner: Database) -> AsyncIterator[Database]:
    """Give the application's pool, whose address names all hosts."""
    address = cluster.dsn
    async with open_database(lambda: address, SETTINGS) as opened:
        yield opened


class Writers:
    """Writers that go on whatever happens, and remember what was acknowledged."""

    def __init__(self, pool: Database) -> None:
        self._pool = pool
        self._next = 0
        self.acknowledged: set[int] = set()
        self.refusals = 0

    async def write(self) -> None:
        """Write until cancelled."""
        while True:
            self._next += 1
            number = self._next
            try:
                await self._pool.execute("insert into written values ($1)", number)
            except DatabaseUnavailableError:
                self.refusals += 1
            else:
                self.acknowledged.add(number)
            await asyncio.sleep(AGAIN_S)

    async def more(self, count: int = 50) -> None:
        """Wait until so many more were acknowledged."""
        goal = len(self.acknowledged) + count
        async with asyncio.timeout(LIMIT_S):
            while len(self.acknowledged) < goal:  # noqa: ASYNC110 - looking is what it does
                await asyncio.sleep(AGAIN_S)


async def served_by(pool: Database) -> str:
    """Return the address of the server that the pool writes to."""
    row = await pool.fetchrow("select host(inet_server_addr())")
    return str(row[0]) if row else ""


async def test_writes_go_on_through_a_switchover_and_a_crash_and_none_is_lost(
    cluster: PatroniCluster, pool: Database
) -> None:
    writers = Writers(pool)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(writers.write()) for _ in range(WRITERS)]
        await writers.more()
        new = await asyncio.to_thread(cluster.switchover)
        await writers.more()
        after_switchover = await served_by(pool)
        await asyncio.to_thread(cluster.wait_for_synchronous_standby)
        await asyncio.to_thread(cluster.kill_postgres, new)
        newest = await asyncio.to_thread(cluster.wait_for_leader, other_than=new)
        await writers.more()
        for task in tasks:
            task.cancel()

    kept = {row[0] for row in await pool.fetch("select number from written")}
    assert writers.acknowledged <= kept
    assert after_switchover == cluster.nodes[new].host
    assert await served_by(pool) == cluster.nodes[newest].host


async def test_a_silent_host_in_front_does_not_hold_up_a_connection(
    cluster: PatroniCluster, owner: Database
) -> None:
    leader = await asyncio.to_thread(cluster.wait_for_leader)
    frozen = next(name for name in cluster.names if name != leader)
    hosts = [cluster.nodes[name].host for name in (frozen, leader)]
    first, second = (f"{host}:{cluster.postgres_port}" for host in hosts)
    every = ",".join(f"{node.host}:{cluster.postgres_port}" for node in cluster.nodes.values())
    address = cluster.dsn.replace(every, f"{first},{second}")
    await asyncio.to_thread(cluster.freeze, frozen)
    try:
        async with open_database(lambda: address, SETTINGS) as database:
            assert await served_by(database) == cluster.nodes[leader].host
    finally:
        await asyncio.to_thread(cluster.thaw, frozen)
