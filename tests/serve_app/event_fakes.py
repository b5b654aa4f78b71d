"""Stores of events and webhooks in which nothing is; routes that use them are tested for real."""

# ruff: noqa: ARG002 - a fake keeps the signature of its port

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from domain.errors import NotFoundError
from domain.event_ports import DeliveryFilter, Horizon, TaskEnd
from domain.events import EventPosition, TaskEvent
from domain.ids import TaskId, TenantId
from domain.ports import Page
from domain.webhooks import Delivery, Dispatch, DispatchEnd, Webhook
from serve_app.events.hub import EventHub
from serve_app.events.settings import EventSettings
from serve_app.services import Webhooks
from serve_app.webhooks.lookups import Lookups
from serve_app.webhooks.sender import Sender
from serve_app.webhooks.settings import WebhookSettings

NOWHERE = EventPosition(1, 0, 0)


class NoEvents:
    """EventStore."""

    async def horizon(self) -> Horizon:
        return Horizon(NOWHERE, NOWHERE)

    async def after(
        self, tenants: Mapping[TenantId, EventPosition], *, limit: int
    ) -> tuple[TaskEvent, ...]:
        return ()

    async def of_tasks(
        self, tasks: Mapping[tuple[TenantId, TaskId], int], *, limit: int
    ) -> tuple[TaskEvent, ...]:
        return ()

    async def end_of(self, tenant_id: TenantId, task_id: TaskId) -> TaskEnd:
        raise NotFoundError("task", str(task_id))

    async def delete_old(self, *, older_than_s: float, keep: int, limit: int) -> int:
        return 0


class NoWebhooks:
    """WebhookStore."""

    async def create(
        self, tenant_id: TenantId, webhook: Webhook, secret: str, *, at_most: int
    ) -> None:
        return None

    async def get(self, tenant_id: TenantId, webhook_id: UUID) -> Webhook:
        raise NotFoundError("webhook", str(webhook_id))

    async def list(self, tenant_id: TenantId) -> tuple[Webhook, ...]:
        return ()

    async def change(
        self, tenant_id: TenantId, webhook: Webhook, *, given: Collection[str] | None = None
    ) -> Webhook:
        raise NotFoundError("webhook", str(webhook.webhook_id))

    async def rotate(
        self, tenant_id: TenantId, webhook_id: UUID, secret: str, *, overlap_s: float
    ) -> Webhook:
        raise NotFoundError("webhook", str(webhook_id))

    async def delete(self, tenant_id: TenantId, webhook_id: UUID) -> None:
        raise NotFoundError("webhook", str(webhook_id))


class NoDeliveries:
    """DeliveryStore."""

    async def claim(
        self, *, limit: int, per_webhook: int, busy: Mapping[UUID, int], lease_s: float
    ) -> tuple[Dispatch, ...]:
        return ()

    async def finish(self, ends: Sequence[DispatchEnd]) -> frozenset[UUID]:
        return frozenset()

    async def list(
        self,
        tenant_id: TenantId,
        webhook_id: UUID,
        wanted: DeliveryFilter,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[Delivery]:
        return Page((), None)

    async def replay(
        self, tenant_id: TenantId, webhook_id: UUID, wanted: DeliveryFilter, *, limit: int
    ) -> int:
        return 0

    async def add_test(self, tenant_id: TenantId, webhook_id: UUID) -> Delivery:
        raise NotFoundError("webhook", str(webhook_id))

    async def retire(self, *, pending_s: float, keep_s: float, limit: int) -> int:
        return 0


def no_events() -> EventHub:
    """Return a hub over no events."""
    return EventHub(NoEvents(), EventSettings(), lambda: False)


def no_webhooks() -> Webhooks:
    """Return webhooks over empty stores."""
    settings = WebhookSettings()
    sender = Sender(settings, Lookups(settings))
    return Webhooks(NoWebhooks(), NoDeliveries(), sender.check, settings)
