"""Bounds the durable queue: looks at it now and then, and admits only what it has room for."""

import asyncio
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import TypeAlias

from deployments.queue_room import QueueRoom
from deployments.settings import QueueSettings
from domain.errors import DatabaseUnavailableError, GardenosError, OverloadedError, UnavailableError
from domain.ids import AgentKind, TaskId, TenantId, WorkerId
from domain.ports import TaskQueue
from domain.queue_look import QueueGauge
from domain.task import Admission, Submission

logger = logging.getLogger(__name__)

FRESH_SHARE = 0.2
"""A refusal is never made by a look that is older than this part of the pause between two."""

PAUSE_COSTS = 20
"""Looks take one part in so many of the time at most, however long the queue is."""

LONGEST_PAUSE_S = 60.0


Seat: TypeAlias = tuple[AgentKind, TenantId]
"""Room for one task."""


def rooms_of(kinds: Iterable[AgentKind], settings: QueueSettings) -> dict[AgentKind, QueueRoom]:
    """Return an empty queue's room for each kind."""
    share = settings.tenant_queued_share
    return {
        kind: QueueRoom(kind, bound=settings.queued_bound, tenant_share=share) for kind in kinds
    }


class QueueBound:
    """The door of the durable queue in one orchestrator, for whoever brings new tasks.

    The looks of the loop go on beside admissions, so they may count a task twice: nothing is
    refused by one of them. Who would be refused waits for a look between two admissions, so this
    orchestrator alone never goes beyond the bound and never refuses below it. What goes back into
    the queue does not pass here. Direct tasks neither: they do not wait in the queue.
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
        self._one_look = asyncio.Lock()
        self._in_flight: Sequence[Submission] = ()
        self._is_exact = False
        self._looked_s = float("-inf")
        self._cost_s = 0.0
        self._since: datetime | None = None

    async def run(self) -> None:
        """Look again and again until cancelled, also while nothing is admitted."""
        while True:
            if self._is_older_than(self._pause_s()):
                await self._look(exact=False)
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
            bounded = [one for one in submissions if not one.direct]
            seats = await self._seats([(one.kind, one.tenant_id) for one in bounded])
            refused = {one.task_id: no for one, no in zip(bounded, seats, strict=True) if no}
            found = await self._admit(
                [one for one in submissions if _is_asked(one, refused)], worker, refused
            )
        return [found.get(one.task_id) or refused[one.task_id] for one in submissions]

    async def check(self, kind: AgentKind, tenant_id: TenantId) -> None:
        """Count one task that another statement than :meth:`admit` will store.

        Raises:
            OverloadedError: There is no room for it.
        """
        async with self._turn:
            (refusal,) = await self._seats([(kind, tenant_id)])
        if refusal is not None:
            raise refusal

    async def _seats(self, asked: Sequence[Seat]) -> list[OverloadedError | None]:
        """Count those there is room for; return why the others have none, in order."""
        if math.isinf(self._looked_s):
            await self._look(exact=True)
        refusals = self._take(asked)
        fresh_s = self._pause_s() * FRESH_SHARE
        if any(refusals) and (not self._is_exact or self._is_older_than(fresh_s)):
            self._give_back(
                seat for seat, refusal in zip(asked, refusals, strict=True) if refusal is None
            )
            await self._look(exact=True)
            refusals = self._take(asked)
        return refusals

    async def _admit(
        self,
        asked: Sequence[Submission],
        worker: WorkerId,
        refused: Mapping[TaskId, OverloadedError],
    ) -> dict[TaskId, Admission | GardenosError]:
        """Have them stored; those in ``refused`` were not counted, the others are."""
        if not asked:
            return {}
        counted = [one for one in asked if one.task_id not in refused and not one.direct]
        self._in_flight = counted
        try:
            answers = await self._queue.admit(asked, worker, refused=refused)
        except UnavailableError:
            raise  # perhaps stored all the same: the next look tells
        except Exception:
            self._give_back((one.kind, one.tenant_id) for one in counted)
            raise
        finally:
            self._in_flight = ()
        found = dict(zip((one.task_id for one in asked), answers, strict=True))
        unused = (one for one in counted if not _is_created(found[one.task_id]))
        self._give_back((one.kind, one.tenant_id) for one in unused)
        return found

    def _take(self, asked: Sequence[Seat]) -> list[OverloadedError | None]:
        jitter = self._rng.random
        return [self._rooms[kind].take(tenant_id, jitter=jitter()) for kind, tenant_id in asked]

    def _give_back(self, seats: Iterable[Seat]) -> None:
        for kind, tenant_id in seats:
            self._rooms[kind].give_back(tenant_id)

    def _pause_s(self) -> float:
        return min(LONGEST_PAUSE_S, max(self._settings.look_s, PAUSE_COSTS * self._cost_s))

    def _is_older_than(self, age_s: float) -> bool:
        return _now_s() - self._looked_s >= age_s

    async def _look(self, *, exact: bool) -> None:
        """Look; where the database is away the look before stands.

        Args:
            exact: Whether no admission of this orchestrator is under way until it ends.
        """
        async with self._one_look:
            began_s = _now_s()
            for kind, room in self._rooms.items():
                room.looking(one.tenant_id for one in self._in_flight if one.kind == kind)
            cap = self._settings.queued_bound + 1
            try:
                found = await self._gauge.look(tuple(self._rooms), cap=cap, since=self._since)
            except DatabaseUnavailableError as error:
                logger.warning("queue_look_failed", extra={"error": str(error)})
            else:
                for kind, look in found.items():
                    self._rooms[kind].looked(look)
                    self._since = look.finished_until
                self._is_exact = exact
            self._looked_s = _now_s()
            self._cost_s = self._looked_s - began_s


def _is_asked(one: Submission, refused: Mapping[TaskId, OverloadedError]) -> bool:
    """Tell whether the database is asked: a key may be known where there is no room."""
    return one.task_id not in refused or one.idempotency_key is not None


def _is_created(answer: Admission | GardenosError) -> bool:
    return isinstance(answer, Admission) and answer.created


def _now_s() -> float:
    return asyncio.get_running_loop().time()
