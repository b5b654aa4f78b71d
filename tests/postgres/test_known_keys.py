"""A known idempotency key is a promise too: it waits for the standby like a new task."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest

from domain.errors import DatabaseUnavailableError
from postgres.embedded import EmbeddedServer
from postgres.pool import open_database
from tests.database import SETTINGS, run_sql
from tests.postgres.queue_world import World, noop

LIMIT_S = 20.0
HASTY = SETTINGS.model_copy(update={"command_limit_s": 2.0})
STORED = "select count(*) from tasks where idempotency_key = 'key'"
BOTH_WAIT = "select count(*) > 1 from pg_stat_activity where wait_event = 'SyncRep'"
ASKED = replace(noop(), idempotency_key="key", request_digest=b"1")


@pytest.fixture
async def without_standby(postgres_server: EmbeddedServer, dsn: str) -> AsyncIterator[str]:
    """Give the address of a primary whose synchronous standby is away: no commit ends."""
    admin = postgres_server.superuser_dsn
    name = str(await run_sql(dsn, "select current_database()"))
    await run_sql(dsn, f"alter database {name} set synchronous_commit = on", "select 1")
    away = "alter system set synchronous_standby_names = 'away'"
    await run_sql(admin, away, "select pg_reload_conf()")
    try:
        yield dsn
    finally:
        back = "alter system reset synchronous_standby_names"
        await run_sql(admin, back, "select pg_reload_conf()")


async def test_a_known_key_is_no_promise_before_a_standby_has_its_task(
    without_standby: str,
) -> None:
    async with open_database(lambda: without_standby, HASTY) as database:
        world = World(database)
        async with asyncio.timeout(LIMIT_S):
            await until_commits_wait(world)
            admitting = asyncio.create_task(world.admit(ASKED))
            while not await run_sql(without_standby, BOTH_WAIT):  # noqa: ASYNC110 - looking is what it does
                await asyncio.sleep(0.01)
            admitting.cancel()
            # Whoever stops such a wait leaves the task committed here, and nowhere else.
            while not await run_sql(without_standby, STORED):  # noqa: ASYNC110 - looking is what it does
                await asyncio.sleep(0.01)

        with pytest.raises(DatabaseUnavailableError):
            await world.admit(replace(ASKED, task_id=noop().task_id))


async def until_commits_wait(world: World) -> None:
    """Admit until the server has taken up that its standby is away."""
    with suppress(DatabaseUnavailableError):
        while True:
            await world.admit(noop())
