"""What a call can hope for, and that what has no hope runs nowhere and is told so at once."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.run_times import FEWEST
from deployments.chances import Chance, chance_of
from domain.errors import DeadlineExceededError
from domain.task import TaskState
from tests.deployments.engine_world import World, world
from tests.fakes.simulation import now_unix_s, simulated
from tests.fakes.tasks import submission, task_id

RUN_S = 1.0
SECONDS = st.floats(0, 1000)


@pytest.mark.parametrize(
    ("left_s", "wait_s", "run_s", "expected"),
    [
        (5.0, 0.0, 0.0, Chance.IN_TIME),
        (5.0, 3.0, 1.0, Chance.IN_TIME),
        (5.0, 3.0, 3.0, Chance.BEHIND_OTHERS),
        (5.0, 6.0, 0.0, Chance.BEHIND_OTHERS),
        (5.0, 0.0, 6.0, Chance.NONE),
        (0.0, 0.0, 0.0, Chance.NONE),
    ],
)
def test_a_call_needs_the_time_of_its_turn_and_of_its_run(
    left_s: float, wait_s: float, run_s: float, expected: Chance
) -> None:
    assert chance_of(left_s, wait_s=wait_s, run_s=run_s) is expected


@given(SECONDS, SECONDS, SECONDS, SECONDS)
def test_more_time_never_lessens_the_chance(
    left_s: float, more_s: float, wait_s: float, run_s: float
) -> None:
    order = [Chance.NONE, Chance.BEHIND_OTHERS, Chance.IN_TIME]
    less, more = (
        order.index(chance_of(left, wait_s=wait_s, run_s=run_s))
        for left in (left_s, left_s + more_s)
    )
    assert less <= more


async def learn(w: World) -> None:
    """Let so many runs end that the pool knows how long one takes."""
    await w.engine.submit([submission(1000 + n, s=RUN_S) for n in range(2 * FEWEST)])
    await w.settled()
    await asyncio.sleep(3)  # the replicas are asked how they stand


@simulated
async def test_a_call_with_less_time_than_a_run_fails_at_once_and_runs_nowhere() -> None:
    async with world(replicas=2) as w:
        await learn(w)
        began_s = now_unix_s()
        with pytest.raises(DeadlineExceededError):
            await w.engine.answer(submission(1, s=RUN_S, deadline_unix_s=began_s + RUN_S / 2))
        assert now_unix_s() == began_s
        assert task_id(1) not in w.queue.rows, "it cost the database nothing"
        late = began_s + 2 * RUN_S
        answer = await w.engine.answer(submission(2, s=RUN_S, deadline_unix_s=late))
        assert answer.state is TaskState.SUCCEEDED


@simulated
async def test_a_queued_task_with_less_time_than_a_run_expires_when_it_is_claimed() -> None:
    async with world(replicas=1) as w:
        await learn(w)
        crowd = [submission(n, s=3 * RUN_S) for n in range(10, 20)]
        await w.engine.submit(crowd)  # no slot becomes free for a while, and some wait in the heap
        await asyncio.sleep(0.2)
        began_s = now_unix_s()
        await w.engine.submit([submission(1, s=RUN_S, deadline_unix_s=began_s + RUN_S / 2)])
        await asyncio.sleep(RUN_S / 4)
        row = w.queue.rows[task_id(1)]
        assert (row.state, str(row.error).partition(":")[0]) == (
            TaskState.EXPIRED,
            "deadline_exceeded",
        )
        assert not any(replica.agent.runs[task_id(1)] for replica in w.link.everyone)


@simulated
async def test_a_repeated_request_gets_its_stored_answer_however_little_time_there_is() -> None:
    async with world(replicas=1) as w:
        await learn(w)
        key: dict[str, Any] = {"idempotency_key": "k", "request_digest": b"d"}
        first, again = (replace(submission(n, s=RUN_S), **key) for n in (1, 2))
        answer = await w.engine.answer(first)
        soon = now_unix_s() + RUN_S / 2
        assert await w.engine.answer(replace(again, deadline_unix_s=soon)) == answer
