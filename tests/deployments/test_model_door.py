"""How long an urgent task waits at the model's door, where low work of one tenant fills everything.

Two orchestrators, three replicas, in simulated time, so that a service time is exactly one second.
"""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from deployments.settings import AgentSettings
from domain.ids import TenantId
from domain.task import Priority, Submission
from tests.deployments.engine_world import QUEUE, an_engine
from tests.fakes.link import FakeLink
from tests.fakes.simulation import simulated
from tests.fakes.task_queue import MemoryTaskQueue
from tests.fakes.tasks import submission, task_id

SERVICE_S = 1.0
SLACK_S = 0.1
URGENT_TASKS = 40
FIRST_URGENT = 100_000


def low(number: int) -> Submission:
    """Return one of the many tasks of the busy tenant."""
    return replace(submission(number, s=SERVICE_S), priority=Priority.LOW)


def urgent(number: int, *, direct: bool) -> Submission:
    """Return a short task of another tenant that cannot wait."""
    task = replace(submission(FIRST_URGENT + number, s=0.05), tenant_id=TenantId("other"))
    return replace(task, priority=Priority.NORMAL if direct else Priority.URGENT)


async def delays_s(concurrency: int, seed: int, *, direct: bool) -> list[float]:
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
        engine, task = rng.choice(engines), urgent(number, direct=direct)
        sent_s.append(loop.time())
        if direct:
            calls.append(asyncio.create_task(engine.answer(task)))
        else:
            await engine.submit([task])
    await asyncio.sleep(5 * SERVICE_S)
    assert all(call.done() for call in calls)
    began_s = {task: at for one in link.everyone for task, at in one.agent.began_s.items()}
    waiting = sum(row.submission.priority is Priority.LOW for row in queue.rows.values())
    assert waiting > 0, "the flood outlasts the urgent tasks"
    for engine in engines:
        await engine.stop()
    return sorted(
        began_s[task_id(FIRST_URGENT + number)] - sent for number, sent in enumerate(sent_s)
    )


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("concurrency", [1, 4, 16])
@pytest.mark.parametrize("seed", [1, 2])
def test_an_urgent_call_starts_within_one_service_time(
    concurrency: int, seed: int, *, direct: bool
) -> None:
    @simulated
    async def run() -> None:
        found = await delays_s(concurrency, seed, direct=direct)
        assert found[int(0.95 * len(found)) - 1] <= SERVICE_S + SLACK_S, found[-5:]

    run()


@simulated
async def test_a_flood_of_urgent_tasks_does_not_starve_the_others() -> None:
    agent = AgentSettings(agent="x:X", concurrency=4, prefetch=2, attempt_limit_s=60)
    queue, link = MemoryTaskQueue(), FakeLink(agent, replicas=1)
    engine = an_engine(queue, link, agent=agent)
    await engine.start()
    await asyncio.sleep(0.1)
    await engine.submit([low(n) for n in range(4)])
    for wave in range(40):
        tasks = [urgent(20 * wave + n, direct=False) for n in range(20)]
        await engine.submit(tasks)
        await asyncio.sleep(0.1)
    began = {task for one in link.everyone for task in one.agent.order}
    assert {task_id(n) for n in range(4)} <= began
    await engine.stop()
