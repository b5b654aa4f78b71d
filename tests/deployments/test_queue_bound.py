"""What the engine admits to a durable queue that is full, in simulated time."""

import asyncio
from dataclasses import replace

import pytest

from deployments.settings import QueueSettings
from domain.errors import OverloadedError
from domain.ids import DEFAULT_TENANT, LeadId, TenantId
from domain.task import Admission, Release, Submission, TaskState
from tests.deployments.engine_world import AGENT, QUEUE, World, an_engine, world
from tests.fakes.link import FakeLink
from tests.fakes.simulation import simulated
from tests.fakes.tasks import KIND, submission, task_id

BOUND = 50


def bounded(**changes: object) -> QueueSettings:
    return QUEUE.model_copy(
        update={"queued_bound": BOUND, "tenant_queued_share": 1.0, "claim_ahead": 0, **changes}
    )


def waiting(w: World) -> int:
    states = w.queue.states()
    return states[TaskState.QUEUED] + states[TaskState.WAITING]


async def submitted(w: World, *tasks: Submission) -> tuple[list[Admission], list[OverloadedError]]:
    try:
        answers = await w.engine.submit(tasks)
    except OverloadedError as error:
        return [], [error] * len(tasks)
    good = [answer for answer in answers if isinstance(answer, Admission)]
    return good, [answer for answer in answers if isinstance(answer, OverloadedError)]


async def fill(w: World, *, s: float = 1000.0) -> int:
    """Queue tasks until the queue is full; return how many were taken."""
    taken, first = 0, 10_000 + len(w.queue.rows)
    for start in range(first, first + 10_000, 20):
        good, refused = await submitted(w, *(submission(start + n, s=s) for n in range(20)))
        taken += len(good)
        if refused and not good:
            return taken
    raise AssertionError("never full")


@simulated
async def test_the_queue_takes_what_its_bound_says_and_not_one_task_more() -> None:
    async with world(replicas=0, settings=bounded()) as w:
        await fill(w)
        await asyncio.sleep(5)  # a pool that sleeps claims the little that wakes it
        await fill(w)
        assert waiting(w) == BOUND
        await asyncio.sleep(5)
        assert await fill(w) == 0


@simulated
async def test_of_a_batch_that_does_not_fit_the_first_are_taken_and_the_rest_told_when() -> None:
    async with world(replicas=0, settings=bounded()) as w:
        asked = [submission(n, s=1000) for n in range(1, 81)]
        good, refused = await submitted(w, *asked)
        assert [one.task_id for one in good] == [one.task_id for one in asked[:BOUND]]
        assert len(refused) == 80 - BOUND
        assert all(1 <= one.retry_after_s <= 300 for one in refused)


@simulated
async def test_below_the_bound_nothing_is_refused() -> None:
    async with world(settings=bounded(queued_bound=400)) as w:
        for start in range(1, 4000, 40):
            _, refused = await submitted(w, *(submission(start + n, s=0.05) for n in range(40)))
            assert not refused
            await asyncio.sleep(0.55)  # 73 a second; 4 slots of 0.05 s do 80
        await w.settled()


@simulated
async def test_a_known_idempotency_key_is_answered_however_full_the_queue_is() -> None:
    async with world(settings=bounded()) as w:
        first = replace(submission(9000, s=1000), idempotency_key="k", request_digest=b"1")
        await submitted(w, first)
        await fill(w)
        again = replace(first, task_id=task_id(9001))
        good, refused = await submitted(
            w, again, submission(9002), replace(again, task_id=task_id(9003))
        )
        assert [(one.task_id, one.created) for one in good] == [(task_id(9000), False)] * 2
        assert len(refused) == 1
        fresh = replace(submission(9004), idempotency_key="other")
        assert (await submitted(w, fresh))[0] == []
        assert task_id(9004) not in w.queue.rows


@simulated
async def test_keys_that_were_known_leave_no_room_unused() -> None:
    async with world(replicas=0, settings=bounded(look_s=60)) as w:
        first = replace(submission(9000, s=1000), idempotency_key="k", request_digest=b"1")
        await submitted(w, first)
        for number in range(9001, 9501):
            good, _ = await submitted(w, replace(first, task_id=task_id(number)))
            assert not good[0].created
        await fill(w)
        assert waiting(w) == BOUND


@simulated
async def test_direct_calls_do_not_need_room_in_the_queue() -> None:
    async with world(settings=bounded()) as w:
        await fill(w, s=0.5)
        answer = await w.engine.answer(submission(9000, s=0.1))
        assert answer.state is TaskState.SUCCEEDED


