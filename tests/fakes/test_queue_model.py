"""The queue in memory does what the one in Postgres does, so that tests over it are true."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from domain.ids import TaskId, TenantId, WorkerId
from domain.task import Completion
from tests.fakes.lead_model import SeenLead
from tests.fakes.queue_caller import WORKER_LOSSES_AT_MOST, Run, Subject
from tests.fakes.queue_machine import check_queue
from tests.fakes.queue_model import EndedAttempt, Seen, SeenTask
from tests.fakes.simulation import EPOCH_UNIX_S, SimulatedLoop, now_unix_s
from tests.fakes.task_queue import MemoryTaskQueue
from tests.fakes.task_rows import Row


class InMemory:
    """The queue under test and the simulated time it lives in."""

    def __init__(self, queue: MemoryTaskQueue, loop: asyncio.AbstractEventLoop) -> None:
        """Use a queue on a simulated loop."""
        self.queue = self.tasks = queue
        self._loop = loop

    async def reset(self) -> None:
        """Empty the queue, which the machine holds already."""
        self.queue.__init__()  # type: ignore[misc]
        self.queue.worker_losses_at_most = WORKER_LOSSES_AT_MOST

    async def replay(
        self, tenant_id: TenantId, task_id: TaskId, deadline_at: datetime | None
    ) -> object:
        """Replay a task."""
        return await self.queue.replay(tenant_id, task_id, deadline_at=deadline_at)

    async def pass_time(self, seconds: float) -> None:
        """Sleep in simulated time."""
        await asyncio.sleep(seconds)

    async def seen(self) -> Seen:
        """Look at the rows."""
        now = now_unix_s()
        alive = frozenset(one for one, until in self.queue.leases.items() if until > now)
        return Seen(
            {task_id: _seen(row) for task_id, row in self.queue.rows.items()},
            alive,
            frozenset(self.queue.leases) - alive,
            frozenset(self.queue.bills),
            {
                (TenantId(tenant), lead_id): SeenLead(one.version, one.analysed[0], one.analysis_id)
                for (tenant, lead_id), one in self.queue.leads.items()
            },
        )

    def now_unix_s(self) -> float:
        """Return the simulated present, also where the loop does not run."""
        return EPOCH_UNIX_S + self._loop.time()


def _seen(row: Row) -> SeenTask:
    kept = tuple(
        EndedAttempt(
            one.attempt,
            None if one.worker_id is None else WorkerId(one.worker_id),
            one.state,
            one.error,
            one.crashed,
        )
        for one in row.attempts
    )
    return SeenTask(
        row.submission.tenant_id,
        row.state,
        row.attempt,
        row.max_attempts,
        row.crashes,
        row.worker_losses,
        row.direct,
        row.worker,
        row.not_before_unix_s is not None,
        row.error,
        row.result,
        row.key,
        kept,
    )


@pytest.fixture
def run() -> Iterator[Run]:
    """Run in simulated time."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        yield runner.run


def _in_memory(queue: MemoryTaskQueue, run: Run) -> Subject:
    return InMemory(queue, run(_loop()))


async def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.mark.timeout(300)  # a failure is made small first
def test_the_queue_in_memory_is_as_modelled(run: Run) -> None:
    check_queue(_in_memory(MemoryTaskQueue(), run), run, examples=100, steps=40, shrink=True)


class Unfenced(MemoryTaskQueue):
    """Takes every end for the end of the present attempt."""

    async def complete(self, completions: Sequence[Completion]) -> frozenset[TaskId]:
        """Put the present attempt's number under each."""
        known = [one for one in completions if one.task_id in self.rows]
        ends = [replace(one, attempt=self.rows[one.task_id].attempt) for one in known]
        return await super().complete(ends)


def test_a_queue_in_memory_without_a_fence_is_caught(run: Run) -> None:
    with pytest.raises(AssertionError):
        check_queue(_in_memory(Unfenced(), run), run, examples=150, steps=40, shrink=False)
