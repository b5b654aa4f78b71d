"""Which direct calls are refused, and what they are told."""

import asyncio

import pytest

from deployments.drain_rate import DrainRate
from domain.errors import DeadlineExceededError, OverloadedError
from domain.task import Admission, TaskState
from tests.deployments.engine_world import QUEUE, world
from tests.fakes.simulation import now_unix_s, simulated
from tests.fakes.tasks import submission, task_id


def a_rate(per_s: float, ends: int) -> DrainRate:
    rate = DrainRate()
    for n in range(ends + 1):
        rate.ended(n / per_s, waiting=1)
    return rate


def test_the_wait_is_computed_from_the_rate_of_ends() -> None:
    assert a_rate(50, 400).wait_s(100, 8.0) == pytest.approx(2.0)
    assert a_rate(50, 2000).wait_s(100, 40.0) == pytest.approx(2.0, rel=0.05)


def test_nothing_is_concluded_from_few_ends_or_from_a_pool_nobody_waits_for() -> None:
    assert a_rate(10, 19).wait_s(1000, 1.9) == 0
    rate = a_rate(50, 400)
    rate.ended(8.1, waiting=0)
    assert rate.wait_s(1000, 8.2) == 0


def test_a_retry_is_asked_for_within_bounds_and_spread() -> None:
    rate = a_rate(50, 400)
    draws = [rate.retry_after_s(1000, 8.0, jitter=n / 10) for n in range(10)]
    assert draws == sorted(set(draws))
    assert 20 <= draws[0] < draws[-1] <= 30
    assert rate.retry_after_s(10**9, 8.0, jitter=0.5) == 300
    assert DrainRate().retry_after_s(1000, 8.0, jitter=0.0) == 1


@simulated
async def test_a_call_whose_turn_cannot_come_in_time_is_refused_at_once() -> None:
    async with world() as w:
        crowd = [asyncio.create_task(w.engine.answer(submission(n, s=0.1))) for n in range(1000)]
        await asyncio.sleep(3)
        began_s = now_unix_s()
        late = submission(2000, s=0.1, deadline_unix_s=now_unix_s() + 5)
        with pytest.raises(OverloadedError) as refused:
            await w.engine.answer(late)
        assert now_unix_s() == began_s
        assert 20 < refused.value.retry_after_s < 40  # 880 in front, 40 a second
        (queued,) = await w.engine.submit([submission(3000, s=0.1)])
        assert isinstance(queued, Admission)
        answers = await asyncio.gather(*crowd)
        assert all(answer.state is TaskState.SUCCEEDED for answer in answers)
        assert (await w.engine.answer(submission(2001, s=0.1))).state is TaskState.SUCCEEDED


@pytest.mark.parametrize("seed", range(8))
def test_no_call_is_refused_while_the_pool_keeps_up(seed: int) -> None:
    @simulated
    async def ramp() -> None:
        async with world(replicas=2) as w:
            calls = []
            for n in range(600):
                late = now_unix_s() + 3
                one = submission(n, s=0.02 + 0.02 * ((n * 7 + seed) % 5), deadline_unix_s=late)
                calls.append(asyncio.create_task(w.engine.answer(one)))
                await asyncio.sleep(0.02 * (0 if (n + seed) % 10 < 5 else 1))
            answers = await asyncio.gather(*calls, return_exceptions=True)
            assert not [one for one in answers if isinstance(one, Exception)]

    ramp()


@simulated
async def test_beyond_capacity_few_calls_run_out_of_time_and_the_pool_stays_busy() -> None:
    async with world(settings=QUEUE.model_copy(update={"waiting_bound": 2048})) as w:
        calls = []
        for n in range(2000):  # 80 a second, twice what 4 slots of 0.1 s can do
            one = submission(n, s=0.1, deadline_unix_s=now_unix_s() + 4)
            calls.append(asyncio.create_task(w.engine.answer(one)))
            await asyncio.sleep(0.0125)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        done = sum(not isinstance(one, Exception) for one in answers)
        late = sum(isinstance(one, DeadlineExceededError) for one in answers)
        assert done > 0.8 * 25 * 40
        assert late < 0.1 * len(answers)  # the estimate is a lower bound: some are let in too late


@simulated
async def test_a_caller_beyond_the_bound_costs_no_statement_until_one_leaves() -> None:
    bound = 5
    async with world(settings=QUEUE.model_copy(update={"direct_bound": bound})) as w:
        calls = [asyncio.create_task(w.engine.answer(submission(n, s=9))) for n in range(bound)]
        await asyncio.sleep(0.2)
        with pytest.raises(OverloadedError) as refused:
            await w.engine.answer(submission(100))
        assert refused.value.retry_after_s >= 1
        assert task_id(100) not in w.queue.rows
        (queued,) = await w.engine.submit([submission(101)])
        assert isinstance(queued, Admission), "durable work is taken all the same"
        calls[0].cancel()
        await asyncio.sleep(0.1)
        assert (await w.engine.answer(submission(102))).state is TaskState.SUCCEEDED
        await asyncio.gather(*calls, return_exceptions=True)
