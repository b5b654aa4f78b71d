"""Waits for tasks to finish on behalf of all long polls at once."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from actors.agent import Clock
from domain.errors import DatabaseUnavailableError
from domain.ids import TaskId, TenantId
from domain.ports import TaskStore
from domain.task import FINISHED_STATES, Task

POLL_S = 0.2
"""Seconds between questions to the database about everything that is waited for."""


class FinishWatch:
    """One question for all waiters, and none for what finishes in this process."""

    def __init__(self, tasks: TaskStore, clock: Clock) -> None:
        self._tasks = tasks
        self._clock = clock
        self._waiters: dict[TaskId, set[asyncio.Future[None]]] = defaultdict(set)
        self._news = asyncio.Event()

    async def wait(self, tenant_id: TenantId, task_id: TaskId, *, until_unix_s: float) -> Task:
        """Return the task as soon as it is finished, or as it is at ``until_unix_s``.

        Raises:
            NotFoundError: The tenant has no such task.
        """
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[task_id].add(waiter)
        try:
            task = await self._tasks.get(tenant_id, task_id)
            left_s = until_unix_s - self._clock()
            if task.state in FINISHED_STATES or left_s <= 0:
                return task
            self._news.set()
            await asyncio.wait([waiter], timeout=left_s)
            return await self._tasks.get(tenant_id, task_id)
        finally:
            waiters = self._waiters[task_id]
            waiters.discard(waiter)
            if not waiters:
                del self._waiters[task_id]

    def tell(self, task_ids: Iterable[TaskId]) -> None:
        """Wake those who wait for tasks that are known to be finished."""
        for task_id in task_ids:
            for waiter in self._waiters.get(task_id, ()):
                if not waiter.done():
                    waiter.set_result(None)

    async def run(self) -> None:
        """Ask the database until cancelled; a database that is away is asked again."""
        while True:
            await self._news.wait()
            if not self._waiters:
                self._news.clear()
                continue
            with suppress(DatabaseUnavailableError):
                self.tell(await self._tasks.finished(list(self._waiters)))
            await asyncio.sleep(POLL_S)
