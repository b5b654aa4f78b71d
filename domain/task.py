"""A task, its states, and the rules by which it moves between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue

from domain.ids import AgentKind, LeadId, TaskId, TenantId, WorkerId
from domain.lead import Frozen, Lead
from domain.usage import Usage

ENVELOPE_SCHEMA_VERSION = 1
"""Readers accept this version and the one before, and ignore fields they do not know."""

LEAD_ANALYSIS = AgentKind("lead_analysis")
FOLLOW_UP = AgentKind("follow_up")

DEFAULT_MAX_ATTEMPTS = 5


DEADLINE_EXCEEDED = "deadline_exceeded"
"""Code of everything that could not be done in time, wherever that was found out."""


class TaskState(StrEnum):
    """Where a task is in its life.

    ::

        queued ──claim──> running ──complete──> succeeded | failed
          ▲  ▲               │ └─ too many attempts or poison ──> dead
          │  └── release ────┤
        waiting <─ back-off ─┘
        any open state ──> cancelled, expired;   a direct call's running ──> abandoned
    """

    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DEAD = "dead"
    ABANDONED = "abandoned"


TRANSITIONS: Mapping[TaskState, frozenset[TaskState]] = MappingProxyType(
    {
        TaskState.QUEUED: frozenset({TaskState.RUNNING, TaskState.CANCELLED, TaskState.EXPIRED}),
        TaskState.WAITING: frozenset({TaskState.QUEUED, TaskState.CANCELLED, TaskState.EXPIRED}),
        TaskState.RUNNING: frozenset(
            {
                TaskState.QUEUED,
                TaskState.WAITING,
                TaskState.SUCCEEDED,
                TaskState.FAILED,
                TaskState.CANCELLED,
                TaskState.EXPIRED,
                TaskState.DEAD,
                TaskState.ABANDONED,
            }
        ),
    }
)
"""From each open state, where a task may go; finished states are not listed and lead nowhere."""

FINISHED_STATES = frozenset(TaskState) - TRANSITIONS.keys()


REPLAYABLE_STATES = frozenset({TaskState.DEAD, TaskState.FAILED, TaskState.EXPIRED})
"""Finished states from which an operator may queue a task again: those without a result that
nobody asked for. It is no transition of the queue's own."""


class Priority(StrEnum):
    """How soon a task should run, compared with others of the same tenant."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @classmethod
    def _missing_(cls, value: object) -> "Priority | None":
        """Read ``bulk``, which rows and callers of the version before this one may hold."""
        return cls.LOW if value == "bulk" else None


BOOST_S: Mapping[Priority, float] = MappingProxyType(
    {
        Priority.URGENT: 3600.0,
        Priority.HIGH: 600.0,
        Priority.NORMAL: 0.0,
        Priority.LOW: -600.0,
    }
)
"""Head start of a priority in seconds of waiting: an urgent task overtakes only what has waited
less than the difference, so nothing is overtaken for ever."""

PRIORITY_RANK: Mapping[Priority, int] = MappingProxyType(
    {priority: rank for rank, priority in enumerate(Priority)}
)
"""0 is the most urgent; the order of the dispatcher's and the replica's heap."""


def order_key(enqueued_at: datetime, priority: Priority) -> datetime:
    """Return what orders a tenant's queue: time of arrival less the priority's head start."""
    return enqueued_at - timedelta(seconds=BOOST_S[priority])


def backoff_s(attempt: int, *, base_s: float, cap_s: float, jitter: float) -> float:
    """Return the wait before the next attempt, with full jitter.

    Args:
        attempt: Attempts made so far, at least 1.
        base_s: Upper bound of the first wait, in seconds.
        cap_s: Upper bound of every wait, in seconds.
        jitter: Uniform in [0, 1); drawn by the caller.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return jitter * min(cap_s, base_s * 2.0 ** min(attempt - 1, 60))


class TaskAttempt(Frozen):
    """One ended attempt of a task."""

    attempt: Annotated[int, Field(ge=0)]
    worker_id: UUID | None = Field(description="The orchestrator that held it.")
    started_at: AwareDatetime | None
    ended_at: AwareDatetime
    state: TaskState = Field(description="Where the task went.")
    error: str | None = Field(default=None, description="Code and sentence of the failure.")
    crashed: bool = Field(description="Whether a process died under it.")


