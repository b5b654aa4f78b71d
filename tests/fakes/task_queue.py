"""The durable queue in memory, with the fence, the lease and a database that can go away."""

# ruff: noqa: ARG002 - a fake keeps the signature of its port

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from domain.errors import ConflictError, DatabaseUnavailableError, GardenosError, NotFoundError
from domain.ids import AgentKind, LeadId, TaskId, TenantId, WorkerId
from domain.lead import Lead
from domain.ports import Page, QueueDepth
from domain.task import (
    BOOST_S,
    ENVELOPE_SCHEMA_VERSION,
    FINISHED_STATES,
    LEAD_ANALYSIS,
    Admission,
    Completion,
    Priority,
    Release,
    Submission,
    Task,
    TaskEnvelope,
    TaskState,
    Worker,
)
from domain.usage import Usage
from tests.fakes.fair_deal import deal, last_served
from tests.fakes.simulation import now_unix_s

STATEMENT_S = 0.001
"""What a statement takes, in simulated seconds."""

CLAIM_GRACE_S = 15.0
"""How long a claim's reply may take."""

WAITS = frozenset({TaskState.QUEUED, TaskState.WAITING})


@dataclass(slots=True)
class StoredLead:
    """A lead with the JSON of its newest analysis."""

    lead: Lead
    version: int = 1
    analysis: bytes = b"null"


@dataclass(slots=True)
class Row:
    """A task as it is stored."""

    submission: Submission
    state: TaskState
    attempt: int = 0
    crashes: int = 0
    worker: WorkerId | None = None
    not_before_unix_s: float = 0.0
    started_unix_s: float = 0.0
    enqueued_unix_s: float = field(default_factory=now_unix_s)
    forgiven: int = 0
    result: bytes | None = None
    error: str | None = None
    usage: list[Usage] = field(default_factory=list)

    @property
    def order_key(self) -> float:
        """Return what orders the queue."""
        return self.enqueued_unix_s - BOOST_S[self.submission.priority]

    def envelope(self, payload: bytes) -> TaskEnvelope:
        """Return the task as it travels."""
        asked = self.submission
        return TaskEnvelope(
            schema_version=ENVELOPE_SCHEMA_VERSION,
            task_id=asked.task_id,
            tenant_id=asked.tenant_id,
            kind=asked.kind,
            attempt=self.attempt,
            priority=asked.priority,
            deadline_unix_s=asked.deadline_unix_s,
            payload=payload,
            max_attempts=asked.max_attempts + self.forgiven,
            crashes=self.crashes,
            alone=self.crashes >= 2,
            direct=asked.direct,
        )


