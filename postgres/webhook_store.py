"""Endpoints of webhooks in Postgres. Their secrets leave it with a claimed delivery only."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg

from domain.errors import ConflictError, NotFoundError
from domain.ids import TenantId
from domain.webhooks import Webhook
from postgres import queries
from postgres.pool import Database


class PostgresWebhookStore:
    """Implements :class:`domain.event_ports.WebhookStore`."""

    def __init__(self, database: Database) -> None:
        """Keep endpoints in ``database``."""
        self._database = database

    async def create(
        self, tenant_id: TenantId, webhook: Webhook, secret: str, *, at_most: int
    ) -> None:
        """Store an endpoint; see the port."""
        row = await self._database.fetchrow(
            queries.load("webhook_create"),
            webhook.webhook_id,
            tenant_id,
            webhook.url,
            list(webhook.types),
            list(webhook.kinds),
            webhook.description,
            webhook.enabled,
            secret,
            at_most,
        )
        if row is None:
            raise ConflictError("webhooks", tenant_id, f"there are {at_most} already, delete one")

    async def get(self, tenant_id: TenantId, webhook_id: UUID) -> Webhook:
        """Return an endpoint; see the port."""
        return await self._one("webhook_get", tenant_id, webhook_id)

    async def list(self, tenant_id: TenantId) -> tuple[Webhook, ...]:
        """Return all endpoints of the tenant."""
        rows = await self._database.fetch(queries.load("webhook_list"), tenant_id)
        return tuple(_webhook(row) for row in rows)

    async def change(
        self, tenant_id: TenantId, webhook: Webhook, *, given: Collection[str] | None = None
    ) -> Webhook:
        """Store what may be changed; see the port."""
        values: dict[str, Any] = {
            "url": webhook.url,
            "types": [str(one) for one in webhook.types],
            "kinds": [str(one) for one in webhook.kinds],
            "description": webhook.description,
            "enabled": webhook.enabled,
        }
        wanted = values.keys() if given is None else given
        stored = (value if name in wanted else None for name, value in values.items())
        return await self._one("webhook_change", tenant_id, webhook.webhook_id, *stored)

    async def rotate(
        self, tenant_id: TenantId, webhook_id: UUID, secret: str, *, overlap_s: float
    ) -> Webhook:
        """Sign with another secret; see the port."""
        return await self._one("webhook_rotate", tenant_id, webhook_id, secret, overlap_s)

    async def delete(self, tenant_id: TenantId, webhook_id: UUID) -> None:
        """Delete an endpoint and its deliveries; see the port."""
        row = await self._database.fetchrow(queries.load("webhook_delete"), tenant_id, webhook_id)
        if row is None:
            raise NotFoundError("webhook", str(webhook_id))

    async def _one(
        self, query: str, tenant_id: TenantId, webhook_id: UUID, *arguments: Any
    ) -> Webhook:
        row = await self._database.fetchrow(queries.load(query), tenant_id, webhook_id, *arguments)
        if row is None:
            raise NotFoundError("webhook", str(webhook_id))
        return _webhook(row)


def _webhook(row: asyncpg.Record) -> Webhook:
    return Webhook.model_validate(dict(row))