class Task(Frozen):
    """A task as callers see it."""

    task_id: UUID
    tenant_id: str
    kind: str
    state: TaskState
    priority: Priority
    lead_id: str | None = None
    attempt: Annotated[int, Field(ge=0)]
    max_attempts: Annotated[int, Field(ge=1)]
    crashes: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Times the process that ran it died."
    )
    direct: bool = Field(
        default=False, description="True where the caller waited on the line for the answer."
    )
    enqueued_at: AwareDatetime
    not_before: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    deadline_at: AwareDatetime | None = None
    error: str | None = Field(default=None, description="Code and sentence of the last failure.")
    result: JsonValue = None
    attempts: tuple[TaskAttempt, ...] | None = Field(
        default=None, description="Ended attempts, oldest first; null in lists."
    )


@dataclass(frozen=True, slots=True)
class Submission:
    """A task to admit, with the lead it brings where it brings one.

    Attributes:
        payload: JSON object for the agent; None where the kind reads a stored lead.
        lead: Stored (new or replaced) in the same transaction; None where it is stored already.
        lead_id: The stored lead the task is about, or None.
        replace: Whether a stored lead of the same id and other content is replaced (answer now)
            or refused with LeadExistsError (intake).
        direct: The caller waits on the line: the task is inserted already claimed by ``worker``.
        idempotency_key: Unique per tenant; the same key and request again returns the first task.
        request_digest: SHA-256 of the request, compared where the key is known already.
    """

    task_id: TaskId
    tenant_id: TenantId
    kind: AgentKind
    priority: Priority = Priority.NORMAL
    payload: bytes | None = None
    lead: Lead | None = None
    lead_id: LeadId | None = None
    replace: bool = False
    direct: bool = False
    deadline_unix_s: float | None = None
    idempotency_key: str | None = None
    request_digest: bytes = b""
    max_attempts: int = DEFAULT_MAX_ATTEMPTS


@dataclass(frozen=True, slots=True)
class TaskEnvelope:
    """What travels from the queue to an agent.

    Attributes:
        payload: JSON for the agent: an AnalysisInput for ``lead_analysis``, else the submitted.
        alone: The task was present at two crashes: it must run with nothing beside it.
    """

    schema_version: int
    task_id: TaskId
    tenant_id: TenantId
    kind: AgentKind
    attempt: int
    priority: Priority
    deadline_unix_s: float | None
    payload: bytes
    max_attempts: int = DEFAULT_MAX_ATTEMPTS
    crashes: int = 0
    alone: bool = False
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a submission.

    Attributes:
        task_id: The new task, or the first one where the idempotency key was known.
        envelope: For direct submissions, the task ready to dispatch; else None.
        created: False where the idempotency key was known and nothing was stored.
    """

    task_id: TaskId
    envelope: TaskEnvelope | None
    created: bool
    lead_id: LeadId | None = None
    lead_version: int | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of one attempt, fenced by (task_id, attempt).

    Attributes:
        state: succeeded, failed, cancelled, expired, dead or abandoned.
        result: JSON of the result where it succeeded.
        error: Code and sentence where it did not.
        usage: Every model call of the attempt; stored even where the result is refused.
        tenant_id: Whom the usage is for where the task is gone, deleted with its lead.
        kind: What called the models, for the same case.
    """

    task_id: TaskId
    attempt: int
    state: TaskState
    result: bytes | None = None
    error: str | None = None
    usage: tuple[Usage, ...] = ()
    tenant_id: TenantId | None = None
    kind: AgentKind | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A claimed task given back, fenced by (task_id, attempt).

    Attributes:
        wait_s: 0 goes back to the queue at once; more waits in state ``waiting``.
        crashed: The process that ran it died: counts toward ``crashes``.
        count_attempt: False where the task never reached an agent, so it may try once more.
            The attempt's number is never used again: it fences late statements.
        tenant_id: As of a completion.
        kind: As of a completion.
    """

    task_id: TaskId
    attempt: int
    wait_s: float
    error: str
    crashed: bool = False
    count_attempt: bool = True
    usage: tuple[Usage, ...] = ()
    tenant_id: TenantId | None = None
    kind: AgentKind | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """An orchestrator's lease as the database sees it."""

    worker_id: WorkerId
    lease_until: datetime
