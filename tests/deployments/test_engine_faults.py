"""Every accepted task ends once, whatever breaks around the engine."""

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import orjson
import pytest

from deployments.loops import end_all
from domain.errors import (
    ConflictError,
    DatabaseUnavailableError,
    DeadlineExceededError,
)
from domain.ids import DEFAULT_TENANT, TenantId
from domain.task import Admission, Completion, Priority, Submission, TaskState
from tests.deployments.engine_world import AGENT, World, an_engine, world
from tests.fakes.link import FakeLink
from tests.fakes.simulation import now_unix_s, simulated
from tests.fakes.task_queue import MemoryTaskQueue
from tests.fakes.tasks import submission, task_id


@pytest.mark.parametrize("seed", range(8))
def test_every_accepted_task_ends_once_while_replicas_die(seed: int) -> None:
    @simulated
    async def run() -> None:
        rng = Random(seed)  # noqa: S311 - chance for a test
        async with world(replicas=2, respawn_s=0.5) as w:

            async def murder() -> None:
                while True:
                    await asyncio.sleep(rng.uniform(0.3, 1.5))
                    if w.link.replicas:
                        w.link.kill(rng.choice(w.link.replicas))

            killer = asyncio.create_task(murder())
            await w.engine.submit(
                [
                    replace(submission(n, s=rng.uniform(0.01, 0.2)), max_attempts=100)
                    for n in range(200)
                ]
            )
            answers = await asyncio.gather(
                *(
                    w.engine.answer(submission(1000 + n, s=rng.uniform(0.01, 0.2)))
                    for n in range(40)
                ),
                return_exceptions=True,
            )
            await w.settled()
            killer.cancel()
            assert set(w.queue.ends.values()) == {1}
            assert len(w.queue.ends) == 240
            durable = [w.queue.rows[task_id(n)].state for n in range(200)]
            assert set(durable) == {TaskState.SUCCEEDED}
            states = {getattr(answer, "state", answer) for answer in answers}
            assert states <= {TaskState.SUCCEEDED, TaskState.FAILED}

    run()


@simulated
async def test_a_direct_call_survives_the_death_of_its_agent() -> None:
    async with world(respawn_s=1.0) as w:
        call = asyncio.create_task(w.engine.answer(submission(1, s=0.5)))
        await asyncio.sleep(0.2)
        w.link.kill(w.link.replicas[0])
        assert (await call).state is TaskState.SUCCEEDED


@simulated
async def test_a_task_that_kills_its_agent_is_poison_and_harms_no_other() -> None:
    async with world(replicas=2, respawn_s=0.5) as w:
        await w.engine.submit([submission(0, s=0.05, do="die")])
        await w.engine.submit([submission(n, s=0.05) for n in range(1, 60)])
        await w.settled()
        assert w.queue.rows[task_id(0)].state is TaskState.DEAD
        assert (w.queue.rows[task_id(0)].error or "").startswith("poison")
        assert w.queue.states()[TaskState.SUCCEEDED] == 59


@simulated
async def test_a_flood_of_killers_ends_no_task_of_a_neighbour() -> None:
    async with world(replicas=2, respawn_s=0.5) as w:

        async def flood() -> None:
            for number in range(1000, 1100):
                killer = replace(submission(number, s=0.05, do="die"), priority=Priority.URGENT)
                await w.engine.submit([replace(killer, tenant_id=TenantId("attacker"))])
                await asyncio.sleep(1.0)

        flooding = asyncio.create_task(flood())
        await asyncio.sleep(1.0)
        await w.engine.submit([submission(n, s=0.5) for n in range(30)])
        await flooding
        await w.settled(within_s=1000.0)
        assert {w.queue.rows[task_id(n)].state for n in range(30)} == {TaskState.SUCCEEDED}
        errors = {(w.queue.rows[task_id(n)].error or "")[:6] for n in range(1000, 1100)}
        assert errors == {"poison"}


@simulated
async def test_a_poisonous_direct_call_ends_dead() -> None:
    async with world(respawn_s=0.5) as w:
        answer = await w.engine.answer(submission(1, s=0.05, do="die"))
        assert answer.state is TaskState.DEAD
        assert w.queue.rows[task_id(1)].state is TaskState.DEAD


