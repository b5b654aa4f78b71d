"""What the tests of the queue and the stores share: tasks, leads, drafts and changes of them."""

import json
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.analysis import ModelVersion
from domain.errors import ConflictError, GardenosError
from domain.follow_up import (
    Decision,
    DraftState,
    FollowUp,
    FollowUpEdit,
    FollowUpRecord,
    FollowUpRequest,
    Language,
    Stage,
    Tone,
)
from domain.ids import DEFAULT_TENANT, AgentKind, LeadId, TaskId, TenantId, WorkerId
from domain.intake import read_lead
from domain.lead import Channel, Lead
from domain.task import (
    FOLLOW_UP,
    LEAD_ANALYSIS,
    Admission,
    Completion,
    Priority,
    Submission,
    TaskEnvelope,
    TaskState,
)
from domain.usage import Usage
from postgres.lead_store import PostgresLeadStore
from postgres.pool import Database
from postgres.task_queue import PostgresTaskQueue

NOOP = AgentKind("noop")
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LEASE_S = 30.0
APPROVED = Decision(state=DraftState.APPROVED, by="Kim", at=NOW)


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
        await self.queue.renew(self.worker, lease_s=LEASE_S, is_new=True)
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

    async def is_blocked(self) -> bool:
        """Say whether a transaction waits for another's lock."""
        return bool(await self.rows("select 1 from pg_locks where not granted"))


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


def write_to(lead_id: str, *, direct: bool = False) -> Submission:
    """Return the task to draft a follow-up to a stored lead."""
    request = FollowUpRequest(lead_id=lead_id, tone=Tone.FORMAL)
    return Submission(
        TaskId(uuid7()),
        DEFAULT_TENANT,
        FOLLOW_UP,
        payload=request.model_dump_json().encode(),
        lead_id=LeadId(lead_id),
        direct=direct,
    )


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


def draft(lead_id: str, *, drafted_at: datetime = NOW, body: str = "Hello") -> bytes:
    """Return the JSON of a draft."""
    return (
        FollowUp(
            lead_id=lead_id,
            channel=Channel.EMAIL,
            language=Language.ENGLISH,
            tone=Tone.FORMAL,
            stage=Stage.FIRST_REPLY,
            subject="Your garden",
            body=body,
            send_not_before=NOW,
            drafted_at=drafted_at,
            model=ModelVersion(scorer="templates", version="1"),
        )
        .model_dump_json()
        .encode()
    )


def lead_store(database: Database) -> PostgresLeadStore:
    """Return a lead store that tells nobody."""

    def silent(kind: AgentKind) -> None:
        """Announce to nobody."""

    return PostgresLeadStore(database, silent, lambda: TaskId(uuid7()), WorkerId(UUID(int=0)))


def edited(text: str) -> FollowUpEdit:
    """Return a person's change of the text."""
    return FollowUpEdit(by="Kim", at=NOW, body=text)


def edit(record: FollowUpRecord, _lead: Lead) -> FollowUpRecord:
    """Append an edit that tells how many there were."""
    return record.model_copy(update={"edits": (*record.edits, edited(f"text {len(record.edits)}"))})


def approve(record: FollowUpRecord, _lead: Lead) -> FollowUpRecord:
    """Approve what awaits approval."""
    if record.state is not DraftState.AWAITING_APPROVAL:
        raise ConflictError("follow-up", str(record.follow_up_id), f"it is {record.state}")
    changes = {"state": DraftState.APPROVED, "decisions": (*record.decisions, APPROVED)}
    return record.model_copy(update=changes)
