"""Looks at the durable queue in Postgres: what waits, whose it is, how fast it ends."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.ids import AgentKind, TenantId
from domain.queue_look import QueueLook
from postgres import queries
from postgres.pool import Database

TENANTS_NAMED = 1000
"""Tenants that a look names, those with most first.

Each other one has at most a thousandth of what is counted.
"""


class PostgresQueueGauge:
    """Implements :class:`domain.queue_look.QueueGauge`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(
        self, kinds: Sequence[AgentKind], *, cap: int, since: datetime | None
    ) -> Mapping[AgentKind, QueueLook]:
        """Look at every kind in one statement; see the port."""
        rows = await self._database.fetch(
            queries.load("queue_look"), list(kinds), cap, TENANTS_NAMED, since
        )
        return {
            AgentKind(row["kind"]): QueueLook(
                waiting=row["waiting"],
                tenants={
                    TenantId(tenant): count
                    for tenant, count in zip(row["tenants"], row["counts"], strict=True)
                },
                unnamed=row["counts"][-1] if len(row["counts"]) == TENANTS_NAMED else 0,
                finished=row["finished"],
                finished_in_s=row["finished_in_s"],
                finished_until=row["until"],
            )
            for row in rows
        }
