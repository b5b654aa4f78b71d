"""Stops what this orchestrator holds of tasks that ended elsewhere."""

import asyncio
import logging
from collections.abc import Iterable

from deployments.dispatcher import Dispatcher
from deployments.finish_watch import QUESTION_BOUND
from domain.errors import DatabaseUnavailableError
from domain.ports import TaskStore

logger = logging.getLogger(__name__)


class EndedElsewhere:
    """Asks now and then which of the held tasks have ended: nobody wants them any more.

    A cancel, or the deletion of a lead, that another orchestrator took reaches the replicas, which
    remember it for ``remember_cancel_s``. What waits here for longer, or in front of a pool without
    replicas, would be run and paid for all the same.
    """

    def __init__(
        self, tasks: TaskStore, dispatchers: Iterable[Dispatcher], *, every_s: float
    ) -> None:
        self._tasks = tasks
        self._dispatchers = tuple(dispatchers)
        self._every_s = every_s

    async def run(self) -> None:
        """Ask until cancelled; a database that is away is asked again."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                for dispatcher in self._dispatchers:
                    await self._stop_ended(dispatcher)
            except DatabaseUnavailableError as error:
                logger.info("ended_elsewhere_not_asked", extra={"error": str(error)})

    async def _stop_ended(self, dispatcher: Dispatcher) -> None:
        held = dispatcher.held_ids()
        for start in range(0, len(held), QUESTION_BOUND):
            ended = await self._tasks.finished(held[start : start + QUESTION_BOUND])
            for task_id in ended & frozenset(dispatcher.held_ids()):
                dispatcher.stop(task_id)