@simulated
async def test_a_caller_gets_an_answer_by_the_deadline_though_no_agent_lives() -> None:
    async with world(replicas=0, respawn_s=None) as w:
        deadline_unix_s = now_unix_s() + 3.0
        with pytest.raises(DeadlineExceededError):
            await w.engine.answer(submission(1, deadline_unix_s=deadline_unix_s))
        assert now_unix_s() - deadline_unix_s < 0.01
        await w.settled()
        assert w.queue.rows[task_id(1)].state is TaskState.EXPIRED


@simulated
async def test_a_frozen_agents_late_result_is_refused_and_its_bill_kept() -> None:
    agent = AGENT.model_copy(update={"attempt_limit_s": 3.0})
    async with world(agent=agent) as w:
        await w.engine.submit([submission(1, s=1.0, do="paid")])
        frozen = w.link.replicas[0]
        await asyncio.sleep(0.5)
        frozen.thawed.clear()
        await asyncio.sleep(1.0)
        w.link.replicas.remove(frozen)
        w.link.spawn()
        await w.settled()
        assert w.queue.rows[task_id(1)].attempt == 2
        frozen.thawed.set()
        await asyncio.sleep(1.0)
        assert [bill.attempt for bill in w.queue.rows[task_id(1)].usage] == [2, 1]
        assert any(isinstance(end, Completion) and end.attempt == 1 for end in w.queue.refused)
        assert w.queue.ends[task_id(1)] == 1


@simulated
async def test_an_engine_that_lost_its_lease_takes_a_new_id_and_no_task_is_lost() -> None:
    async with world() as w:
        await w.engine.submit([submission(n, s=0.5) for n in range(60)])
        await asyncio.sleep(1.0)
        w.queue.is_away = True
        await asyncio.sleep(15.0)
        w.queue.is_away = False
        await w.settled()
        assert len(w.queue.leases) == 2
        assert set(w.queue.ends.values()) == {1}
        assert w.queue.states() == {TaskState.SUCCEEDED: 60}


@simulated
async def test_what_runs_under_a_lost_lease_is_stopped_and_its_bill_kept() -> None:
    queue, link = MemoryTaskQueue(), FakeLink(AGENT, replicas=2)
    cut_off = queue.another_door()
    first, second = an_engine(cut_off, link, seed=1), an_engine(queue, link, seed=2)
    await first.start()
    await asyncio.sleep(0.1)
    await first.submit([submission(n, s=19.0, do="paid") for n in range(4)])
    await asyncio.sleep(0.5)
    cut_off.is_away = True
    await second.start()
    while any(queue.rows[task_id(n)].attempt < 2 for n in range(4)):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    cut_off.is_away = False
    await asyncio.sleep(3.0)
    assert sum(replica.agent.running for replica in link.replicas) == 4
    assert [[bill.attempt for bill in queue.rows[task_id(n)].usage] for n in range(4)] == [[1]] * 4
    await World(second, queue, link).settled()
    assert queue.states() == {TaskState.SUCCEEDED: 4}
    await first.stop()
    await second.stop()


@simulated
async def test_without_the_database_nothing_is_admitted() -> None:
    async with world() as w:
        w.queue.is_away = True
        with pytest.raises(DatabaseUnavailableError):
            await w.engine.submit([submission(1)])
        await asyncio.sleep(12.0)
        assert not w.engine.is_ready
        with pytest.raises(DatabaseUnavailableError):
            await w.engine.answer(submission(2))


@simulated
async def test_a_completion_outlives_a_short_absence_of_the_database() -> None:
    async with world() as w:
        call = asyncio.create_task(w.engine.answer(submission(1, s=0.2)))
        await asyncio.sleep(0.1)
        w.queue.is_away = True
        await asyncio.sleep(2.0)
        w.queue.is_away = False
        assert (await call).state is TaskState.SUCCEEDED


