"""The outbox of webhooks in Postgres: claims with a lease, ends with a fence."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from domain.errors import InvalidInputError, NotFoundError
from domain.event_ports import DeliveryFilter
from domain.ids import TenantId
from domain.ports import Page
from domain.webhooks import TEST_TYPE, Delivery, Dispatch, DispatchEnd
from postgres import queries
from postgres.cursors import decode_cursor, encode_cursor
from postgres.pool import Database
from postgres.retries import again


class PostgresDeliveryStore:
    """Implements :class:`domain.event_ports.DeliveryStore`."""

    def __init__(self, database: Database) -> None:
        """Keep deliveries in ``database``."""
        self._database = database

    async def claim(
        self, *, limit: int, per_webhook: int, busy: Mapping[UUID, int], lease_s: float
    ) -> tuple[Dispatch, ...]:
        """Take due deliveries; see the port."""
        rows = await self._database.fetch(
            queries.load("delivery_claim"),
            limit,
            per_webhook,
            list(busy),
            list(busy.values()),
            lease_s,
        )
        return tuple(_dispatch(row) for row in rows)

    async def finish(self, ends: Sequence[DispatchEnd]) -> frozenset[UUID]:
        """Store how attempts ended; see the port."""
        ordered = sorted(ends, key=lambda one: one.delivery_id)

        async def store() -> Sequence[asyncpg.Record]:
            return await self._database.fetch(
                queries.load("delivery_finish"),
                [one.delivery_id for one in ordered],
                [one.attempt for one in ordered],
                [one.delivered for one in ordered],
                [one.status for one in ordered],
                [one.error for one in ordered],
                [one.retry_s for one in ordered],
                [one.disable for one in ordered],
            )

        rows = await again(store, what="end of deliveries")
        return frozenset(row["delivery_id"] for row in rows)

    async def list(
        self,
        tenant_id: TenantId,
        webhook_id: UUID,
        wanted: DeliveryFilter,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[Delivery]:
        """Return deliveries, newest first; see the port."""
        rows = await self._database.fetch(
            queries.load("delivery_list"),
            tenant_id,
            webhook_id,
            wanted.state,
            wanted.type,
            wanted.since,
            wanted.until,
            wanted.delivery_id,
            _delivery_id_in(cursor) if cursor else None,
            limit + 1,
        )
        found = tuple(_delivery(row) for row in rows[:limit])
        more = encode_cursor(str(found[-1].delivery_id)) if len(rows) > limit else None
        return Page(found, more)

    async def replay(
        self, tenant_id: TenantId, webhook_id: UUID, wanted: DeliveryFilter, *, limit: int
    ) -> int:
        """Make finished deliveries pending again; see the port."""
        rows = await self._database.fetch(
            queries.load("delivery_replay"),
            tenant_id,
            webhook_id,
            wanted.state,
            wanted.type,
            wanted.since,
            wanted.until,
            wanted.delivery_id,
            limit,
        )
        return len(rows)

    async def add_test(self, tenant_id: TenantId, webhook_id: UUID) -> Delivery:
        """Queue a message that tells of no task; see the port."""
        row = await self._database.fetchrow(
            queries.load("delivery_add_test"), tenant_id, webhook_id, TEST_TYPE
        )
        if row is None:
            raise NotFoundError("webhook", str(webhook_id))
        return _delivery(row)

    async def retire(self, *, pending_s: float, keep_s: float, limit: int) -> int:
        """Give up what waits for too long, delete what is past its time; see the port."""
        given_up = await self._database.fetch(queries.load("delivery_give_up"), pending_s, limit)
        deleted = await self._database.fetch(queries.load("delivery_delete_old"), keep_s, limit)
        return len(given_up) + len(deleted)


def _delivery_id_in(cursor: str) -> UUID:
    (text,) = decode_cursor(cursor, str)
    try:
        return UUID(str(text))
    except ValueError as error:
        raise InvalidInputError("cursor", cursor, "the next_cursor of an earlier page") from error


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery.model_validate(
        {name: value for name, value in row.items() if name in Delivery.model_fields}
    )


def _dispatch(row: asyncpg.Record) -> Dispatch:
    secrets = (row["secret"], row["previous_secret"])
    return Dispatch(
        tenant_id=TenantId(row["tenant_id"]),
        delivery=_delivery(row),
        url=row["url"],
        secrets=tuple(one for one in secrets if one is not None),
        tries=row["tries"],
        failing_since=row["failing_since"],
    )
