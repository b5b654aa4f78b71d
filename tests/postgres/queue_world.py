"""What the tests of the queue and the stores share: submissions, completions, a short analysis."""

import json
from datetime import UTC, datetime

from uuid_utils.compat import uuid7

from domain.errors import GardenosError
from domain.ids import DEFAULT_TENANT, AgentKind, LeadId, TaskId, TenantId, WorkerId
from domain.intake import read_lead
from domain.lead import Lead
from domain.task import (
    LEAD_ANALYSIS,
    Admission,
    Completion,
    Priority,
    Submission,
    TaskEnvelope,
    TaskState,
)
from domain.usage import Usage
from postgres.pool import Database
from postgres.task_queue import PostgresTaskQueue

NOOP = AgentKind("noop")
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LEASE_S = 30.0


class World:
    """One orchestrator on a database, with a journal of the kinds it announced."""

    def __init__(self, database: Database) -> None:
        """Use ``database`` as a worker that has no lease yet."""
        self.database = database
        self.announced: list[AgentKind] = []
        self.queue = PostgresTaskQueue(database, self.announced.append)
        self.worker = WorkerId(uuid7())

    async def admit(self, *submissions: Submission) -> list[Admission | GardenosError]:
        """Admit for this worker."""
        return await self.queue.admit(submissions, self.worker)

    async def claim(self, kind: AgentKind = NOOP, limit: int = 100) -> list[TaskEnvelope]:
        """Renew the lease, then claim."""
        await self.queue.renew(self.worker, lease_s=LEASE_S)
        return await self.queue.claim(kind, self.worker, limit=limit)

    async def end_lease(self) -> None:
        """Let the worker's lease be over, as after a pause longer than the lease."""
        async with self.database.transaction() as connection:
            await connection.execute(
                "update workers set lease_until = clock_timestamp() where worker_id = $1",
                self.worker,
            )

    async def rows(self, sql: str, *arguments: object) -> list[tuple[object, ...]]:
        """Look at the tables from outside."""
        async with self.database.transaction() as connection:
            return [tuple(row) for row in await connection.fetch(sql, *arguments)]


def lead(lead_id: str, **fields: object) -> Lead:
    """Return a lead as intake would read it."""
    return read_lead({"lead_id": lead_id, **fields}, received_at=NOW, new_lead_id="unused")


def noop(tenant: str = DEFAULT_TENANT, priority: Priority = Priority.NORMAL) -> Submission:
    """Return a task that brings its own payload."""
    return Submission(TaskId(uuid7()), TenantId(tenant), NOOP, priority, payload=b"{}")


def analyse(one: Lead, *, replace: bool = False, direct: bool = False) -> Submission:
    """Return the task to analyse a lead that it brings."""
    return Submission(
        TaskId(uuid7()), DEFAULT_TENANT, LEAD_ANALYSIS, lead=one, replace=replace, direct=direct
    )


def analyse_stored(lead_id: str) -> Submission:
    """Return the task to analyse a stored lead."""
    return Submission(TaskId(uuid7()), DEFAULT_TENANT, LEAD_ANALYSIS, lead_id=LeadId(lead_id))


def success(task: TaskEnvelope, result: bytes = b"{}", *usage: Usage) -> Completion:
    """Return the successful end of an attempt."""
    return Completion(task.task_id, task.attempt, TaskState.SUCCEEDED, result, usage=usage)


def call(attempt: int = 1, number: int = 0) -> Usage:
    """Return one model call that cost 7 nano-dollars."""
    return Usage(
        attempt=attempt,
        call=number,
        model="m",
        prompt_tokens=5,
        completion_tokens=2,
        cost_nanousd=7,
        at=NOW,
    )


def analysis(
    lead_id: str,
    version: int = 1,
    *,
    grade: str = "A",
    score: int = 80,
    call_priority: float | None = 0.8,
) -> bytes:
    """Return the JSON of an analysis with what storage reads of it."""
    unknown = {"known": False}
    document = {
        "lead_id": lead_id,
        "lead_version": version,
        "analysed_at": NOW.isoformat(),
        "score": score,
        "probability": 0.5,
        "logit": 0.0,
        "grade": grade,
        "fit_score": 50,
        "engagement_score": 50,
        "qualification": "qualified",
        "reasons": [],
        "bant": dict.fromkeys(("budget", "authority", "need", "timeline"), unknown),
        "next_best_action": {"kind": "call", "text": "Call."},
        "call_priority": call_priority,
        "confidence": {"level": "low", "value": 0.1, "basis": "test"},
        "model": {"scorer": "test", "version": "1"},
    }
    return json.dumps(document).encode()
