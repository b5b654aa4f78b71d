"""Bounds the durable queue: looks at it now and then, and admits only what it has room for."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from random import Random

from deployments.queue_room import QueueRoom
from deployments.settings import QueueSettings
from domain.errors import DatabaseUnavailableError, GardenosError, OverloadedError, UnavailableError
from domain.ids import AgentKind, TaskId, TenantId, WorkerId
from domain.ports import TaskQueue
from domain.queue_look import QueueGauge
from domain.task import Admission, Submission

logger = logging.getLogger(__name__)

FRESH_S = 0.2
"""A refusal is never made by a look that is older than this, in seconds, where looks are cheap."""

PAUSE_COSTS = 20
"""Looks take one part in so many of the time at most, however long the queue is."""

LONGEST_PAUSE_S = 30.0


def rooms_of(kinds: Iterable[AgentKind], settings: QueueSettings) -> dict[AgentKind, QueueRoom]:
    """Return an empty queue's room for each kind."""
    share = settings.tenant_queued_share
    return {
        kind: QueueRoom(kind, bound=settings.queued_bound, tenant_share=share) for kind in kinds
    }


class QueueBound:
    """The door of the durable queue in one orchestrator, for whoever brings new tasks.

    Looks and admissions of this orchestrator take turns, so that its own tasks are counted once:
    alone it never goes beyond the bound. What goes back into the queue does not pass here.
    Direct tasks neither: they do not wait in the queue.
    """

    def __init__(
        self,
        queue: TaskQueue,
        gauge: QueueGauge,
        settings: QueueSettings,
        *,
        rooms: Mapping[AgentKind, QueueRoom],
        rng: Random,
    ) -> None:
        """Take tasks for the kinds of ``rooms``."""
        self._queue = queue
        self._gauge = gauge
        self._settings = settings
        self._rooms = rooms
        self._rng = rng
        self._turn = asyncio.Lock()
        self._looked_s = float("-inf")
        self._cost_s = 0.0
        self._since: datetime | None = None

    async def run(self) -> None:
        """Look again and again until cancelled, also while nothing is admitted."""
        while True:
            async with self._turn:
                if self._is_older_than(self._pause_s()):
                    await self._look()
            await asyncio.sleep(self._settings.look_s)

    async def admit(
        self, submissions: Sequence[Submission], worker: WorkerId
    ) -> list[Admission | GardenosError]:
        """Store what there is room for; answer each, in order.

        What repeats an idempotency key is answered with its first task however full the queue is.

        Raises:
            DatabaseUnavailableError: See :meth:`domain.ports.TaskQueue.admit`.
        """
        if all(one.direct for one in submissions):
            return await self._queue.admit(submissions, worker)
        async with self._turn:
            refused = await self._seat([one for one in submissions if not one.direct])
            asked = [one for one in submissions if _is_asked(one, refused)]
            try:
                answers = await self._queue.admit(asked, worker, refused=refused) if asked else []
            except UnavailableError:
                raise  # perhaps stored all the same: the next look tells
            except Exception:
                self._give_back(one for one in asked if one.task_id not in refused)
                raise
            found = dict(zip((one.task_id for one in asked), answers, strict=True))
            self._give_back(one for one in asked if not _is_new(found[one.task_id], refused, one))
        return [found.get(one.task_id) or refused[one.task_id] for one in submissions]

    def check(self, kind: AgentKind, tenant_id: TenantId) -> None:
        """Count one task that another statement than :meth:`admit` will store.

        Raises:
            OverloadedError: There is no room for it.
        """
        refusal = self._rooms[kind].take(tenant_id, jitter=self._rng.random())
        if refusal is not None:
            raise refusal

    async def _seat(self, bounded: Sequence[Submission]) -> dict[TaskId, OverloadedError]:
        """Count what there is room for; return why the rest has none."""
        if self._is_older_than(self._pause_s()):
            await self._look()
        refused = self._take(bounded)
        if refused and self._is_older_than(self._pause_s() * FRESH_S / self._settings.look_s):
            self._give_back(one for one in bounded if one.task_id not in refused)
            await self._look()
            refused = self._take(bounded)
        return refused

    def _take(self, bounded: Sequence[Submission]) -> dict[TaskId, OverloadedError]:
        refused = {}
        for one in bounded:
            room = self._rooms[one.kind]
            if (why := room.take(one.tenant_id, jitter=self._rng.random())) is not None:
                refused[one.task_id] = why
        return refused

    def _give_back(self, submissions: Iterable[Submission]) -> None:
        for one in submissions:
            if not one.direct:
                self._rooms[one.kind].give_back(one.tenant_id)

    def _pause_s(self) -> float:
        return min(LONGEST_PAUSE_S, max(self._settings.look_s, PAUSE_COSTS * self._cost_s))

    def _is_older_than(self, age_s: float) -> bool:
        return _now_s() - self._looked_s >= age_s

    async def _look(self) -> None:
        """Look; where the database is away the look before stands."""
        began_s = _now_s()
        cap = self._settings.queued_bound + 1
        try:
            found = await self._gauge.look(tuple(self._rooms), cap=cap, since=self._since)
        except DatabaseUnavailableError as error:
            logger.warning("queue_look_failed", extra={"error": str(error)})
        else:
            for kind, look in found.items():
                self._rooms[kind].looked(look)
                self._since = look.finished_until
        self._looked_s = _now_s()
        self._cost_s = self._looked_s - began_s


def _is_asked(one: Submission, refused: Mapping[TaskId, OverloadedError]) -> bool:
    """Tell whether the database is asked: a key may be known where there is no room."""
    return one.task_id not in refused or one.idempotency_key is not None


def _is_new(
    answer: Admission | GardenosError, refused: Mapping[TaskId, OverloadedError], one: Submission
) -> bool:
    """Tell whether what was counted is stored, or was never counted."""
    return one.task_id in refused or (isinstance(answer, Admission) and answer.created)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
