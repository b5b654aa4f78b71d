"""What the application asks of its surroundings about events and webhooks; as ``domain.ports``."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.events import EventPosition, TaskEvent
from domain.ids import TaskId, TenantId
from domain.ports import Page
from domain.webhooks import Delivery, DeliveryState, Dispatch, DispatchEnd, Webhook


@dataclass(frozen=True, slots=True)
class Horizon:
    """The end of what can be read now, and the start of what is kept.

    Attributes:
        now: Every event at or before it is final; later ones are all after it.
        oldest: Events at or before it may be deleted.
    """

    now: EventPosition
    oldest: EventPosition


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """Whether a watcher of a task has anything left to wait for.

    Attributes:
        told: Number of the last event that ends the task; None where there is none.
        ended: Whether the task is finished or gone.
    """

    told: int | None
    ended: bool


class EventStore(Protocol):
    """Events, written by whatever moves a task, in the same transaction."""

    async def horizon(self) -> Horizon:
        """Return where the history stands; starts another on a restored database or new leader."""
        ...

    async def after(
        self, tenants: Mapping[TenantId, EventPosition], *, limit: int
    ) -> tuple[TaskEvent, ...]:
        """Return per tenant up to ``limit`` final events after a position, in order.

        Nothing is ever committed before what was returned: readers may go on from the last.
        """
        ...

    async def of_tasks(
        self, tasks: Mapping[tuple[TenantId, TaskId], int], *, limit: int
    ) -> tuple[TaskEvent, ...]:
        """Return per task up to ``limit`` events after a number, in order."""
        ...

    async def end_of(self, tenant_id: TenantId, task_id: TaskId) -> TaskEnd:
        """Return whether a task has ended and was told so.

        Raises:
            NotFoundError: The tenant has no such task and no event of it.
        """
        ...

    async def delete_old(self, *, older_than_s: float, keep: int, limit: int) -> int:
        """Delete up to ``limit`` of the oldest events past age or count; return how many."""
        ...


class WebhookStore(Protocol):
    """Endpoints of a tenant."""

    async def create(
        self, tenant_id: TenantId, webhook: Webhook, secret: str, *, at_most: int
    ) -> None:
        """Store an endpoint.

        Raises:
            ConflictError: The tenant has ``at_most`` already.
        """
        ...

    async def get(self, tenant_id: TenantId, webhook_id: UUID) -> Webhook:
        """Return an endpoint.

        Raises:
            NotFoundError: The tenant has no such endpoint.
        """
        ...

    async def list(self, tenant_id: TenantId) -> tuple[Webhook, ...]:
        """Return all endpoints of the tenant; their number is bounded at creation."""
        ...

    async def change(
        self, tenant_id: TenantId, webhook: Webhook, *, given: Collection[str] | None = None
    ) -> Webhook:
        """Store url, types, kinds, description and enabled; enabling forgets old failures.

        Args:
            tenant_id: Whose endpoint.
            webhook: Its id, and the values.
            given: Names of the fields to store; the others stay as they are by then, which may be
                otherwise than when ``webhook`` was read. None: all five.

        Raises:
            NotFoundError: The tenant has no such endpoint.
        """
        ...

    async def rotate(
        self, tenant_id: TenantId, webhook_id: UUID, secret: str, *, overlap_s: float
    ) -> Webhook:
        """Sign with ``secret`` from now on, and with the one before for ``overlap_s`` more.

        Raises:
            NotFoundError: The tenant has no such endpoint.
        """
        ...

    async def delete(self, tenant_id: TenantId, webhook_id: UUID) -> None:
        """Delete an endpoint and its deliveries.

        Raises:
            NotFoundError: The tenant has no such endpoint.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries; None means any."""

    state: DeliveryState | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    delivery_id: UUID | None = None


class DeliveryStore(Protocol):
    """The outbox, filled by whatever moves a task, in the same transaction."""

    async def claim(
        self, *, limit: int, per_webhook: int, busy: Mapping[UUID, int], lease_s: float
    ) -> tuple[Dispatch, ...]:
        """Take due deliveries, each for ``lease_s``; the attempt grows by one and fences.

        Places go to the tenant that has fewest in flight here, then to the endpoint.

        Args:
            limit: At most so many.
            per_webhook: At most so many of one endpoint, less what ``busy`` counts; one alone for
                an endpoint that fails.
            busy: Deliveries per endpoint that this process is sending.
            lease_s: Seconds after which another may take it.
        """
        ...

    async def finish(self, ends: Sequence[DispatchEnd]) -> frozenset[UUID]:
        """Store how attempts ended; return those whose claim still held."""
        ...

    async def list(
        self,
        tenant_id: TenantId,
        webhook_id: UUID,
        wanted: DeliveryFilter,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[Delivery]:
        """Return an endpoint's deliveries, newest first.

        Raises:
            InvalidInputError: The cursor is not one of ours.
        """
        ...

    async def replay(
        self, tenant_id: TenantId, webhook_id: UUID, wanted: DeliveryFilter, *, limit: int
    ) -> int:
        """Make finished deliveries pending again, the same ids; return how many."""
        ...

    async def add_test(self, tenant_id: TenantId, webhook_id: UUID) -> Delivery:
        """Queue a message that tells of no task.

        Raises:
            NotFoundError: The tenant has no such endpoint.
        """
        ...

    async def retire(self, *, pending_s: float, keep_s: float, limit: int) -> int:
        """Give up and delete what is past its time, up to ``limit`` each; return how many.

        Args:
            pending_s: Seconds since it was made or replayed after which a delivery that an enabled
                endpoint has not accepted is dead; not while it is being sent.
            keep_s: Seconds after its end, or with a disabled endpoint since it was made, after
                which it is deleted.
            limit: At most so many are given up, and so many deleted.
        """
        ...
