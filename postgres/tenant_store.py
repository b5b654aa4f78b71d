"""What an operator says of tenants, in Postgres: their weights in the deal of a claim."""

from collections.abc import Mapping

from domain.ids import TenantId
from postgres import queries
from postgres.pool import Database


class PostgresTenantStore:
    """Implements :class:`domain.ports.TenantStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def weigh(self, tenant_id: TenantId, weight: int) -> None:
        """Set a tenant's weight; see the port."""
        await self._database.execute(queries.load("tenant_weigh"), tenant_id, weight)

    async def weights(self) -> Mapping[TenantId, int]:
        """Return the weights that were set; see the port."""
        rows = await self._database.fetch(queries.load("tenant_list"))
        return {TenantId(row["tenant_id"]): row["weight"] for row in rows}
