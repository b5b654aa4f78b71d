"""Claims deal fairly: as the plain model says, by weight, and with a lane for what cannot wait."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from domain.ids import TenantId
from domain.task import Priority
from postgres.pool import Database
from postgres.task_queue import EXPRESS_CLAIM
from postgres.tenant_store import PostgresTenantStore
from tests.fakes.fair_deal import deal
from tests.postgres.queue_world import NOOP, World, noop


@pytest.mark.parametrize("seed", range(6))
async def test_a_claim_takes_what_the_plain_model_says(database: Database, seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - chance for a test
    world, tenants = World(database), PostgresTenantStore(database)
    names = [f"t{number}" for number in range(rng.randint(1, 7))]
    weights = {name: rng.randint(1, 5) for name in names if rng.random() < 0.5}
    for name, weight in weights.items():
        await tenants.weigh(TenantId(name), weight)
    submissions = [noop(rng.choice(names), rng.choice(list(Priority))) for _ in range(60)]
    await world.admit(*submissions)
    rows = await world.rows(
        "select tenant_id, task_id::text from tasks order by order_key, task_id"
    )
    queues: dict[str, list[str]] = {name: [] for name in names}
    for tenant, task_id in rows:
        queues[str(tenant)].append(str(task_id))
    after = ""
    while any(queues.values()):
        limit = rng.randint(1, 20)
        expected = deal(queues, weights, after=after, limit=limit)
        claimed = await world.claim(limit=limit)
        assert {str(task.task_id) for task in claimed} == set(expected)
        for queue in queues.values():
            queue[:] = [one for one in queue if one not in expected]
        after = world.queue._cursors[NOOP, False]


async def test_a_tenant_takes_by_its_weight_while_all_have_enough(database: Database) -> None:
    world, tenants = World(database), PostgresTenantStore(database)
    await tenants.weigh(TenantId("big"), 3)
    await tenants.weigh(TenantId("big"), 4)
    assert await tenants.weights() == {TenantId("big"): 4}
    await world.admit(*(noop(name) for name in ("big", "small", "tiny") for _ in range(40)))
    claimed = await world.claim(limit=36)
    counts = [sum(task.tenant_id == name for task in claimed) for name in ("big", "small", "tiny")]
    assert counts == [24, 6, 6]


async def test_the_express_lane_takes_urgent_and_high_and_nothing_else(database: Database) -> None:
    world = World(database)
    await world.admit(*(noop("a", priority) for priority in list(Priority) * 3), noop("b"))
    await world.queue.renew(world.worker, lease_s=10, is_new=True)
    express = await world.queue.claim(NOOP, world.worker, limit=100, express=True)
    assert [task.priority for task in express].count(Priority.URGENT) == 3
    assert {task.priority for task in express} == {Priority.URGENT, Priority.HIGH}
    assert len(await world.claim()) == 7


async def test_the_express_lane_walks_its_own_index_beside_a_long_queue(database: Database) -> None:
    world = World(database)
    await database.execute(
        "insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts)"
        " select uuidv7(), 'busy', 'noop', 'queued', 'low', clock_timestamp(), 5"
        " from generate_series(1, 20000)"
    )
    await database.execute("analyze tasks")
    one = noop("other", Priority.URGENT)
    await world.admit(one)
    await world.queue.renew(world.worker, lease_s=10, is_new=True)
    async with database.connection() as connection:
        explain = f"explain (analyze, format json) {EXPRESS_CLAIM}"
        text = await connection.fetchval(explain, NOOP, world.worker, 16, "")
    walked = list(scans_of_tasks(json.loads(text)[0]["Plan"]))
    assert {index for index, _ in walked} <= {"tasks_express", "tasks_pkey"}
    assert sum(rows for _, rows in walked) < 20
    assert await world.rows("select state from tasks where task_id = $1", one.task_id) == [
        ("running",)
    ]


def scans_of_tasks(plan: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the index, or none, and the rows of every scan of the tasks in a plan."""
    if plan.get("Relation Name") == "tasks" and "Scan" in plan["Node Type"]:
        rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield plan.get("Index Name", plan["Node Type"]), rows * plan["Actual Loops"]
    for child in plan.get("Plans", ()):
        yield from scans_of_tasks(child)