@simulated
async def test_a_dead_orchestrators_tasks_are_done_by_another() -> None:
    queue, link = MemoryTaskQueue(), FakeLink(AGENT)
    cut_off = queue.another_door()
    first, second = an_engine(cut_off, link, seed=1), an_engine(queue, link, seed=2)
    await first.start()
    await asyncio.sleep(0.1)
    await first.submit([submission(n, s=5) for n in range(6)])
    await asyncio.sleep(0.5)
    cut_off.is_away = True
    await end_all([*first._claim_loops, *first._sends, *first._services])
    await second.start()
    await World(second, queue, link).settled()
    assert queue.states() == {TaskState.SUCCEEDED: 6}
    await second.stop()


@simulated
async def test_a_result_the_database_refuses_fails_its_task_only() -> None:
    async with world() as w:
        w.queue.unstorable = {orjson.dumps({"task": str(task_id(3)), "pid": os.getpid()})}
        await w.engine.submit([submission(n) for n in range(6)])
        await w.settled()
        assert w.queue.rows[task_id(3)].state is TaskState.FAILED
        assert w.queue.states()[TaskState.SUCCEEDED] == 5


@pytest.mark.parametrize("seed", range(6))
def test_whatever_breaks_every_accepted_task_ends_once_and_nothing_runs_on(seed: int) -> None:
    @simulated
    async def run() -> None:
        rng = Random(seed)  # noqa: S311 - chance for a test
        agent = AGENT.model_copy(update={"attempt_limit_s": 6.0})
        async with world(replicas=3, respawn_s=1.0, agent=agent) as w:
            chaos = asyncio.create_task(break_things(w, rng))
            accepted = await w.engine.submit(
                [replace(an_order(n, rng), max_attempts=50) for n in range(120)]
            )
            assert all(isinstance(admission, Admission) for admission in accepted)
            calls = [
                asyncio.create_task(w.engine.answer(an_order(500 + n, rng))) for n in range(40)
            ]
            await asyncio.sleep(rng.uniform(0, 2))
            for n in rng.sample(range(120), 10):
                with suppress(ConflictError, DatabaseUnavailableError):
                    await w.engine.cancel(DEFAULT_TENANT, task_id(n))
            rng.choice(calls).cancel()
            await asyncio.sleep(60.0)
            chaos.cancel()
            w.queue.is_away = False
            for replica in w.link.everyone:
                replica.thawed.set()
            await asyncio.gather(*calls, return_exceptions=True)
            await w.settled(within_s=600.0)
            await asyncio.sleep(30.0)
            assert set(w.queue.ends.values()) == {1}
            assert len(w.queue.ends) >= 120
            assert (await w.engine.pools())[0].running == 0
            assert [replica.agent.running for replica in w.link.replicas] == [0] * len(
                w.link.replicas
            )

    run()


def an_order(number: int, rng: Random) -> Submission:
    orders: dict[str, Any] = {
        "s": rng.uniform(0.01, 1.0),
        "do": rng.choice(["ok", "ok", "paid", "fail", "break"]),
    }
    return submission(number, **orders)


async def break_things(w: World, rng: Random) -> None:
    """Kill and freeze replicas and take the database away, sometimes for longer than the lease."""
    while True:
        await asyncio.sleep(rng.uniform(0.2, 3.0))
        match rng.choice(["kill", "freeze", "away"]):
            case "kill" if w.link.replicas:
                w.link.kill(rng.choice(w.link.replicas))
            case "freeze" if w.link.replicas:
                replica = rng.choice(w.link.replicas)
                replica.thawed.clear()
                await asyncio.sleep(rng.uniform(0.5, 10.0))
                replica.thawed.set()
            case _:
                w.queue.is_away = True
                await asyncio.sleep(rng.uniform(0.1, 13.0))
                w.queue.is_away = False


@simulated
async def test_the_wait_for_a_slot_is_not_the_attempts() -> None:
    agent = AGENT.model_copy(update={"attempt_limit_s": 3.0})
    async with world(agent=agent) as w:
        await w.engine.submit([submission(n, s=2.9) for n in range(24)])
        await w.settled()
        assert w.queue.states() == {TaskState.SUCCEEDED: 24}
        assert {row.attempt for row in w.queue.rows.values()} == {1}
