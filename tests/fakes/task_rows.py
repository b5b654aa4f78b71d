"""A task and a lead as the queue in memory stores them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from domain.ids import AgentKind, TaskId, TenantId, WorkerId
from domain.lead import Lead
from domain.queue_look import QueueLook
from domain.task import (
    BOOST_S,
    DEFAULT_MAX_ATTEMPTS,
    ENVELOPE_SCHEMA_VERSION,
    FINISHED_STATES,
    Submission,
    Task,
    TaskAttempt,
    TaskEnvelope,
    TaskState,
)
from domain.usage import Usage
from tests.fakes.simulation import now_unix_s


@dataclass(slots=True)
class StoredLead:
    """A lead with the JSON of the analysis it shows, whose it is, and what it is compared by."""

    lead: Lead
    version: int = 1
    analysis: bytes = b"null"
    analysis_id: TaskId | None = None
    analysed: tuple[int, float] = (0, 0.0)


@dataclass(slots=True)
class Row:
    """A task as it is stored.

    Attributes:
        forgiven: Attempts that did not count, so far.
        budget: Attempts that count at most, before those forgiven.
        order_key: As of the table: what orders the queue.
        key: The idempotency key, until it is given back.
    """

    submission: Submission
    state: TaskState
    direct: bool
    budget: int
    deadline_unix_s: float | None
    enqueued_unix_s: float
    order_key: float
    key: str | None
    attempt: int = 0
    crashes: int = 0
    worker_losses: int = 0
    forgiven: int = 0
    worker: WorkerId | None = None
    not_before_unix_s: float | None = None
    started_unix_s: float | None = None
    finished_unix_s: float | None = None
    result: bytes | None = None
    error: str | None = None
    usage: list[Usage] = field(default_factory=list)
    attempts: list[TaskAttempt] = field(default_factory=list)

    @classmethod
    def admitted(cls, asked: Submission) -> "Row":
        """Return the row of a new task, which waits in the queue."""
        return cls(
            asked,
            TaskState.QUEUED,
            asked.direct,
            asked.max_attempts,
            asked.deadline_unix_s,
            enqueued_unix_s=now_unix_s(),
            order_key=now_unix_s() - BOOST_S[asked.priority],
            key=asked.idempotency_key,
        )

    @property
    def max_attempts(self) -> int:
        """How many attempts there may be, those included that do not count."""
        return self.budget + self.forgiven

    @property
    def is_finished(self) -> bool:
        """Whether it has ended."""
        return self.state in FINISHED_STATES

    def take(self, worker: WorkerId) -> None:
        """Begin an attempt."""
        self.state, self.worker, self.error = TaskState.RUNNING, worker, None
        self.attempt += 1
        self.started_unix_s = now_unix_s()

    def leave(self, state: TaskState, error: str | None, *, crashed: bool = False) -> None:
        """Go to another state; an attempt that ran and brought nothing is kept."""
        if self.state is TaskState.RUNNING and state is not TaskState.SUCCEEDED:
            self.attempts.append(self._ended(state, error, crashed=crashed))
        self.state, self.error = state, error
        self.worker = self.not_before_unix_s = None
        self.finished_unix_s = now_unix_s() if state in FINISHED_STATES else None

    def reopen(self, deadline_unix_s: float | None) -> None:
        """Queue it again with a fresh budget; its number grows at once."""
        self.leave(TaskState.QUEUED, None)
        self.attempt += 1
        self.budget, self.forgiven = self.attempt + DEFAULT_MAX_ATTEMPTS, 0
        self.crashes = self.worker_losses = 0
        self.direct, self.result, self.deadline_unix_s = False, None, deadline_unix_s
        self.order_key = now_unix_s() - BOOST_S[self.submission.priority]

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
            deadline_unix_s=self.deadline_unix_s,
            payload=payload,
            max_attempts=self.max_attempts,
            crashes=self.crashes,
            alone=self.crashes >= 2,
            direct=self.direct,
        )

    def task(self) -> Task:
        """Return the task as callers see it, without its attempts."""
        asked = self.submission
        return Task(
            task_id=asked.task_id,
            tenant_id=asked.tenant_id,
            kind=asked.kind,
            state=self.state,
            priority=asked.priority,
            attempt=self.attempt,
            max_attempts=self.max_attempts,
            crashes=self.crashes,
            direct=self.direct,
            enqueued_at=datetime.fromtimestamp(self.enqueued_unix_s, UTC),
            not_before=_time(self.not_before_unix_s),
            started_at=_time(self.started_unix_s),
            finished_at=_time(self.finished_unix_s),
            deadline_at=_time(self.deadline_unix_s),
            error=self.error,
            result=None if self.result is None else orjson.loads(self.result),
        )

    def whole_task(self) -> Task:
        """Return the task as callers see it, each ended attempt told once."""
        kept = tuple(self.attempts)
        if self.state is TaskState.SUCCEEDED:
            earlier = tuple(one for one in kept if one.attempt != self.attempt)
            kept = (*earlier, self._ended(self.state, None, crashed=False))
        return self.task().model_copy(update={"attempts": kept})

    def _ended(self, state: TaskState, error: str | None, *, crashed: bool) -> TaskAttempt:
        return TaskAttempt(
            attempt=self.attempt,
            worker_id=self.worker,
            started_at=_time(self.started_unix_s),
            ended_at=datetime.fromtimestamp(now_unix_s(), UTC),
            state=state,
            error=error,
            crashed=crashed,
        )


def _time(unix_s: float | None) -> datetime | None:
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC)


def look_at(rows: Iterable[Row], kind: AgentKind, since_unix_s: float, now_s: float) -> QueueLook:
    """Return what a look at a kind's line finds."""
    mine = [row for row in rows if row.submission.kind == kind and not row.direct]
    waits = [one for one in mine if one.state in {TaskState.QUEUED, TaskState.WAITING}]
    ends = [row.finished_unix_s for row in mine if row.finished_unix_s is not None]
    return QueueLook(
        waiting=len(waits),
        tenants=Counter(TenantId(row.submission.tenant_id) for row in waits),
        finished=sum(since_unix_s < end <= now_s for end in ends),
        finished_in_s=now_s - since_unix_s,
        finished_until=datetime.fromtimestamp(now_s, UTC),
    )
