"""The engine over fake agents and a fake queue."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest

from deployments.wire import Cancel
from domain.errors import (
    NotFoundError,
    OverloadedError,
    UnavailableError,
)
from domain.ids import DEFAULT_TENANT, AgentKind
from domain.task import Admission, TaskState
from tests.deployments.engine_world import AGENT, QUEUE, an_engine, world
from tests.fakes.agents import a_bill
from tests.fakes.link import FakeLink
from tests.fakes.simulation import now_unix_s, simulated
from tests.fakes.task_queue import MemoryTaskQueue
from tests.fakes.tasks import KIND, submission, task_id


@simulated
async def test_a_direct_call_is_answered_after_its_completion_is_committed() -> None:
    async with world() as w:
        answer = await w.engine.answer(submission(1))
        assert answer.state is TaskState.SUCCEEDED
        assert orjson.loads(answer.result or b"")["task"] == str(task_id(1))
        assert w.queue.rows[task_id(1)].state is TaskState.SUCCEEDED


@simulated
async def test_an_idle_engine_adds_little_to_a_direct_call() -> None:
    async with world() as w:
        began_s = now_unix_s()
        await w.engine.answer(submission(1, s=0.05))
        assert now_unix_s() - began_s < 0.05 + 0.004


@simulated
async def test_every_submitted_task_ends_once() -> None:
    async with world(replicas=2) as w:
        admissions = await w.engine.submit([submission(n, s=0.02) for n in range(300)])
        assert all(isinstance(admission, Admission) for admission in admissions)
        await w.settled()
        assert w.queue.states() == {TaskState.SUCCEEDED: 300}
        assert set(w.queue.ends.values()) == {1}


@simulated
async def test_a_saturated_agent_reaches_95_percent_of_the_ideal() -> None:
    async with world() as w:
        began_s = now_unix_s()
        await asyncio.gather(*(w.engine.answer(submission(n, s=0.05)) for n in range(200)))
        assert 200 / 4 * 0.05 / (now_unix_s() - began_s) > 0.95


@simulated
async def test_no_replica_runs_or_holds_more_than_its_credit() -> None:
    async with world() as w:
        await w.engine.submit([submission(n, s=0.05) for n in range(200)])
        await asyncio.gather(*(w.engine.answer(submission(1000 + n, s=0.05)) for n in range(50)))
        await w.settled()
        replica = w.link.everyone[0]
        assert replica.agent.most_running == AGENT.concurrency
        assert replica.runner.describe("nobody").free == AGENT.concurrency


@simulated
async def test_a_retryable_failure_is_tried_again_until_its_attempts_are_used_up() -> None:
    async with world() as w:
        await w.engine.submit([submission(1, do="fail"), submission(2, do="fatal")])
        await w.settled()
        assert w.queue.rows[task_id(1)].state is TaskState.DEAD
        assert w.link.everyone[0].agent.runs[task_id(1)] == 5
        assert w.queue.rows[task_id(2)].state is TaskState.FAILED
        assert w.link.everyone[0].agent.runs[task_id(2)] == 1


@simulated
async def test_a_direct_failure_is_told_to_the_caller() -> None:
    async with world() as w:
        answer = await w.engine.answer(submission(1, do="fatal"))
        assert (answer.state, answer.error) == (
            TaskState.FAILED,
            "payload_invalid: nothing to read",
        )


@simulated
async def test_a_caller_that_goes_away_cancels_its_task() -> None:
    async with world() as w:
        call = asyncio.create_task(w.engine.answer(submission(1, s=20, do="paid")))
        await asyncio.sleep(0.5)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await w.settled()
        await asyncio.sleep(0.5)
        row = w.queue.rows[task_id(1)]
        assert row.state is TaskState.CANCELLED
        assert row.usage == [a_bill(1)]
        assert w.link.everyone[0].agent.running == 0


@simulated
async def test_a_caller_that_goes_away_during_admission_leaves_no_running_task() -> None:
    async with world() as w:
        call = asyncio.create_task(w.engine.answer(submission(1)))
        await asyncio.sleep(0.0005)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.sleep(0.1)
        await w.settled(within_s=1.0)
        assert w.queue.rows[task_id(1)].state is TaskState.CANCELLED


@simulated
async def test_a_cancelled_running_task_stops_and_its_bill_is_kept() -> None:
    async with world() as w:
        await w.engine.submit([submission(1, s=60, do="paid")])
        await asyncio.sleep(0.5)
        task = await w.engine.cancel(DEFAULT_TENANT, task_id(1))
        assert task.state is TaskState.CANCELLED
        await asyncio.sleep(0.5)
        assert w.link.everyone[0].agent.running == 0
        assert w.queue.rows[task_id(1)].usage == [a_bill(1)]
        assert w.queue.ends[task_id(1)] == 1


@simulated
async def test_two_orchestrators_share_one_pool() -> None:
    queue, link = MemoryTaskQueue(), FakeLink(AGENT)
    engines = [an_engine(queue, link, seed=seed) for seed in (1, 2)]
    for engine in engines:
        await engine.start()
    await asyncio.sleep(0.1)
    began_s = now_unix_s()
    await asyncio.gather(*(engines[n % 2].answer(submission(n, s=0.05)) for n in range(200)))
    assert 200 / 4 * 0.05 / (now_unix_s() - began_s) > 0.9
    assert link.everyone[0].agent.most_running == 4
    for engine in engines:
        await engine.stop()


@simulated
async def test_a_known_idempotency_key_waits_for_the_first_task() -> None:
    async with world() as w:
        first = asyncio.create_task(w.engine.answer(submission(1, s=1.0, key="once")))
        await asyncio.sleep(0.1)
        second = await w.engine.answer(replace(submission(2), idempotency_key="once"))
        assert second.task_id == task_id(1)
        assert orjson.loads(second.result or b"") == orjson.loads((await first).result or b"")


@simulated
async def test_a_long_poll_ends_when_the_task_does() -> None:
    async with world() as w:
        await w.engine.submit([submission(1, s=1.0)])
        began_s = now_unix_s()
        task = await w.engine.wait_finished(
            DEFAULT_TENANT, task_id(1), until_unix_s=now_unix_s() + 30
        )
        assert task.state is TaskState.SUCCEEDED
        assert now_unix_s() - began_s < 1.1


@simulated
async def test_a_long_poll_ends_at_its_time_with_an_open_task() -> None:
    async with world() as w:
        await w.engine.submit([submission(1, s=10.0)])
        until_unix_s = now_unix_s() + 2
        task = await w.engine.wait_finished(DEFAULT_TENANT, task_id(1), until_unix_s=until_unix_s)
        assert task.state is TaskState.RUNNING


@simulated
async def test_too_many_direct_calls_are_refused() -> None:
    settings = QUEUE.model_copy(update={"direct_bound": 5})
    async with world(settings=settings) as w:
        answers = await asyncio.gather(
            *(w.engine.answer(submission(n)) for n in range(8)), return_exceptions=True
        )
        assert sum(isinstance(answer, OverloadedError) for answer in answers) == 3


@simulated
async def test_an_unknown_kind_is_refused() -> None:
    async with world() as w:
        with pytest.raises(NotFoundError):
            await w.engine.submit([replace(submission(1), kind=AgentKind("nobody"))])


@simulated
async def test_a_stopping_engine_finishes_what_runs_and_hands_back_the_rest() -> None:
    async with world() as w:
        await w.engine.submit([submission(n, s=2.0) for n in range(40)])
        call = asyncio.create_task(w.engine.answer(submission(100, s=2.0)))
        await asyncio.sleep(0.5)
        await w.engine.stop()
        assert (await call).state is TaskState.SUCCEEDED
        states = w.queue.states()
        assert states[TaskState.RUNNING] == 0
        assert states[TaskState.QUEUED] + states[TaskState.SUCCEEDED] == 41
        queued = [row for row in w.queue.rows.values() if row.state is TaskState.QUEUED]
        assert {row.attempt - row.forgiven for row in queued} == {0}
        with pytest.raises(UnavailableError):
            await w.engine.submit([submission(200)])


@pytest.mark.parametrize("direct", [False, True])
@simulated
async def test_what_a_stopping_engine_cuts_off_has_its_bill_in_the_ledger(*, direct: bool) -> None:
    async with world() as w:
        order = submission(1, s=15, do="paid")
        call = asyncio.create_task(w.engine.answer(order) if direct else w.engine.submit([order]))
        await asyncio.sleep(1)
        began_s = now_unix_s()
        await w.engine.stop()
        assert now_unix_s() - began_s < QUEUE.grace_s + 1.0
        assert w.queue.states() == {TaskState.ABANDONED if direct else TaskState.QUEUED: 1}
        assert w.queue.bills == {(task_id(1), 1, 0)}
        assert w.link.everyone[0].agent.running == 0
        await call


@simulated
async def test_the_queue_is_asked_rarely_while_idle_and_in_groups_under_load() -> None:
    async with world() as w:
        await asyncio.sleep(10.0)
        assert w.queue.statements["claim"] <= 15
        w.queue.statements.clear()
        await w.engine.submit([submission(n, s=0.005) for n in range(500)])
        await w.settled()
        assert w.queue.statements["admit"] == 2
        assert w.queue.statements["complete"] < 250


@simulated
async def test_the_express_lane_costs_an_idle_or_a_busy_system_at_most_a_look_a_second() -> None:
    async with world() as w:
        await asyncio.sleep(0.5)
        w.queue.statements.clear()
        await asyncio.sleep(60.0)
        assert w.queue.statements["claim"] <= 61
        assert w.queue.statements["express"] == 0
        await w.engine.submit([submission(n, s=0.5) for n in range(500)])
        w.queue.statements.clear()
        await w.settled()  # 500 tasks in four slots: 62.5 s
        assert w.queue.statements["express"] <= 64
        assert w.queue.statements["claim"] <= 200


@simulated
async def test_a_task_in_an_idle_system_is_claimed_with_its_hint() -> None:
    async with world() as w:
        for n in range(20):
            await asyncio.sleep(3.21)
            before, now_s = w.queue.statements["claim"], asyncio.get_running_loop().time()
            await w.engine.submit([submission(n, s=0.0)])
            await w.settled()
            (replica,) = w.link.replicas
            assert replica.agent.began_s[task_id(n)] - now_s < 0.02
            assert w.queue.statements["claim"] - before <= 3


@simulated
async def test_the_state_of_a_pool_counts_its_replicas() -> None:
    async with world(replicas=3) as w:
        (pool,) = await w.engine.pools()
        assert (pool.kind, pool.replicas, pool.slots, pool.running) == (KIND, 3, 12, 0)


@simulated
async def test_an_idle_pool_that_may_sleep_is_not_kept_awake() -> None:
    async with world(agent=AGENT.model_copy(update={"min_replicas": 0})) as w:
        await asyncio.sleep(30.0)
        assert w.link.questions == 0
        assert (await w.engine.answer(submission(1))).state is TaskState.SUCCEEDED


@simulated
async def test_an_engine_that_stops_in_the_moment_of_sending_leaves_nobody_waiting() -> None:
    settings = QUEUE.model_copy(update={"grace_s": 0.001})
    async with world(settings=settings) as w:
        call = asyncio.create_task(w.engine.answer(submission(1, s=50)))
        while not w.engine._pools[KIND].dispatcher.held:  # noqa: ASYNC110 - simulated time
            await asyncio.sleep(0.0005)
        await w.engine.stop()
        assert (await call).state is TaskState.ABANDONED
        assert w.queue.rows[task_id(1)].state is TaskState.ABANDONED


@simulated
async def test_a_cancel_reaches_the_agent_at_once_and_leaves_the_others_alone() -> None:
    async with world() as w:
        await w.engine.submit([submission(n, s=5) for n in range(4)])
        await asyncio.sleep(1)
        agent = w.link.everyone[0].agent
        assert agent.running == 4
        await w.engine.cancel(DEFAULT_TENANT, task_id(2))
        await asyncio.sleep(0.01)
        assert agent.running == 3
        await w.settled()
        assert w.queue.states() == {TaskState.SUCCEEDED: 3, TaskState.CANCELLED: 1}
        assert set(agent.runs.values()) == {1}


@simulated
async def test_cancels_that_come_together_share_few_broadcasts() -> None:
    async with world() as w:
        heard = 0
        tell = w.link.cancel

        async def counted(cancels: Sequence[Cancel]) -> bool:
            nonlocal heard
            heard += 1
            return await tell(cancels)

        w.link.cancel = counted  # type: ignore[method-assign]  # a spy
        await w.engine.submit([submission(n, s=500) for n in range(100)])
        for n in range(100):
            await w.engine.cancel(DEFAULT_TENANT, task_id(n))
        await w.settled()
        await asyncio.sleep(1)
        assert 1 <= heard <= 6


@simulated
async def test_a_caller_whose_task_was_deleted_hears_so_while_its_run_is_stopped() -> None:
    async with world() as w:
        call = asyncio.create_task(w.engine.answer(submission(1, s=20)))
        await asyncio.sleep(1)
        began_s = now_unix_s()
        del w.queue.rows[task_id(1)]
        w.engine.forget([task_id(1)])
        answer = await call
        assert answer.state is TaskState.CANCELLED
        assert now_unix_s() - began_s < 0.1
        assert w.link.everyone[0].agent.running == 0


@simulated
async def test_what_another_orchestrator_cancelled_is_not_begun_however_long_it_was_held() -> None:
    agent = AGENT.model_copy(update={"concurrency": 1, "prefetch": 0, "attempt_limit_s": 120.0})
    queue, link = MemoryTaskQueue(), FakeLink(agent)
    holder, other = (an_engine(queue, link, agent=agent, seed=seed) for seed in (1, 2))
    await holder.start()
    await asyncio.sleep(0.1)
    await holder.submit([submission(n, s=30) for n in (1, 2, 3)])
    await asyncio.sleep(1)
    assert queue.states() == {TaskState.RUNNING: 3}
    await other.cancel(DEFAULT_TENANT, task_id(2))
    del queue.rows[task_id(3)]  # as with its lead
    other.forget([task_id(3)])
    await asyncio.sleep(100)
    assert set(link.everyone[0].agent.runs) == {task_id(1)}
    await holder.stop()


@simulated
async def test_what_was_cancelled_before_any_replica_came_is_stopped_within_a_second() -> None:
    agent = AGENT.model_copy(update={"attempt_limit_s": 120.0})
    async with world(replicas=0, respawn_s=None, agent=agent) as w:
        await w.engine.submit([submission(n, s=30, do="paid") for n in (1, 2)])
        await asyncio.sleep(1)
        tell, w.link.cancel = w.link.cancel, _deaf  # type: ignore[method-assign]
        await w.engine.cancel(DEFAULT_TENANT, task_id(1))
        await asyncio.sleep(60)
        w.link.cancel = tell  # type: ignore[method-assign]
        w.link.spawn()
        await asyncio.sleep(1.1)
        assert w.link.everyone[0].agent.running == 1
        await w.settled()
        assert w.queue.states() == {TaskState.SUCCEEDED: 1, TaskState.CANCELLED: 1}


@simulated
async def test_what_ended_elsewhere_and_is_replayed_at_once_is_done() -> None:
    async with world() as w:
        await w.engine.submit([submission(1, s=5)])
        await asyncio.sleep(1)
        w.queue._finish(w.queue.rows[task_id(1)], TaskState.DEAD, "agent_lost: elsewhere")
        await asyncio.sleep(1.1)
        assert w.link.everyone[0].agent.running == 0
        await w.queue.replay(DEFAULT_TENANT, task_id(1))
        await w.settled()
        assert w.queue.states() == {TaskState.SUCCEEDED: 1}


async def _deaf(cancels: Sequence[Cancel]) -> bool:
    """Reach nobody, as a broadcast to no replica does."""
    del cancels
    return False
