"""What is derived from leads, in Postgres: analyses, drafts, outcomes, and the ledger of calls."""

from domain.analysis import LeadAnalysis
from domain.errors import NotFoundError
from domain.follow_up import FollowUp
from domain.ids import LeadId, TaskId, TenantId
from domain.outcome import Outcome
from domain.usage import UsageSummary
from postgres import queries
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
        return tuple(LeadAnalysis.model_validate_json(row["document"]) for row in rows)


class PostgresFollowUpStore:
    """Implements :class:`domain.ports.FollowUpStore`."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def list_for_lead(
        self, tenant_id: TenantId, lead_id: LeadId, *, limit: int
    ) -> tuple[FollowUp, ...]:
        """Return a lead's drafts, newest first."""
        rows = await self._database.fetch(queries.load("follow_up_list"), tenant_id, lead_id, limit)
        return tuple(FollowUp.model_validate_json(row["document"]) for row in rows)


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
        return UsageSummary(**dict(row)) if row else UsageSummary()