@simulated
async def test_what_was_accepted_goes_back_into_a_full_queue_and_ends() -> None:
    async with world(settings=bounded()) as w:
        await fill(w, s=0.2)
        running = [row for row in w.queue.rows.values() if row.state is TaskState.RUNNING]
        gone = [
            Release(row.submission.task_id, row.attempt, 0.0, "x: y", crashed=False)
            for row in running
        ]
        assert await w.queue.release(gone) == {one.task_id for one in gone}
        await w.settled()
        ends = w.queue.states()
        assert set(ends) <= {TaskState.SUCCEEDED, TaskState.DEAD, TaskState.FAILED}
        assert sum(ends.values()) == len(w.queue.rows)
        assert (await submitted(w, submission(9900)))[0]


@simulated
async def test_a_refusal_is_taken_back_as_soon_as_the_queue_drains() -> None:
    async with world(settings=bounded()) as w:
        await fill(w, s=1.0)
        await asyncio.sleep(3)
        refused: list[OverloadedError] = []
        while not refused:
            _, refused = await submitted(w, submission(9000 + len(w.queue.rows), s=1.0))
        assert refused[0].retry_after_s <= 10  # four a second drain, and the last batch waits too
        await asyncio.sleep(refused[0].retry_after_s)
        assert (await submitted(w, submission(9900, s=1.0)))[0]


@simulated
async def test_one_tenant_cannot_fill_the_queue_of_all() -> None:
    async with world(replicas=0, settings=bounded(tenant_queued_share=0.4)) as w:
        await fill(w)
        await asyncio.sleep(5)  # a pool that sleeps claims the little that wakes it
        await fill(w)
        other = replace(submission(9000, s=1000), tenant_id=TenantId("other"))
        assert (await submitted(w, other))[0]
        assert await fill(w) == 0
        mine = [
            row
            for row in w.queue.rows.values()
            if row.state is TaskState.QUEUED and row.submission.tenant_id == DEFAULT_TENANT
        ]
        assert len(mine) == 20


@simulated
async def test_two_orchestrators_exceed_the_bound_by_one_looks_admissions_at_most() -> None:
    settings = bounded(look_s=1.0)
    async with world(replicas=0, settings=settings) as w:
        other = an_engine(
            w.queue.another_door(), FakeLink(AGENT, replicas=0), settings=settings, seed=2
        )
        await other.start()
        await asyncio.sleep(0.5)
        most = 0
        for n in range(1, 2000, 2):  # 20 a second by each
            for engine, number in ((w.engine, n), (other, n + 1)):
                try:
                    await engine.submit([submission(number, s=1000)])
                except OverloadedError:
                    continue
            most = max(most, waiting(w))
            await asyncio.sleep(0.05)
        assert BOUND <= most <= BOUND + 20
        await other.stop()


@simulated
async def test_a_batch_that_the_database_refused_is_not_counted() -> None:
    async with world(settings=bounded(look_s=60)) as w:
        for number in range(9000, 9500):
            missing = replace(submission(number), lead_id=LeadId("no-such-lead"))
            (answer,) = await w.engine.submit([missing])
            assert not isinstance(answer, Admission | OverloadedError)
        assert len((await submitted(w, submission(1), submission(2)))[0]) == 2


@simulated
async def test_work_that_a_store_queues_needs_room_too() -> None:
    async with world(settings=bounded()) as w:
        await w.engine.make_room(KIND, DEFAULT_TENANT)
        await fill(w)
        with pytest.raises(OverloadedError, match="full"):
            await w.engine.make_room(KIND, DEFAULT_TENANT)


@simulated
async def test_a_crowd_that_was_refused_comes_back_as_fast_as_the_queue_drains() -> None:
    async with world(settings=bounded()) as w:
        await fill(w, s=0.2)
        tries = 0

        async def client(number: int) -> None:
            nonlocal tries
            while True:
                tries += 1
                good, refused = await submitted(w, submission(number, s=0.2))
                if good:
                    return
                await asyncio.sleep(refused[0].retry_after_s)

        await asyncio.gather(*(client(number) for number in range(1, 401)))
        assert (
            tries < 4 * 400
        )  # 20 a second drain: 400 clients that ask each second ask 4,000 times
        await w.settled()


@simulated
async def test_the_look_goes_on_while_nothing_is_admitted() -> None:
    async with world(settings=bounded()) as w:
        await asyncio.sleep(20)
        assert 15 <= w.queue.statements["look"] <= 25
