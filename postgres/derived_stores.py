"""What is derived from leads, in Postgres: analyses, outcomes, and the ledger of calls."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from domain.analysis import LeadAnalysis
from domain.errors import NotFoundError
from domain.ids import LeadId, TaskId, TenantId
from domain.outcome import Outcome
from domain.usage import UsageDimension, UsageLine, UsageSummary
from postgres import queries
from postgres.documents import read_document
from postgres.pool import Database


class PostgresAnalysisStore:
    """Implements :class:`domain.ports.AnalysisStore`."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def list_for_lead(
        self, tenant_id: TenantId, lead_id: LeadId, *, limit: int
    ) -> tuple[LeadAnalysis, ...]:
        """Return a lead's analyses, newest first."""
        rows = await self._database.fetch(queries.load("analysis_list"), tenant_id, lead_id, limit)
        return tuple(read_document(LeadAnalysis, row["document"]) for row in rows)


class PostgresOutcomeStore:
    """Implements :class:`domain.ports.OutcomeStore`."""

    def __init__(self, database: Database) -> None:
        """Store in ``database``."""
        self._database = database

    async def record(self, tenant_id: TenantId, outcome: Outcome) -> None:
        """Store an outcome and the lead's status; see the port."""
        row = await self._database.fetchrow(
            queries.load("outcome_record"),
            tenant_id,
            outcome.lead_id,
            outcome.kind.value,
            outcome.at,
            outcome.amount,
            outcome.currency,
            outcome.reason,
        )
        if row is None:
            raise NotFoundError("lead", outcome.lead_id)

    async def get(self, tenant_id: TenantId, lead_id: LeadId) -> Outcome | None:
        """Return a lead's outcome, or None."""
        row = await self._database.fetchrow(queries.load("outcome_get"), tenant_id, lead_id)
        return Outcome(lead_id=lead_id, **dict(row)) if row else None


class PostgresUsageStore:
    """Implements :class:`domain.ports.UsageStore`."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def of_task(self, task_id: TaskId) -> UsageSummary:
        """Return the sum over all attempts and calls of a task."""
        row = await self._database.fetchrow(queries.load("usage_of_task"), task_id)
        return UsageSummary(**_fields(row)) if row else UsageSummary()

    async def report(
        self,
        tenant_id: TenantId,
        *,
        since: datetime,
        until: datetime,
        by: Sequence[UsageDimension],
    ) -> tuple[UsageLine, ...]:
        """Return the tenant's usage by each combination; see the port."""
        rows = await self._database.fetch(
            queries.load("usage_report"),
            tenant_id,
            since,
            until,
            *(dimension in by for dimension in UsageDimension),
        )
        lines = [UsageLine(**_fields(row)) for row in rows]
        if not lines and not by:
            return (UsageLine(),)
        return tuple(sorted(lines, key=lambda line: [getattr(line, one.value) for one in by]))


def _fields(row: asyncpg.Record) -> dict[str, Any]:
    """Return a row's values; sums of bigint come as numeric, which no total overflows."""
    return {
        name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()
    }
