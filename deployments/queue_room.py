"""How much more the durable queue takes of one kind, by the last look at it. Pure."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from deployments.drain_rate import QueueDrain
from domain.errors import OverloadedError
from domain.ids import AgentKind, TenantId
from domain.queue_look import QueueLook

NOTHING = QueueLook(waiting=0)


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How full the queue of a kind is, as this orchestrator knows it.

    Attributes:
        bound: Tasks that may wait, in line or for their back-off.
        tenant_bound: Of them, one tenant's.
        drain_per_s: Durable tasks that all orchestrators finish per second; None where unknown.
    """

    bound: int
    tenant_bound: int
    drain_per_s: float | None


class QueueRoom:
    """Counts what this orchestrator adds to what the last look found.

    What others add between two looks is not known: the queue may grow beyond its bound by what
    all other orchestrators admit in that time, and by nothing more.
    """

    def __init__(self, kind: AgentKind, *, bound: int, tenant_share: float) -> None:
        """Begin with an empty queue.

        Args:
            kind: Whose queue.
            bound: Tasks that may wait.
            tenant_share: The part of them that a single tenant may have, in (0, 1].
        """
        self._kind = kind
        self._bound = bound
        self._tenant_bound = max(1, math.ceil(bound * tenant_share))
        self._look = NOTHING
        self._added: Counter[TenantId] = Counter()
        self._since_look_began: Counter[TenantId] = Counter()
        self._refused = 0
        self._drain = QueueDrain()

    def looking(self, in_flight: Iterable[TenantId]) -> None:
        """Note that a look begins while tasks of these tenants are on their way to the queue.

        What is on its way then, or added before it ends, counts once more beside what it finds.
        """
        self._since_look_began = Counter(in_flight)

    def looked(self, look: QueueLook) -> None:
        """Begin anew from what a look found."""
        self._look = look
        self._added = Counter(self._since_look_began)
        has_room_for_all = self._bound - look.waiting >= self._refused
        self._refused = 0 if has_room_for_all else max(0, self._refused - look.finished)
        self._drain.looked(look.finished, look.finished_in_s, waiting=look.waiting)

    def take(self, tenant_id: TenantId, *, jitter: float) -> OverloadedError | None:
        """Count one more task of a tenant, or return why there is no room for it."""
        over = self._look.waiting + self._added.total() - self._bound
        if over >= 0:
            return self._refusal(f"the queue of {self._kind} is full", over, jitter, share=1)
        mine = self._look.tenants.get(tenant_id, self._look.unnamed) + self._added[tenant_id]
        if mine >= self._tenant_bound:
            why = f"too many of your tasks wait for {self._kind}"
            share = max(1, len(self._look.tenants))
            return self._refusal(why, mine - self._tenant_bound, jitter, share=share)
        self._added[tenant_id] += 1
        self._since_look_began[tenant_id] += 1
        return None

    def give_back(self, tenant_id: TenantId) -> None:
        """Count one task less: it was not stored after all."""
        for counted in (self._added, self._since_look_began):
            if counted[tenant_id] > 0:
                counted[tenant_id] -= 1

    def figures(self) -> QueueFigures:
        """Return how full it is."""
        return QueueFigures(self._bound, self._tenant_bound, self._drain.per_s())

    def _refusal(self, why: str, over: int, jitter: float, *, share: int) -> OverloadedError:
        """Refuse; who was refused before is thought to come back first, as fast as tasks end.

        Args:
            why: A sentence.
            over: Tasks above the bound.
            jitter: See :meth:`deployments.drain_rate.QueueDrain.retry_after_s`.
            share: Tenants among whom the drain is dealt.
        """
        self._refused += 1
        ahead = (over + self._refused) * share
        return OverloadedError(why, self._drain.retry_after_s(ahead, jitter=jitter))
