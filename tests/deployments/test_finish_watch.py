"""Claims about waiting for the first of many tasks."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest

from deployments import finish_watch
from deployments.finish_watch import GATHER_S, POLL_S, FinishWatch
from domain.errors import OverloadedError
from domain.ids import DEFAULT_TENANT, TaskId, TenantId, WorkerId
from domain.task import FINISHED_STATES, Task
from tests.deployments.engine_world import World, world
from tests.fakes.simulation import now_unix_s, simulated
from tests.fakes.task_queue import MemoryTaskQueue
from tests.fakes.tasks import submission, task_id

IDS = [task_id(number) for number in (1, 2, 3)]


async def wait(w: World, task_ids: list[TaskId], *, wait_s: float) -> tuple[list[Task], float]:
    """Return those that are finished after a wait, and how long it took."""
    began_s = now_unix_s()
    tasks = await w.engine.wait_any(DEFAULT_TENANT, task_ids, until_unix_s=began_s + wait_s)
    return [task for task in tasks if task.state in FINISHED_STATES], now_unix_s() - began_s


@simulated
async def test_the_wait_ends_with_the_first_of_many() -> None:
    async with world() as w:
        await w.engine.submit([submission(n, s=float(n)) for n in (1, 2, 3)])
        finished, took_s = await wait(w, IDS, wait_s=30)
        assert [task.task_id for task in finished] == [task_id(1)]
        assert took_s == pytest.approx(1, abs=0.2)


@simulated
async def test_what_ends_together_is_told_together() -> None:
    async with world() as w:
        await w.engine.submit([submission(n, s=1 + n * GATHER_S / 4) for n in (1, 2, 3)])
        finished, _ = await wait(w, IDS, wait_s=30)
        assert len(finished) == 3


@simulated
async def test_what_is_finished_already_ends_the_wait_at_once() -> None:
    async with world() as w:
        await w.engine.answer(submission(1))
        await w.engine.submit([submission(2, s=10)])
        finished, took_s = await wait(w, IDS[:2], wait_s=30)
        assert len(finished) == 1
        assert took_s < 0.1


@simulated
async def test_with_nothing_to_wait_for_the_wait_ends_at_once() -> None:
    async with world() as w:
        finished, took_s = await wait(w, [task_id(99)], wait_s=30)
        assert (finished, took_s < 0.1) == ([], True)


@simulated
async def test_the_wait_ends_at_its_time_with_open_tasks() -> None:
    async with world() as w:
        await w.engine.submit([submission(n, s=10) for n in (1, 2)])
        finished, took_s = await wait(w, IDS[:2], wait_s=2)
        assert finished == []
        assert took_s == pytest.approx(2, abs=0.1)


@simulated
async def test_an_end_that_another_process_stored_is_found_by_asking() -> None:
    async with world() as w:
        await w.engine.submit([submission(1, s=30), submission(2, s=30)])
        waiting = asyncio.create_task(wait(w, IDS[:2], wait_s=30))
        await asyncio.sleep(1)
        await w.queue.cancel(DEFAULT_TENANT, task_id(2))
        finished, took_s = await waiting
        assert [task.task_id for task in finished] == [task_id(2)]
        assert took_s < 1 + 2 * POLL_S + GATHER_S


class NothingEnds(MemoryTaskQueue):
    """Notes how many tasks each question names; says that none is finished."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    async def finished(self, task_ids: Sequence[TaskId]) -> frozenset[TaskId]:
        self.asked.append(len(task_ids))
        return frozenset()


@pytest.fixture
def watched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> NothingEnds:
    """Wait a moment for three open tasks, with the bounds of the test's parameter."""
    for name, bound in request.param.items():
        monkeypatch.setattr(finish_watch, name, bound)
    queue = NothingEnds()

    @simulated
    async def run() -> None:
        await queue.admit([submission(n) for n in (1, 2, 3)], WorkerId(UUID(int=1)))
        watch = FinishWatch(queue, now_unix_s)
        asking = asyncio.create_task(watch.run())
        with suppress(OverloadedError):
            await watch.wait_any(DEFAULT_TENANT, IDS, until_unix_s=now_unix_s() + 0.1)
            queue.asked.append(0)
        asking.cancel()

    run()
    return queue


@pytest.mark.parametrize(
    ("watched", "asked"),
    [
        ({}, [3, 0]),
        ({"QUESTION_BOUND": 2}, [2, 1, 0]),
        ({"WAITING_BOUND": 3}, [3, 0]),
        ({"WAITING_BOUND": 2}, []),
    ],
    indirect=["watched"],
)
def test_questions_are_asked_in_parts_and_too_many_waits_are_refused(
    watched: NothingEnds, asked: list[int]
) -> None:
    assert watched.asked == asked


@simulated
async def test_what_one_tenant_waits_for_leaves_room_for_the_waits_of_another() -> None:
    queue = NothingEnds()
    mine = [replace(submission(n), tenant_id=TenantId("noisy")) for n in (1, 2, 3, 4)]
    await queue.admit([*mine, submission(9)], WorkerId(UUID(int=1)))
    watch = FinishWatch(queue, now_unix_s)
    until_unix_s = now_unix_s() + 60

    def wait_for(tenant: str, *numbers: int) -> "asyncio.Task[tuple[Task, ...]]":
        ids = [task_id(number) for number in numbers]
        waits = watch.wait_any(TenantId(tenant), ids, until_unix_s=until_unix_s)
        return asyncio.create_task(waits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finish_watch, "TENANT_WAITING_BOUND", 3)
        full = wait_for("noisy", 1, 2, 3)
        await asyncio.sleep(1)
        with pytest.raises(OverloadedError):
            await wait_for("noisy", 4)
        with pytest.raises(OverloadedError):
            await watch.wait(TenantId("noisy"), task_id(1), until_unix_s=until_unix_s)
        quiet = wait_for(DEFAULT_TENANT, 9)
        assert [len(tasks) for tasks in await asyncio.gather(full, quiet)] == [3, 1]
        assert not watch._of_tenant
