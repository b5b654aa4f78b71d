"""The resource ``/v1/agents``: every kind of agent, its replicas and what waits for it."""

from collections.abc import Mapping
from enum import StrEnum

from fastapi import APIRouter
from pydantic import Field

from domain.caller import Scope
from domain.ports import QueueDepth
from domain.task import Priority
from serve_app.json_route import JsonRoute
from serve_app.problems import documented
from serve_app.routes.call import ReadCall
from serve_app.routes.views import View
from serve_app.services import AgentPool

router = APIRouter(prefix="/v1/agents", tags=["agents"], route_class=JsonRoute)

COUNT_CAP = 10_000
"""Counts of the queue stop here: a long queue must not cost more to look at."""


class PoolState(StrEnum):
    """Whether a kind of agent can take work."""

    READY = "ready"
    ASLEEP = "asleep"
    STARTING = "starting"


class AgentView(View):
    """One kind of agent."""

    kind: str
    state: PoolState = Field(description="`asleep`: scaled to zero, wakes with the next task.")
    replicas: int
    min_replicas: int
    max_replicas: int
    queued: int = Field(
        description=f"Tasks in the queue; the count stops at {COUNT_CAP}. This and the two that"
        " follow are of the caller's tenant alone, unless it may `operate`."
    )
    queued_by_priority: Mapping[Priority, int] = Field(
        description="The same by priority; where the count stops, those of `normal` and `low` are"
        " of the first in line alone."
    )
    oldest_queued_s: float | None = Field(
        description="Age in seconds of the oldest of the tasks that are next in their tenants'"
        " lines; null where none waits."
    )
    queued_bound: int = Field(
        description="Tasks that may be queued or wait; one more is refused with 429."
    )
    tenant_queued_bound: int = Field(description="Those of a single tenant, at most.")
    drain_per_s: float | None = Field(
        description="Queued tasks that are finished per second, by everything that serves this"
        " kind, while some wait; null where that is not known. This and what follows is of all"
        " tenants together: null for a caller who may not `operate`."
    )
    waiting: int | None = Field(description="Tasks that wait for a back-off.")
    running: int | None = Field(description="Tasks claimed or with an agent.")
    direct_waiting: int | None = Field(description="Direct calls that wait for a free slot here.")


class AgentsView(View):
    """Every kind of agent, by name."""

    items: tuple[AgentView, ...]


def state_of(pool: AgentPool) -> PoolState:
    """Return whether a pool can take work."""
    if pool.replicas > 0:
        return PoolState.READY
    return PoolState.ASLEEP if pool.min_replicas == 0 else PoolState.STARTING


@router.get("", operation_id="listAgents", summary="See the agents at work", responses=documented())
async def list_agents(call: ReadCall) -> AgentsView:
    """Return every kind of agent with its replicas, its queue and its state.

    What the other tenants have in the queue is told to those who may `operate` only.
    """
    pools = sorted(await call.services.engine.pools(), key=lambda pool: pool.kind)
    whole = not call.caller.lacks(Scope.OPERATE)
    depths = await call.services.tasks.depths(
        cap=COUNT_CAP, tenant_id=None if whole else call.tenant_id
    )
    nothing = QueueDepth(queued=0, waiting=0, running=0)
    return AgentsView(
        items=tuple(_view(pool, depths.get(pool.kind, nothing), whole=whole) for pool in pools)
    )


def _view(pool: AgentPool, depth: QueueDepth, *, whole: bool) -> AgentView:
    return AgentView(
        kind=pool.kind,
        state=state_of(pool),
        replicas=pool.replicas,
        min_replicas=pool.min_replicas,
        max_replicas=pool.max_replicas,
        queued=depth.queued,
        queued_by_priority={one: depth.by_priority.get(one, 0) for one in Priority},
        oldest_queued_s=depth.oldest_s,
        queued_bound=pool.queue.bound,
        tenant_queued_bound=pool.queue.tenant_bound,
        drain_per_s=pool.queue.drain_per_s if whole else None,
        waiting=depth.waiting if whole else None,
        running=max(depth.running, pool.running) if whole else None,
        direct_waiting=pool.direct_waiting if whole else None,
    )
