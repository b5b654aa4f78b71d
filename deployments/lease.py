"""An orchestrator's lease: while it holds, the tasks it claimed are its own."""

import asyncio
import logging
from collections.abc import Callable

from deployments.settings import QueueSettings
from domain.errors import ConflictError, DatabaseUnavailableError
from domain.ids import WorkerId
from domain.ports import TaskQueue

logger = logging.getLogger(__name__)


class Lease:
    """Keeps one row in ``workers`` alive.

    Args:
        new_worker_id: Maker of ids; a lost lease is never taken up again under the same one.
        changed: Called with True when the lease holds, with False when it has run out.
        lost: Called when a lease ran out and another worker id is in use.
    """

    def __init__(
        self,
        queue: TaskQueue,
        settings: QueueSettings,
        *,
        new_worker_id: Callable[[], WorkerId],
        changed: Callable[[bool], None],
        lost: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._settings = settings
        self._new_worker_id = new_worker_id
        self._changed = changed
        self._lost = lost
        self._held = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_new = True
        self.worker = new_worker_id()

    @property
    def is_held(self) -> bool:
        """Whether the lease holds by this process's steady clock, which asked before it counted."""
        return self._held.is_set()

    async def wait(self) -> None:
        """Return as soon as the lease holds."""
        await self._held.wait()

    async def run(self) -> None:
        """Renew until cancelled."""
        try:
            while True:
                wait_s = await self._renew()
                await asyncio.sleep(wait_s)
        finally:
            if self._alarm is not None:
                self._alarm.cancel()

    async def _renew(self) -> float:
        """Renew once; return the seconds until the next time."""
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        try:
            async with asyncio.timeout(self._settings.lease_s / 2):
                await self._queue.renew(
                    self.worker, lease_s=self._settings.lease_s, is_new=self._is_new
                )
        except ConflictError:
            logger.warning("lease_lost", extra={"worker": str(self.worker)})
            self._run_out()
            self.worker = self._new_worker_id()
            self._is_new = True
            self._lost()
            return 0.0
        except (DatabaseUnavailableError, TimeoutError) as error:
            facts = {"worker": str(self.worker), "error": type(error).__name__}
            logger.warning("lease_not_renewed", extra=facts)
            return min(0.5, self._settings.renew_s)
        self._is_new = False
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = loop.call_at(asked_s + self._settings.lease_s, self._run_out)
        if not self._held.is_set():
            self._held.set()
            self._changed(True)
        return self._settings.renew_s

    def _run_out(self) -> None:
        if self._held.is_set():
            self._held.clear()
            self._changed(False)
