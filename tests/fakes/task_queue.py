"""The durable queue in memory, with the fence, the lease and a database that can go away."""

# ruff: noqa: ARG002 - a fake keeps the signature of its port

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import orjson

from domain.errors import (
    ConflictError,
    DatabaseUnavailableError,
    GardenosError,
    IdempotencyConflictError,
    NotFoundError,
)
from domain.ids import AgentKind, LeadId, TaskId, TenantId, WorkerId
from domain.lead import Lead
from domain.ports import Page, QueueDepth
from domain.queue_look import QueueLook
from domain.task import (
    LEAD_ANALYSIS,
    REPLAYABLE_STATES,
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
from postgres.task_queue import WORKER_LOSSES_AT_MOST
from tests.fakes.fair_deal import deal, last_served
from tests.fakes.simulation import now_unix_s
from tests.fakes.task_rows import Row, StoredLead, look_at

STATEMENT_S = 0.001
"""What a statement takes, in simulated seconds."""

CLAIM_GRACE_S = 15.0
"""How long a claim's reply may take."""

FORGET_WORKERS_S = 60.0
"""How long a worker without a lease, and without tasks, is remembered."""

UNDONE = frozenset({TaskState.ABANDONED, TaskState.CANCELLED, TaskState.EXPIRED})
"""Ends in which nobody did a direct task: it gives its idempotency key back."""

WAITS = frozenset({TaskState.QUEUED, TaskState.WAITING})


class MemoryTaskQueue:
    """TaskQueue and TaskStore over a dict.

    Attributes:
        is_away: While True every method raises DatabaseUnavailableError.
        ends: How often each task got its end since it was admitted or replayed; at most once.
        bills: Task, attempt and number of every model call told, of deleted tasks too.
        worker_losses_at_most: As of the queue in Postgres; tests may take less.
        refused: Completions and releases that the fence turned away.
        statements: How often each method was called.
        unstorable: Results that make the statement fail.
        weights: Of tenants in the deal of a claim; 1 where absent.
    """

    def __init__(self) -> None:
        self.rows: dict[TaskId, Row] = {}
        self.leads: dict[tuple[str, str], StoredLead] = {}
        self.leases: dict[WorkerId, float] = {}
        self.keys: dict[tuple[TenantId, str], TaskId] = {}
        self.bills: set[tuple[TaskId, int, int]] = set()
        self.worker_losses_at_most = WORKER_LOSSES_AT_MOST
        self.is_away = False
        self.ends: Counter[TaskId] = Counter()
        self.refused: list[Completion | Release] = []
        self.statements: Counter[str] = Counter()
        self.weights: dict[str, int] = {}
        self.cursors: dict[tuple[WorkerId, AgentKind, bool], str] = {}
        self.unstorable: set[bytes] = set()

    async def admit(
        self,
        submissions: Sequence[Submission],
        worker: WorkerId,
        *,
        refused: Mapping[TaskId, GardenosError] | None = None,
    ) -> list[Admission | GardenosError]:
        """Store tasks."""
        await self._statement("admit")
        return [self._admit(one, worker, (refused or {}).get(one.task_id)) for one in submissions]

    async def look(
        self, kinds: Sequence[AgentKind], *, cap: int, since: datetime | None
    ) -> Mapping[AgentKind, QueueLook]:
        """Look at what waits and at what has ended."""
        await self._statement("look")
        now = now_unix_s()
        began = now if since is None else since.timestamp()
        return {kind: look_at(self.rows.values(), kind, began, now) for kind in kinds}

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
            row.take(worker)
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
            row = self._billed(completion)
            if row is None or row.is_finished or row.attempt != completion.attempt:
                self.refused.append(completion)
                continue
            row.result = completion.result
            self._finish(row, completion.state, completion.error)
            self._keep_analysis(row)
            stored.add(completion.task_id)
        return frozenset(stored)

    async def release(self, releases: Sequence[Release]) -> frozenset[TaskId]:
        """Give tasks back."""
        await self._statement("release")
        stored = set()
        for release in releases:
            row = self._billed(release)
            runs = row is not None and row.state is TaskState.RUNNING
            if row is None or not runs or row.attempt != release.attempt:
                self.refused.append(release)
                continue
            stored.add(release.task_id)
            self._give_back(row, release)
        return frozenset(stored)

    async def renew(self, worker: WorkerId, *, lease_s: float, is_new: bool = False) -> Worker:
        """Renew a lease that has not run out, or make one."""
        await self._statement("renew")
        known = worker in self.leases or not is_new
        if known and self.leases.get(worker, 0.0) <= now_unix_s():
            raise ConflictError("worker", str(worker), "its lease has run out")
        self.leases[worker] = now_unix_s() + lease_s
        return Worker(worker, datetime.fromtimestamp(self.leases[worker], UTC))

    async def recover(
        self, *, limit: int, worker: WorkerId | None = None, holds: Sequence[TaskId] = ()
    ) -> int:
        """Move on what nobody holds."""
        await self._statement("recover")
        now = now_unix_s()
        moved = self._move(limit, self._is_lost, self._lose)
        moved += self._move(
            limit,
            lambda row: row.not_before_unix_s is not None and row.not_before_unix_s <= now,
            lambda row: row.leave(TaskState.QUEUED, row.error),
        )
        late = "deadline_exceeded: the deadline passed before the task ran"
        moved += self._move(
            limit,
            lambda row: (
                row.state in WAITS
                and row.deadline_unix_s is not None
                and row.deadline_unix_s <= now
            ),
            lambda row: self._finish(row, TaskState.EXPIRED, late),
        )
        if worker is not None:
            moved += self._move(limit, lambda row: _is_unheld(row, worker, holds), self._take_back)
        self._forget_workers()
        return min(limit, moved)

    async def get(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Return a task."""
        await self._statement("get")
        return self._of(tenant_id, task_id).whole_task()

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
        return Page(tuple(row.task() for row in self.rows.values()), None)

    async def cancel(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Cancel an open task."""
        await self._statement("cancel")
        row = self._of(tenant_id, task_id)
        if row.is_finished:
            raise ConflictError("task", str(task_id), f"it is {row.state}")
        self._finish(row, TaskState.CANCELLED, "cancelled: the caller cancelled the task")
        return row.task()

    async def replay(
        self, tenant_id: TenantId, task_id: TaskId, *, deadline_at: datetime | None = None
    ) -> Task:
        """Open a task again that ended without a result."""
        await self._statement("replay")
        row = self._of(tenant_id, task_id)
        if row.state not in REPLAYABLE_STATES:
            raise ConflictError("task", str(task_id), f"it is {row.state}")
        row.reopen(deadline_at.timestamp() if deadline_at else None)
        del self.ends[task_id]
        return row.task()

    async def finished(self, task_ids: Sequence[TaskId]) -> frozenset[TaskId]:
        """Return which are finished or gone."""
        await self._statement("finished")
        return frozenset(
            one for one in task_ids if one not in self.rows or self.rows[one].is_finished
        )

    async def get_many(self, tenant_id: TenantId, task_ids: Sequence[TaskId]) -> tuple[Task, ...]:
        """Return those that the tenant has, in order."""
        await self._statement("get_many")
        known = (self.rows[one] for one in task_ids if one in self.rows)
        return tuple(row.task() for row in known if row.submission.tenant_id == tenant_id)

    async def depths(
        self, *, cap: int, tenant_id: TenantId | None = None
    ) -> Mapping[AgentKind, QueueDepth]:
        """Count nothing."""
        return {}

    async def delete_finished(self, *, older_than_s: float, limit: int) -> int:
        """Delete what finished long ago, and free its key."""
        await self._statement("delete_finished")
        until = now_unix_s() - older_than_s
        old = [
            task_id
            for task_id, row in self.rows.items()
            if row.finished_unix_s is not None and row.finished_unix_s < until
        ][:limit]
        for task_id in old:
            row = self.rows.pop(task_id)
            if row.key is not None:
                del self.keys[row.submission.tenant_id, row.key]
        return len(old)

    def another_door(self) -> "MemoryTaskQueue":
        """Return a queue over the same rows that can go away for one orchestrator alone."""
        door = MemoryTaskQueue()
        door.rows, door.leases, door.keys = self.rows, self.leases, self.keys
        door.leads, door.ends, door.refused = self.leads, self.ends, self.refused
        door.bills = self.bills
        return door

    def states(self) -> Counter[TaskState]:
        """Return how many tasks are in each state."""
        return Counter(row.state for row in self.rows.values())

    async def _statement(self, name: str) -> None:
        self.statements[name] += 1
        await asyncio.sleep(STATEMENT_S)
        if self.is_away:
            raise DatabaseUnavailableError("the database is away", 1.0)

    def _admit(
        self, submission: Submission, worker: WorkerId, refusal: GardenosError | None
    ) -> Admission | GardenosError:
        name = submission.idempotency_key
        key = None if name is None else (submission.tenant_id, name)
        if key is not None and key in self.keys:
            first = self.rows[self.keys[key]]
            if first.submission.request_digest != submission.request_digest:
                return IdempotencyConflictError(
                    "idempotency key", key[1], "it was used for another request"
                )
            if not (first.direct and first.state in UNDONE):
                return Admission(first.submission.task_id, None, created=False)
            first.key = None
        if refusal is not None:
            return refusal
        lead_key = _lead_key(submission)
        if submission.lead is not None and lead_key is not None:
            self._store_lead(lead_key, submission.lead)
        elif lead_key is not None and lead_key not in self.leads:
            return NotFoundError("lead", lead_key[1])
        if key is not None:
            self.keys[key] = submission.task_id
        row = self.rows[submission.task_id] = Row.admitted(submission)
        if not submission.direct:
            return Admission(submission.task_id, None, created=True)
        row.take(worker)
        envelope = row.envelope(self._payload(submission))
        return Admission(submission.task_id, envelope, created=True)

    def _store_lead(self, key: tuple[str, str], lead: Lead) -> None:
        stored = self.leads.setdefault(key, StoredLead(lead))
        if stored.lead != lead:
            stored.lead, stored.version = lead, stored.version + 1

    def _keep_analysis(self, row: Row) -> None:
        key = _lead_key(row.submission)
        if key is not None and row.submission.kind == LEAD_ANALYSIS and row.result is not None:
            lead, version = self.leads[key], orjson.loads(row.result).get("lead_version", 0)
            if lead.analysed <= (newness := (version, row.started_unix_s or 0.0)):
                lead.analysis, lead.analysis_id = row.result, row.submission.task_id
                lead.analysed = newness

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

    def _of(self, tenant_id: TenantId, task_id: TaskId) -> Row:
        row = self.rows.get(task_id)
        if row is None or row.submission.tenant_id != tenant_id:
            raise NotFoundError("task", str(task_id))
        return row

    def _billed(self, end: Completion | Release) -> Row | None:
        """Keep the calls that an end tells, each once; return its task's row."""
        row = self.rows.get(end.task_id)
        for call in end.usage:
            bill = (end.task_id, end.attempt, call.call)
            if bill not in self.bills and row is not None:
                row.usage.append(call)
            self.bills.add(bill)
        return row

    def _give_back(self, row: Row, release: Release) -> None:
        is_out = release.count_attempt and row.attempt >= row.max_attempts
        row.crashes += release.crashed
        row.forgiven += not release.count_attempt
        if row.direct or is_out:
            state = TaskState.ABANDONED if row.direct else TaskState.DEAD
            self._finish(row, state, release.error, crashed=release.crashed)
            return
        state = TaskState.WAITING if release.wait_s > 0 else TaskState.QUEUED
        row.leave(state, release.error, crashed=release.crashed)
        if release.wait_s > 0:
            row.not_before_unix_s = now_unix_s() + release.wait_s

    def _move(self, limit: int, moves: Callable[[Row], bool], move: Callable[[Row], None]) -> int:
        found = [row for row in self.rows.values() if moves(row)][:limit]
        for row in found:
            move(row)
        return len(found)

    def _is_lost(self, row: Row) -> bool:
        is_held = row.worker is not None and self.leases.get(row.worker, 0.0) > now_unix_s()
        return row.state is TaskState.RUNNING and not is_held

    def _lose(self, row: Row) -> None:
        error = "worker_lost: the orchestrator that held the task died"
        row.worker_losses += 1
        row.forgiven += 1
        if row.direct:
            self._finish(row, TaskState.ABANDONED, error, crashed=True)
        elif row.worker_losses >= self.worker_losses_at_most:
            self._finish(row, TaskState.DEAD, error, crashed=True)
        else:
            row.leave(TaskState.QUEUED, error, crashed=True)

    def _take_back(self, row: Row) -> None:
        error = "claim_lost: the reply to the claim was lost"
        row.forgiven += 1
        if row.direct:
            self._finish(row, TaskState.ABANDONED, error)
        else:
            row.leave(TaskState.QUEUED, error)

    def _forget_workers(self) -> None:
        until = now_unix_s() - FORGET_WORKERS_S
        holders = {row.worker for row in self.rows.values()}
        gone = [one for one, lease in self.leases.items() if lease < until and one not in holders]
        for worker in gone:
            del self.leases[worker]

    def _finish(
        self, row: Row, state: TaskState, error: str | None, *, crashed: bool = False
    ) -> None:
        row.leave(state, error, crashed=crashed)
        self.ends[row.submission.task_id] += 1


def _is_unheld(row: Row, worker: WorkerId, holds: Iterable[TaskId]) -> bool:
    began = row.started_unix_s
    is_old = began is not None and began < now_unix_s() - CLAIM_GRACE_S
    return row.worker == worker and is_old and row.submission.task_id not in holds


def _lead_key(asked: Submission) -> tuple[str, str] | None:
    name = asked.lead.lead_id if asked.lead else asked.lead_id
    return (asked.tenant_id, name) if name else None
