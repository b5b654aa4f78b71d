"""No replica for a while: accepted work waits, keeps its attempts and is paid for once."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest

from deployments.errors import LinkError
from deployments.settings import AgentSettings, QueueSettings
from domain.task import TaskState
from tests.deployments.engine_world import World, world
from tests.fakes.simulation import now_unix_s, simulated
from tests.fakes.tasks import submission, task_id

AGENT = AgentSettings(agent="tests.fakes.agents:ScriptedAgent")
TASKS = 60


def is_deaf_without_replicas(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a broadcast to no replica fail, as that of Serve does."""
    tell = w.link.cancel

    async def cancel(cancels: object) -> bool:
        return await tell(cancels) if w.link.replicas else False  # type: ignore[arg-type]

    monkeypatch.setattr(w.link, "cancel", cancel)


def runs_of(w: World) -> Counter[int]:
    """Return how many tasks ran how often, at all replicas together."""
    runs = sum((replica.agent.runs for replica in w.link.everyone), Counter())
    return Counter(runs.values())


@simulated
async def test_an_outage_of_the_agents_for_twenty_minutes_costs_no_task_and_no_attempt() -> None:
    async with world(replicas=0, respawn_s=None, agent=AGENT, settings=QueueSettings()) as w:
        await w.engine.submit([submission(n, s=20.0) for n in range(TASKS)])
        await asyncio.sleep(1200)
        assert set(w.queue.states()) <= {TaskState.QUEUED, TaskState.WAITING, TaskState.RUNNING}
        w.link.spawn()
        await w.settled()
        assert w.queue.states() == {TaskState.SUCCEEDED: TASKS}
        assert runs_of(w) == {1: TASKS}


async def _undeployed(batch: bytes) -> AsyncGenerator[bytes, None]:
    """Fail at once, as Serve does where a deployment cannot start."""
    if batch:
        raise LinkError("DeploymentUnavailableError", False, False)
    yield b""


@simulated
async def test_agents_that_cannot_start_make_no_mill_of_the_queue() -> None:
    settings = QueueSettings(tenant_queued_share=1.0)
    async with world(replicas=0, respawn_s=None, agent=AGENT, settings=settings) as w:
        reaches, w.link.stream = w.link.stream, _undeployed  # type: ignore[method-assign]
        await w.engine.submit([submission(n, s=0.1) for n in range(1000)])
        await asyncio.sleep(600)
        tries = sum(row.attempt for row in w.queue.rows.values())
        at_once = AGENT.concurrency + AGENT.prefetch + QueueSettings().claim_ahead
        assert 0 < tries < 600 / 30 * 2 * at_once
        w.link.stream = reaches  # type: ignore[method-assign]
        w.link.spawn()
        await asyncio.sleep(8)  # not the rest of a pause
        assert w.queue.states() == {TaskState.SUCCEEDED: 1000}


@simulated
async def test_a_successor_that_comes_late_finds_every_task_alive() -> None:
    async with world(respawn_s=780.0, agent=AGENT, settings=QueueSettings()) as w:
        await w.engine.submit([submission(n, s=20.0) for n in range(TASKS)])
        await asyncio.sleep(5.0)
        w.link.kill(w.link.replicas[0])
        await w.settled(within_s=1200.0)
        assert w.queue.states() == {TaskState.SUCCEEDED: TASKS}


@pytest.mark.parametrize("comes_after_s", [110, 119.5, 121, 150, 200, 330])
def test_a_replica_that_comes_late_runs_each_task_once(
    comes_after_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    @simulated
    async def run() -> None:
        async with world(replicas=0, respawn_s=None, agent=AGENT, settings=QueueSettings()) as w:
            is_deaf_without_replicas(w, monkeypatch)
            await w.engine.submit([submission(n, s=20.0, do="paid") for n in range(TASKS)])
            await asyncio.sleep(comes_after_s)
            w.link.spawn()
            await w.settled()
            assert w.queue.states() == {TaskState.SUCCEEDED: TASKS}
            assert runs_of(w) == {1: TASKS}
            assert len(w.queue.bills) == TASKS

    run()


@simulated
async def test_a_caller_with_a_long_deadline_is_answered_once_a_replica_comes() -> None:
    async with world(replicas=0, respawn_s=None, agent=AGENT, settings=QueueSettings()) as w:
        order = submission(1, s=2.0, do="paid", deadline_unix_s=now_unix_s() + 600)
        call = asyncio.create_task(w.engine.answer(order))
        await asyncio.sleep(200)
        w.link.spawn()
        assert (await call).state is TaskState.SUCCEEDED
        assert runs_of(w) == {1: 1}


@simulated
async def test_an_agent_that_hangs_uses_its_attempts_up() -> None:
    agent = AGENT.model_copy(update={"attempt_limit_s": 10.0})
    async with world(agent=agent) as w:
        await w.engine.submit([submission(1, s=5000.0)])
        await w.settled()
        assert w.queue.states() == {TaskState.DEAD: 1}
        assert set(runs_of(w)) == {w.queue.rows[next(iter(w.queue.rows))].attempt}


@pytest.mark.parametrize("limit_s", [3.0, 6.0])
@pytest.mark.parametrize("direct", [False, True])
@simulated
async def test_a_replica_that_thaws_too_late_neither_begins_what_another_does_nor_ends_it(
    *, direct: bool, limit_s: float
) -> None:
    agent = AGENT.model_copy(update={"attempt_limit_s": limit_s})
    async with world(agent=agent) as w:
        frozen = w.link.replicas[0]
        frozen.thawed.clear()
        order = submission(1, s=2.0, do="paid", deadline_unix_s=now_unix_s() + 60)
        call = asyncio.create_task(w.engine.answer(order) if direct else w.engine.submit([order]))
        await asyncio.sleep(1.0)
        w.link.replicas.remove(frozen)
        w.link.spawn()
        await asyncio.sleep(limit_s + 0.6)
        w.link.replicas.append(frozen)
        frozen.thawed.set()
        await w.settled()
        await call
        assert w.queue.states() == {TaskState.SUCCEEDED: 1}
        assert runs_of(w) == {1: 1}


@simulated
async def test_no_run_of_a_call_is_missing_in_the_ledger_where_a_replica_froze_as_it_began() -> (
    None
):
    agent = AGENT.model_copy(update={"attempt_limit_s": 6.0, "concurrency": 1})
    async with world(agent=agent) as w:
        frozen = w.link.replicas[0]
        await w.engine.submit([submission(1, s=2.0)])
        await asyncio.sleep(0.5)
        order = submission(2, s=5.0, do="paid", deadline_unix_s=now_unix_s() + 60)
        call = asyncio.create_task(w.engine.answer(order))
        while not frozen.agent.runs[task_id(2)]:  # noqa: ASYNC110 - simulated time
            await asyncio.sleep(0.01)
        frozen.thawed.clear()  # before its start is told
        w.link.replicas.remove(frozen)
        w.link.spawn()
        await asyncio.sleep(8.5)
        frozen.thawed.set()
        await call
        await asyncio.sleep(20.0)
        runs = sum(replica.agent.runs[task_id(2)] for replica in w.link.everyone)
        assert len([bill for bill in w.queue.bills if bill[0] == task_id(2)]) == runs
