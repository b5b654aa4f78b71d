"""Takes tasks out of the durable queue, and back into it what nobody holds."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from deployments.dispatcher import Settled
from deployments.lease import Lease
from deployments.loops import first_of
from deployments.pool import Pool
from deployments.settings import QueueSettings
from deployments.verdict import handed_back
from domain.errors import DatabaseUnavailableError
from domain.ids import TaskId
from domain.ports import TaskQueue

logger = logging.getLogger(__name__)


class Claims:
    """The loops between the queue and the pools.

    Args:
        stopping: Set when nothing may be claimed any more.
        settle: Takes tasks that were claimed and are not wanted.
        is_behind: Whether so many ends wait to be stored that nothing may be claimed.
        holds: Every task that this orchestrator runs or whose end it has to store.
    """

    def __init__(  # noqa: PLR0913 - its surroundings, each named
        self,
        queue: TaskQueue,
        lease: Lease,
        settings: QueueSettings,
        *,
        stopping: asyncio.Event,
        settle: Callable[[Settled], None],
        is_behind: Callable[[], bool],
        holds: Callable[[], Sequence[TaskId]],
    ) -> None:
        self._queue = queue
        self._lease = lease
        self._settings = settings
        self._stopping = stopping
        self._settle = settle
        self._is_behind = is_behind
        self._holds = holds

    def step(self) -> int:
        """Return how much room makes another claim worth its statement."""
        return max(1, min(self._settings.claim_batch, self._settings.claim_ahead) // 2)

    async def claim(self, pool: Pool) -> None:
        """Claim for one kind until ``stopping`` is set."""
        while not self._stopping.is_set():
            pool.wake.clear()
            hinted, pool.is_hinted = pool.is_hinted, False
            behind = self._is_behind()
            room = 0 if behind else pool.dispatcher.claim_room()
            express = room == 0 and hinted and not behind
            room = pool.dispatcher.express_room() if express else room
            limit = min(room, self._settings.claim_batch)
            claimed = 0
            if limit and self._lease.is_held:
                claimed = await self._claim_some(pool, limit, express=express)
                # A deal may be short although more wait: only one that is empty says that none do.
                pool.has_more = claimed > 0 or (express and pool.has_more)
            if not claimed:
                await self._wait(pool)
            elif hinted:  # what was claimed may not be all, and what cannot wait may be behind it
                pool.is_hinted = True

    async def _wait(self, pool: Pool) -> None:
        """Wait until something may have changed; after a silent while look for everything."""
        if not await first_of(pool.wake, self._settings.poll_s):
            pool.is_hinted = True

    async def _claim_some(self, pool: Pool, limit: int, *, express: bool) -> int:
        worker = self._lease.worker
        try:
            tasks = await self._queue.claim(pool.kind, worker, limit=limit, express=express)
        except DatabaseUnavailableError as error:
            logger.warning("claim_failed", extra={"kind": pool.kind, "error": str(error)})
            return 0
        for task in tasks:
            is_ours = worker == self._lease.worker and not self._stopping.is_set()
            if not is_ours or not pool.dispatcher.add(task):
                self._settle(Settled(task, handed_back(task, "no longer wanted here")))
        return len(tasks)

    async def recover(self) -> None:
        """Move on what nobody holds, again and again."""
        while True:
            await asyncio.sleep(self._settings.recover_s)
            try:
                moved = self._settings.recover_batch
                while moved >= self._settings.recover_batch:
                    moved = await self._queue.recover(
                        limit=self._settings.recover_batch,
                        worker=self._lease.worker,
                        holds=self._holds(),
                    )
            except DatabaseUnavailableError as error:
                logger.warning("recover_failed", extra={"error": str(error)})