class MemoryTaskQueue:
    """TaskQueue and TaskStore over a dict.

    Attributes:
        is_away: While True every method raises DatabaseUnavailableError.
        ends: How often each task got its end; never more than once.
        refused: Completions and releases that the fence turned away.
        statements: How often each method was called.
        unstorable: Results that make the statement fail.
        weights: Of tenants in the deal of a claim; 1 where absent.
    """

    def __init__(self) -> None:
        self.rows: dict[TaskId, Row] = {}
        self.leads: dict[tuple[str, str], StoredLead] = {}
        self.leases: dict[WorkerId, float] = {}
        self.keys: dict[str, TaskId] = {}
        self.is_away = False
        self.ends: Counter[TaskId] = Counter()
        self.refused: list[Completion | Release] = []
        self.statements: Counter[str] = Counter()
        self.weights: dict[str, int] = {}
        self.cursors: dict[tuple[WorkerId, AgentKind, bool], str] = {}
        self.unstorable: set[bytes] = set()

    async def admit(
        self, submissions: Sequence[Submission], worker: WorkerId
    ) -> list[Admission | GardenosError]:
        """Store tasks."""
        await self._statement("admit")
        return [self._admit(submission, worker) for submission in submissions]

    async def claim(
        self, kind: AgentKind, worker: WorkerId, *, limit: int, express: bool = False
    ) -> list[TaskEnvelope]:
        """Take tasks as the deal of the plain model says."""
        await self._statement("express" if express else "claim")
        if self.leases.get(worker, 0.0) <= now_unix_s():
            return []
        queues: dict[str, list[Row]] = {}
        ranks = {Priority.URGENT, Priority.HIGH} if express else set(Priority)
        waiting = [
            row
            for row in self.rows.values()
            if row.state is TaskState.QUEUED
            and row.submission.kind == kind
            and row.submission.priority in ranks
        ]
        for row in sorted(waiting, key=lambda row: row.order_key):
            queues.setdefault(row.submission.tenant_id, []).append(row)
        after = self.cursors.get((worker, kind, express), "")
        claimed: list[TaskEnvelope] = []
        for row in deal(queues, self.weights, after=after, limit=limit):
            row.state, row.worker = TaskState.RUNNING, worker
            row.attempt += 1
            row.started_unix_s = now_unix_s()
            claimed.append(row.envelope(self._payload(row.submission)))
        if claimed:
            served = {task.tenant_id for task in claimed}
            self.cursors[worker, kind, express] = last_served(served, after=after)
        return claimed

    async def complete(self, completions: Sequence[Completion]) -> frozenset[TaskId]:
        """Finish attempts where the fence lets them through; keep every bill."""
        await self._statement("complete")
        if any(completion.result in self.unstorable for completion in completions):
            raise ValueError("a result that no column takes")
        stored = set()
        for completion in completions:
            row = self.rows.get(completion.task_id)
            if row is None:  # deleted with its lead
                continue
            row.usage.extend(completion.usage)
            if not self._passes(row, completion):
                continue
            row.result, row.error = completion.result, completion.error
            self._finish(row, completion.state)
            self._keep_analysis(row)
            stored.add(completion.task_id)
        return frozenset(stored)

    async def release(self, releases: Sequence[Release]) -> frozenset[TaskId]:
        """Give tasks back."""
        await self._statement("release")
        stored = set()
        for release in releases:
            row = self.rows[release.task_id]
            row.usage.extend(release.usage)
            if not self._passes(row, release):
                continue
            stored.add(release.task_id)
            row.error = release.error
            row.crashes += release.crashed
            row.forgiven += not release.count_attempt
            row.worker = None
            if row.attempt - row.forgiven >= row.submission.max_attempts:
                self._finish(row, TaskState.DEAD)
            elif release.wait_s > 0:
                row.state = TaskState.WAITING
                row.not_before_unix_s = now_unix_s() + release.wait_s
            else:
                row.state = TaskState.QUEUED
        return frozenset(stored)

    async def renew(self, worker: WorkerId, *, lease_s: float) -> Worker:
        """Renew a lease that has not run out."""
        await self._statement("renew")
        if worker in self.leases and self.leases[worker] <= now_unix_s():
            raise ConflictError("worker", str(worker), "its lease has run out")
        self.leases[worker] = now_unix_s() + lease_s
        return Worker(worker, datetime.fromtimestamp(self.leases[worker], UTC))

    async def recover(
        self, *, limit: int, worker: WorkerId | None = None, holds: Sequence[TaskId] = ()
    ) -> int:
        """Move on what nobody holds."""
        await self._statement("recover")
        moved = 0
        now = now_unix_s()
        for row in self.rows.values():
            deadline = row.submission.deadline_unix_s
            is_unheld = row.worker == worker and self._is_unheld(row, holds)
            if row.state is TaskState.RUNNING and (is_unheld or not self._is_held(row)):
                moved += 1
                row.forgiven += 1
                if row.submission.direct:
                    self._finish(row, TaskState.ABANDONED)
                else:
                    row.state = TaskState.QUEUED
            elif row.state is TaskState.WAITING and row.not_before_unix_s <= now:
                moved += 1
                row.state = TaskState.QUEUED
            elif row.state in WAITS and deadline is not None and deadline <= now:
                moved += 1
                self._finish(row, TaskState.EXPIRED)
        return moved

    async def get(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Return a task."""
        await self._statement("get")
        if task_id not in self.rows:
            raise NotFoundError("task", str(task_id))
        return self._task(self.rows[task_id])

    async def list(
        self,
        tenant_id: TenantId,
        *,
        state: TaskState | None,
        kind: AgentKind | None,
        lead_id: LeadId | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Task]:
        """Return all tasks."""
        return Page(tuple(self._task(row) for row in self.rows.values()), None)

    async def cancel(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Cancel an open task."""
        await self._statement("cancel")
        row = self.rows[task_id]
        if row.state in FINISHED_STATES:
            raise ConflictError("task", str(task_id), f"it is {row.state}")
        self._finish(row, TaskState.CANCELLED)
        return self._task(row)

    async def finished(self, task_ids: Sequence[TaskId]) -> frozenset[TaskId]:
        """Return which are finished."""
        await self._statement("finished")
        return frozenset(known for known in task_ids if self.rows[known].state in FINISHED_STATES)

    async def get_many(self, tenant_id: TenantId, task_ids: Sequence[TaskId]) -> tuple[Task, ...]:
        """Return those that the tenant has, in order."""
        await self._statement("get_many")
        known = (self.rows[one] for one in task_ids if one in self.rows)
        return tuple(self._task(row) for row in known if row.submission.tenant_id == tenant_id)

    async def depths(self, *, cap: int) -> Mapping[AgentKind, QueueDepth]:
        """Count nothing."""
        return {}

    async def delete_finished(self, *, older_than_s: float, limit: int) -> int:
        """Delete nothing."""
        return 0

    def another_door(self) -> "MemoryTaskQueue":
        """Return a queue over the same rows that can go away for one orchestrator alone."""
        door = MemoryTaskQueue()
        door.rows, door.leases, door.keys = self.rows, self.leases, self.keys
        door.leads, door.ends, door.refused = self.leads, self.ends, self.refused
        return door

    def states(self) -> Counter[TaskState]:
        """Return how many tasks are in each state."""
        return Counter(row.state for row in self.rows.values())

    async def _statement(self, name: str) -> None:
        self.statements[name] += 1
        await asyncio.sleep(STATEMENT_S)
        if self.is_away:
            raise DatabaseUnavailableError("the database is away", 1.0)

    def _admit(self, submission: Submission, worker: WorkerId) -> Admission | GardenosError:
        key = submission.idempotency_key
        if key is not None and key in self.keys:
            return Admission(self.keys[key], None, created=False)
        lead_key = _lead_key(submission)
        if submission.lead is not None and lead_key is not None:
            self._store_lead(lead_key, submission.lead)
        elif lead_key is not None and lead_key not in self.leads:
            return NotFoundError("lead", lead_key[1])
        if key is not None:
            self.keys[key] = submission.task_id
        state = TaskState.RUNNING if submission.direct else TaskState.QUEUED
        row = Row(submission, state)
        self.rows[submission.task_id] = row
        if not submission.direct:
            return Admission(submission.task_id, None, created=True)
        row.attempt, row.worker, row.started_unix_s = 1, worker, now_unix_s()
        envelope = row.envelope(self._payload(submission))
        return Admission(submission.task_id, envelope, created=True)

    def _store_lead(self, key: tuple[str, str], lead: Lead) -> None:
        stored = self.leads.setdefault(key, StoredLead(lead))
        if stored.lead != lead:
            stored.lead, stored.version = lead, stored.version + 1

    def _keep_analysis(self, row: Row) -> None:
        key = _lead_key(row.submission)
        if key is not None and row.submission.kind == LEAD_ANALYSIS and row.result is not None:
            self.leads[key].analysis = row.result

    def _payload(self, asked: Submission) -> bytes:
        """Join what the agent gets from the task and its lead, as the claim does."""
        key = _lead_key(asked)
        if key is None:
            return asked.payload or b"{}"
        stored = self.leads[key]
        lead = stored.lead.model_dump_json().encode()
        joined = b'"lead":%b,"lead_version":%d' % (lead, stored.version)
        if asked.payload is None:
            return b"{%b}" % joined
        return b'{"request":%b,%b,"analysis":%b}' % (asked.payload, joined, stored.analysis)

    def _is_unheld(self, row: Row, holds: Sequence[TaskId]) -> bool:
        is_old = row.started_unix_s < now_unix_s() - CLAIM_GRACE_S
        return is_old and row.submission.task_id not in holds

    def _is_held(self, row: Row) -> bool:
        return row.worker is not None and self.leases.get(row.worker, 0.0) > now_unix_s()

    def _passes(self, row: Row, end: Completion | Release) -> bool:
        passes = row.attempt == end.attempt and row.state not in FINISHED_STATES
        if not passes:
            self.refused.append(end)
        return passes

    def _finish(self, row: Row, state: TaskState) -> None:
        row.state = state
        self.ends[row.submission.task_id] += 1

    def _task(self, row: Row) -> Task:
        asked = row.submission
        fields: dict[str, Any] = {
            "task_id": asked.task_id,
            "tenant_id": asked.tenant_id,
            "kind": asked.kind,
            "state": row.state,
            "priority": asked.priority,
            "attempt": row.attempt,
            "max_attempts": asked.max_attempts,
            "crashes": row.crashes,
            "direct": asked.direct,
            "enqueued_at": datetime.fromtimestamp(now_unix_s(), UTC) - timedelta(seconds=1),
            "error": row.error,
            "result": None if row.result is None else orjson.loads(row.result),
        }
        return Task(**fields)


def _lead_key(asked: Submission) -> tuple[str, str] | None:
    name = asked.lead.lead_id if asked.lead else asked.lead_id
    return (asked.tenant_id, name) if name else None
