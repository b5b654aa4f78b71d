"""A look at the queue in Postgres: what waits, whose it is, what ended."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import OverloadedError
from domain.ids import AgentKind, TenantId
from domain.queue_look import QueueLook
from domain.task import Admission, Priority, Release
from postgres import queue_gauge
from postgres.pool import Database
from postgres.queue_gauge import PostgresQueueGauge
from tests.postgres.queue_world import NOOP, World, analyse, lead, noop, success

OTHER = AgentKind("lead_analysis")


async def looked(world: World, *, cap: int = 1000, kind: AgentKind = NOOP) -> QueueLook:
    return (await PostgresQueueGauge(world.database).look([NOOP, OTHER], cap=cap, since=None))[kind]


async def test_an_empty_queue_is_looked_at(database: Database) -> None:
    look = await looked(World(database))
    assert (look.waiting, look.tenants, look.unnamed, look.finished) == (0, {}, 0, 0)


async def test_what_is_in_line_or_waits_for_its_back_off_counts_and_nothing_else(
    database: Database,
) -> None:
    world = World(database)
    await world.admit(*(noop("a") for _ in range(5)), *(noop("b") for _ in range(3)))
    await world.admit(analyse(lead("x")), analyse(lead("y"), direct=True))
    first, second, third, *_ = await world.claim(limit=4)
    waits = Release(first.task_id, first.attempt, 60.0, "x: y", crashed=False)
    back = Release(second.task_id, second.attempt, 0.0, "x: y", crashed=False)
    await world.queue.release([waits, back])
    await world.queue.complete([success(third)])
    look = await looked(world)
    assert look.waiting == 6
    assert sum(look.tenants.values()) == 6
    other = await looked(world, kind=OTHER)
    assert (other.waiting, other.tenants) == (1, {TenantId("default"): 1})


async def test_the_count_stops_at_the_cap(database: Database) -> None:
    world = World(database)
    await world.admit(*(noop() for _ in range(30)))
    assert (await looked(world, cap=20)).waiting == 20


async def test_tenants_are_named_by_how_much_they_hold(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_gauge, "TENANTS_NAMED", 2)
    world = World(database)
    for tenant, count in (("a", 1), ("b", 5), ("c", 3), ("d", 2)):
        await world.admit(*(noop(tenant) for _ in range(count)))
    look = await looked(world)
    assert (look.waiting, look.tenants, look.unnamed) == (11, {"b": 5, "c": 3}, 3)


async def test_ends_are_counted_once_over_two_looks_and_direct_ones_never(
    database: Database,
) -> None:
    world = World(database)
    gauge = PostgresQueueGauge(database)
    await world.admit(
        *(noop(priority=Priority.LOW) for _ in range(7)), analyse(lead("y"), direct=True)
    )
    began = (await gauge.look([NOOP], cap=100, since=None))[NOOP].finished_until
    assert began is not None
    await world.queue.complete([success(task) for task in await world.claim()])
    found, seconds, since = 0, 0.0, began - timedelta(seconds=1)
    async with asyncio.timeout(20):
        while found < 7:
            look = (await gauge.look([NOOP, OTHER], cap=100, since=since))[NOOP]
            assert look.finished_until is not None
            assert look.finished_in_s == pytest.approx(
                (look.finished_until - since).total_seconds(), abs=1e-3
            )
            found, seconds, since = (
                found + look.finished,
                seconds + look.finished_in_s,
                look.finished_until,
            )
    again = (await gauge.look([NOOP, OTHER], cap=100, since=since))[NOOP]
    assert (found, again.finished) == (7, 0)


async def test_a_look_after_a_long_time_counts_the_last_ten_seconds_alone(
    database: Database,
) -> None:
    world = World(database)
    gauge = PostgresQueueGauge(database)
    now = (await gauge.look([NOOP], cap=1, since=None))[NOOP].finished_until
    assert now is not None
    look = (await gauge.look([NOOP], cap=1, since=now - timedelta(hours=1)))[NOOP]
    assert look.finished_in_s == pytest.approx(10)
    await world.admit(noop())


async def test_a_refused_submission_is_answered_by_its_known_key_alone(database: Database) -> None:
    world = World(database)
    first = replace(noop(), idempotency_key="k", request_digest=b"1")
    await world.admit(first)
    again, fresh, kept = (replace(first, task_id=noop().task_id) for _ in range(3))
    fresh = replace(fresh, idempotency_key="other")
    bring = analyse(lead("brought"))
    full = OverloadedError("full", 3.0)
    refused = {one.task_id: full for one in (again, fresh, bring)}
    answers = await world.queue.admit([again, fresh, bring, kept], world.worker, refused=refused)
    assert isinstance(answers[0], Admission)
    assert answers[0].task_id == first.task_id
    assert answers[1:3] == [full, full]
    assert isinstance(answers[3], Admission)
    assert await world.rows("select 1 from leads") == []
    assert len(await world.rows("select 1 from tasks")) == 1
