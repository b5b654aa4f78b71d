"""One agent kind inside an orchestrator: its dispatcher, what wakes its claims, its figures."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from deployments.dispatcher import Dispatcher
from deployments.drain_rate import DrainRate
from deployments.queue_room import QueueFigures, QueueRoom
from deployments.settings import AgentSettings
from domain.ids import AgentKind, TenantId


@dataclass(frozen=True, slots=True)
class PoolState:
    """One kind of agent as this orchestrator sees it, and what it has settled since it started.

    Attributes:
        replicas: Replicas that answer.
        slots: Tasks they run at once, together.
        waiting: Tasks held here that are not sent.
        direct_waiting: How many of them have a caller on the line.
        running: Tasks with the agents.
        settled: Ends and releases by name.
        queue: How full the durable queue is.
    """

    kind: AgentKind
    replicas: int
    min_replicas: int
    max_replicas: int
    slots: int
    waiting: int
    direct_waiting: int
    running: int
    settled: Mapping[str, int]
    queue: QueueFigures


@dataclass(slots=True)
class Pool:
    """One kind: its dispatcher and what wakes its claims.

    Attributes:
        is_hinted: New tasks may be in the queue: look into the express lane even where all is full.
        callers: Direct calls of each tenant on the line, running ones too.
        rate: How fast it works them off while some wait.
        room: How much more the durable queue takes.
    """

    kind: AgentKind
    agent: AgentSettings
    dispatcher: Dispatcher
    room: QueueRoom
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    has_more: bool = True
    is_hinted: bool = True
    settled: dict[str, int] = field(default_factory=dict)
    callers: Counter[TenantId] = field(default_factory=Counter)
    rate: DrainRate = field(default_factory=DrainRate)

    def hint(self) -> None:
        """Look into the queue now, also for what passes a full pool."""
        self.is_hinted = True
        self.wake.set()

    @property
    def in_line(self) -> int:
        """Callers beyond what the agents can run at once, at least."""
        return max(0, self.callers.total() - self.dispatcher.credit)

    def ahead_of(self, tenant_id: TenantId) -> int:
        """Return how many callers start before the next one of a tenant at least.

        The tenants take turns, see :class:`deployments.task_heap.TaskHeap`: none has more turns
        before this one's than this one has callers, and one.
        """
        turns = self.callers[tenant_id] + 1
        ahead = sum(min(turns, count) for count in self.callers.values())
        return max(0, ahead - self.dispatcher.credit)


def state_of(pool: Pool) -> PoolState:
    """Return how a pool stands."""
    figures = pool.dispatcher.figures()
    return PoolState(
        kind=pool.kind,
        replicas=figures.replicas,
        min_replicas=pool.agent.min_replicas,
        max_replicas=pool.agent.max_replicas,
        slots=figures.slots,
        waiting=figures.waiting,
        direct_waiting=figures.direct_waiting,
        running=figures.outstanding,
        settled=dict(pool.settled),
        queue=pool.room.figures(),
    )
