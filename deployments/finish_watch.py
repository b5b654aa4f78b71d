"""Waits for tasks to finish on behalf of all long polls at once."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from actors.agent import Clock
from domain.errors import DatabaseUnavailableError, OverloadedError
from domain.ids import TaskId, TenantId
from domain.ports import TaskStore
from domain.task import FINISHED_STATES, Task

POLL_S = 0.2
"""Seconds between questions to the database about everything that is waited for."""

QUESTION_BOUND = 2000
"""Tasks that one question to the database names."""

WAITING_BOUND = 100_000
"""Tasks that may be waited for at once; a poll that would add to more is refused."""

TENANT_WAITING_BOUND = 50_000
"""Of one tenant, where a task that several polls wait for counts once for each poll."""

GATHER_S = 0.05
"""Seconds between the end of the first of several tasks and the answer: what ends together is
told together, so that a thousand tasks do not cost a thousand answers."""


class FinishWatch:
    """One question for all waiters, and none for what finishes in this process."""

    def __init__(self, tasks: TaskStore, clock: Clock) -> None:
        self._tasks = tasks
        self._clock = clock
        self._waiters: dict[TaskId, set[asyncio.Future[None]]] = defaultdict(set)
        self._of_tenant: Counter[TenantId] = Counter()
        self._news = asyncio.Event()

    async def wait(self, tenant_id: TenantId, task_id: TaskId, *, until_unix_s: float) -> Task:
        """Return the task as soon as it is finished, or as it is at ``until_unix_s``.

        Raises:
            NotFoundError: The tenant has no such task.
            OverloadedError: Too many tasks are waited for already, of all or of this tenant.
        """
        with self._waiting(tenant_id, [task_id]) as waiter:
            task = await self._tasks.get(tenant_id, task_id)
            left_s = until_unix_s - self._clock()
            if task.state in FINISHED_STATES or left_s <= 0:
                return task
            self._news.set()
            await asyncio.wait([waiter], timeout=left_s)
            return await self._tasks.get(tenant_id, task_id)

    async def wait_any(
        self, tenant_id: TenantId, task_ids: Sequence[TaskId], *, until_unix_s: float
    ) -> tuple[Task, ...]:
        """Return the tenant's tasks as soon as one of them is finished, or at ``until_unix_s``.

        Those that are finished already end the wait at once; so does having nothing to wait for.

        Args:
            tenant_id: Whose tasks to return; those of others are left out.
            task_ids: Each once.
            until_unix_s: Seconds since 1970.

        Returns:
            Open and finished ones, in the order asked for.

        Raises:
            OverloadedError: Too many tasks are waited for already, of all or of this tenant.
        """
        tasks = await self._tasks.get_many(tenant_id, task_ids)
        open_ids = [TaskId(task.task_id) for task in tasks if task.state not in FINISHED_STATES]
        left_s = until_unix_s - self._clock()
        if left_s <= 0 or not open_ids or len(open_ids) < len(tasks):
            return tasks
        # What ended since the read is found by the next question of the loop below.
        with self._waiting(tenant_id, open_ids) as waiter:
            self._news.set()
            await asyncio.wait([waiter], timeout=left_s)
            if len(open_ids) > 1 and waiter.done():
                await asyncio.sleep(max(0.0, min(GATHER_S, until_unix_s - self._clock())))
        return await self._tasks.get_many(tenant_id, task_ids)

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
            waited_for = list(self._waiters)
            with suppress(DatabaseUnavailableError):
                for start in range(0, len(waited_for), QUESTION_BOUND):
                    part = waited_for[start : start + QUESTION_BOUND]
                    self.tell(await self._tasks.finished(part))
            await asyncio.sleep(POLL_S)

    @contextmanager
    def _waiting(
        self, tenant_id: TenantId, task_ids: Sequence[TaskId]
    ) -> Iterator["asyncio.Future[None]"]:
        """Give a future that the end of any of the tasks resolves."""
        if self._of_tenant[tenant_id] + len(task_ids) > TENANT_WAITING_BOUND:
            raise OverloadedError("too many of your tasks are waited for", 1.0)
        if len(self._waiters) + len(task_ids) > WAITING_BOUND:
            raise OverloadedError("too many tasks are waited for", 1.0)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._of_tenant[tenant_id] += len(task_ids)
        for task_id in task_ids:
            self._waiters[task_id].add(waiter)
        try:
            yield waiter
        finally:
            self._of_tenant[tenant_id] -= len(task_ids)
            if not self._of_tenant[tenant_id]:
                del self._of_tenant[tenant_id]
            for task_id in task_ids:
                waiters = self._waiters[task_id]
                waiters.discard(waiter)
                if not waiters:
                    del self._waiters[task_id]
