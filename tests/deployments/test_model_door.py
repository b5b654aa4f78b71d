"""How long an urgent task waits at the model's door, where low work of one tenant fills everything.

Two orchestrators, three replicas, in simulated time, so that a service time is exactly one second.
"""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from deployments.settings import AgentSettings
from domain.ids import DEFAULT_TENANT, TenantId
from domain.task import FINISHED_STATES, Priority, Submission
from tests.deployments.engine_world import QUEUE, an_engine
from tests.fakes.link import FakeLink
from tests.fakes.simulation import simulated
from tests.fakes.task_queue import MemoryTaskQueue
from tests.fakes.tasks import submission, task_id

SERVICE_S = 1.0
SLACK_S = 0.1
URGENT_TASKS = 40
FIRST_URGENT = 100_000
URGENT = Priority.URGENT


def low(number: int) -> Submission:
    """Return one of the many tasks of the busy tenant."""
    return replace(submission(number, s=SERVICE_S), priority=Priority.LOW)


def urgent(number: int, *, direct: bool, tenant: str = "other") -> Submission:
    """Return a short task that cannot wait, of another tenant where none is named."""
    task = replace(submission(FIRST_URGENT + number, s=0.05), tenant_id=TenantId(tenant))
    return replace(task, priority=Priority.NORMAL if direct else URGENT)


async def delays_s(
    concurrency: int, seed: int, *, direct: bool, tenant: str = "other"
) -> list[float]:
    """Return the seconds from the sending of each urgent task to the start of its run, sorted."""
    rng = Random(seed)  # noqa: S311 - chance for a test
    agent = AgentSettings(agent="x:X", concurrency=concurrency, prefetch=4, attempt_limit_s=60)
    queue, link = MemoryTaskQueue(), FakeLink(agent, replicas=3)
    engines = [an_engine(queue, link, agent=agent, settings=QUEUE, seed=n) for n in (1, 2)]
    for engine in engines:
        await engine.start()
    await asyncio.sleep(0.1)
    flood = [low(n) for n in range(3 * concurrency * URGENT_TASKS)]
    await engines[0].submit(flood)
    await asyncio.sleep(2.5)
    loop = asyncio.get_running_loop()
    sent_s, calls = [], []
    for number in range(URGENT_TASKS):
        await asyncio.sleep(rng.uniform(0.1, 0.7))
        engine, task = rng.choice(engines), urgent(number, direct=direct, tenant=tenant)
        sent_s.append(loop.time())
        if direct:
            calls.append(asyncio.create_task(engine.answer(task)))
        else:
            await engine.submit([task])
    await asyncio.sleep(5 * SERVICE_S)
    assert all(call.done() for call in calls)
    began_s = {task: at for one in link.everyone for task, at in one.agent.began_s.items()}
    low_left = sum(
        row.submission.priority is Priority.LOW and row.state not in FINISHED_STATES
        for row in queue.rows.values()
    )
    assert low_left > 3 * concurrency, "every slot was taken by low work to the last"
    for engine in engines:
        await engine.stop()
    return sorted(
        began_s[task_id(FIRST_URGENT + number)] - sent for number, sent in enumerate(sent_s)
    )


CASES = [(False, "other"), (False, DEFAULT_TENANT), (True, "other")]


def assert_starts_in_time(concurrency: int, seed: int, *, direct: bool, tenant: str) -> None:
    """Let low work fill everything and see how long 19 of 20 urgent tasks wait."""

    @simulated
    async def run() -> None:
        found = await delays_s(concurrency, seed, direct=direct, tenant=tenant)
        assert found[int(0.95 * len(found)) - 1] <= SERVICE_S + SLACK_S, found[-5:]

    run()


@pytest.mark.parametrize(("direct", "tenant"), CASES)
@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_an_urgent_call_starts_within_one_service_time(
    concurrency: int, *, direct: bool, tenant: str
) -> None:
    assert_starts_in_time(concurrency, concurrency, direct=direct, tenant=tenant)


@pytest.mark.slow
@pytest.mark.parametrize(("direct", "tenant"), CASES)
@pytest.mark.parametrize("concurrency", [1, 2, 4, 16, 64])
@pytest.mark.parametrize("seed", range(10))
def test_an_urgent_call_starts_within_one_service_time_whatever_the_seed(
    concurrency: int, seed: int, *, direct: bool, tenant: str
) -> None:
    assert_starts_in_time(concurrency, seed, direct=direct, tenant=tenant)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_flood_of_urgent_tasks_does_not_starve_the_others(
    concurrency: int, *, direct: bool
) -> None:
    @simulated
    async def run() -> None:
        began_s = await low_beside_a_flood(concurrency, direct=direct)
        assert len(began_s) == LOW_TASKS, "a low task of another tenant never had its turn"

    run()


LOW_TASKS = 4


async def low_beside_a_flood(concurrency: int, *, direct: bool) -> dict[int, float]:
    """Return when each low task began, in seconds after it came into a pool full of urgent ones."""
    agent = AgentSettings(agent="x:X", concurrency=concurrency, prefetch=4, attempt_limit_s=60)
    queue, link = MemoryTaskQueue(), FakeLink(agent, replicas=2)
    engine = an_engine(queue, link, agent=agent)
    await engine.start()
    await asyncio.sleep(0.1)
    calls = set[asyncio.Task[object]]()

    async def flood(seconds: float, first: int) -> None:
        """Send half as much again as the pool can do."""
        for number in range(int(seconds * 30 * concurrency)):
            task = urgent(first + number, direct=direct)
            if direct:
                calls.add(asyncio.create_task(engine.answer(replace(task, priority=URGENT))))
            else:
                await engine.submit([task])
            await asyncio.sleep(1 / (60 * concurrency))

    await flood(2.0, 0)
    await engine.submit([low(n) for n in range(LOW_TASKS)])
    await flood(24.0 / concurrency, 50_000)
    began_s = {task: at for one in link.everyone for task, at in one.agent.began_s.items()}
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await engine.stop()
    return {n: began_s[task_id(n)] for n in range(LOW_TASKS) if task_id(n) in began_s}


@simulated
async def test_who_waits_longer_than_an_attempts_limit_for_a_slot_has_a_turn_all_the_same() -> None:
    agent = AgentSettings(agent="x:X", concurrency=1, prefetch=4, attempt_limit_s=20)
    queue, link = MemoryTaskQueue(), FakeLink(agent)
    engine = an_engine(queue, link, agent=agent)
    await engine.start()
    await asyncio.sleep(0.1)

    def slow(number: int) -> Submission:
        return replace(submission(number, s=9.0), priority=URGENT)

    async def flood() -> None:
        for number in range(1000):
            await engine.submit([slow(100 + number)])
            await asyncio.sleep(8.0)

    await engine.submit([slow(n) for n in range(1, 11)])
    flooding = asyncio.create_task(flood())
    await engine.submit([replace(low(0), tenant_id=TenantId("other"))])
    run_of = link.everyone[0].agent
    async with asyncio.timeout(3600.0):
        while not run_of.runs[task_id(0)]:  # noqa: ASYNC110 - simulated time
            await asyncio.sleep(1.0)
    assert run_of.runs.total() <= 8 * agent.prefetch
    flooding.cancel()
    await engine.stop()
