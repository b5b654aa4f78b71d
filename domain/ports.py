"""What the application asks of its surroundings; ``postgres`` answers, tests may fake.

Every method may raise :class:`domain.errors.DatabaseUnavailableError`. Every method takes and
keeps to the caller's asyncio time limit. JSON travels as bytes where nobody needs to look inside.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from domain.analysis import Grade, LeadAnalysis, Override, Qualification
from domain.errors import GardenosError
from domain.follow_up import DraftState, FollowUpRecord
from domain.ids import AgentKind, LeadId, TaskId, TenantId, WorkerId
from domain.lead import Lead, LeadStatus
from domain.outcome import Outcome
from domain.task import (
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
from domain.usage import UsageDimension, UsageLine, UsageSummary


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A stored lead.

    Attributes:
        version: Starts at 1 and grows by one with every change of lead or overrides.
        duplicate_of: The first lead of the same contact and job, decided when the lead was stored.
        analysis: The newest analysis of the newest analysed version, or None.
    """

    lead: Lead
    version: int
    received_at: datetime
    updated_at: datetime
    overrides: tuple[Override, ...] = ()
    duplicate_of: LeadId | None = None
    analysis: LeadAnalysis | None = None


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads to list; None means any.

    ``call_first`` leaves out whom nobody should call: closed leads, duplicates, disqualified ones
    and those without an analysis.
    """

    status: LeadStatus | None = None
    grade: Grade | None = None
    qualification: Qualification | None = None
    call_first: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters; None means any.

    Attributes:
        code: First word of the error, for example ``poison``.
        since: Ended at or after.
        until: Ended before.
    """

    state: TaskState | None = None
    kind: AgentKind | None = None
    code: str | None = None
    lead_id: LeadId | None = None
    since: datetime | None = None
    until: datetime | None = None


ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """One page of a list; ``next_cursor`` is opaque, None on the last page."""

    items: tuple[ItemT, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How much waits and runs for one kind; counts are capped, see :meth:`TaskStore.depths`.

    Attributes:
        by_priority: Of ``queued``; where that is capped, urgent and high ones are still all seen.
        oldest_s: Age of the oldest of the tasks that are next in their tenants' lines, or None.
    """

    queued: int
    waiting: int
    running: int
    by_priority: Mapping[Priority, int] = field(default_factory=dict)
    oldest_s: float | None = None


class TaskQueue(Protocol):
    """The durable queue as an orchestrator uses it."""

    async def admit(
        self,
        submissions: Sequence[Submission],
        worker: WorkerId,
        *,
        refused: Mapping[TaskId, GardenosError] | None = None,
    ) -> list[Admission | GardenosError]:
        """Store tasks with the leads they bring in one transaction; answer each, in order.

        A refusal (LeadExistsError, IdempotencyConflictError, NotFoundError for an unknown
        ``lead_id``, InvalidInputError) takes back that submission only. Those in ``refused`` are
        answered so unless their idempotency key is known. ``queued`` tasks are announced to
        other orchestrators after the commit.
        """
        ...

    async def claim(
        self, kind: AgentKind, worker: WorkerId, *, limit: int, express: bool = False
    ) -> list[TaskEnvelope]:
        """Take up to ``limit`` tasks, round robin over tenants by weight, in each by order key.

        Fewer may come although more wait: a tenant's share of one deal is bounded, and the rest is
        dealt by the next call. With ``express`` only urgent and high ones are taken, whatever
        waits before them.

        A task with two or more crashes comes marked ``alone``. Claims nothing for a worker whose
        lease has run out. The state becomes running, the attempt grows by one.
        """
        ...

    async def complete(self, completions: Sequence[Completion]) -> frozenset[TaskId]:
        """Finish attempts in one statement; return the tasks whose result was stored.

        Guarded by task, attempt and not being finished. Usage is stored for all of them. A
        succeeded lead analysis becomes the lead's current one where no newer version of the lead
        was analysed, and its duplicates are analysed again where the grade they carry changed.
        """
        ...

    async def release(self, releases: Sequence[Release]) -> frozenset[TaskId]:
        """Give tasks back to the queue; one out of attempts dies. Guarded as complete."""
        ...

    async def renew(self, worker: WorkerId, *, lease_s: float, is_new: bool = False) -> Worker:
        """Renew the worker's lease by the database's clock, or make it.

        Args:
            worker: Whose lease.
            lease_s: Seconds from now.
            is_new: The worker is not known to have had a lease; only then one is made. Asked twice,
                as after a lost reply, it renews.

        Raises:
            ConflictError: The lease had run out and its tasks may be another's.
        """
        ...

    async def recover(
        self, *, limit: int, worker: WorkerId | None = None, holds: Sequence[TaskId] = ()
    ) -> int:
        """Move on what nobody holds.

        Tasks of expired leases go back to the queue (direct ones end as abandoned), due waiting
        tasks are queued, tasks that wait past their deadline expire. What is in the name of
        ``worker`` for 15 s and not in ``holds`` goes back too: the reply to its claim was lost.

        Returns:
            How many tasks were moved; call again while it equals ``limit``.
        """
        ...


class TaskStore(Protocol):
    """Tasks as callers see them."""

    async def get(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Return a task.

        Raises:
            NotFoundError: The tenant has no such task.
        """
        ...

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
        """Return tasks, newest first.

        Raises:
            InvalidInputError: The cursor is not one of ours.
        """
        ...

    async def cancel(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Cancel an open task; a running one's late result is refused by the fence.

        Raises:
            NotFoundError: The tenant has no such task.
            ConflictError: The task is finished.
        """
        ...

    async def finished(self, task_ids: Sequence[TaskId]) -> frozenset[TaskId]:
        """Return which of the tasks are finished; a long poll asks for all its waiters at once."""
        ...

    async def get_many(self, tenant_id: TenantId, task_ids: Sequence[TaskId]) -> tuple[Task, ...]:
        """Return those of the tasks that the tenant has, in the order asked for."""
        ...

    async def depths(
        self, *, cap: int, tenant_id: TenantId | None = None
    ) -> Mapping[AgentKind, QueueDepth]:
        """Count per kind what waits and runs; each count stops at ``cap``.

        Of a single tenant only what is queued is counted: ``waiting`` and ``running`` are 0 then.
        """
        ...

    async def delete_finished(self, *, older_than_s: float, limit: int) -> int:
        """Delete finished tasks past their retention; return how many. Analyses stay."""
        ...


class DeadLetterStore(Protocol):
    """Tasks that ended without a result: found, and queued again."""

    async def list(
        self, tenant_id: TenantId, letters: DeadLetterFilter, *, cursor: str | None, limit: int
    ) -> Page[Task]:
        """Return tasks in one of :data:`domain.task.REPLAYABLE_STATES`, newest first.

        Raises:
            InvalidInputError: The cursor is not one of ours.
        """
        ...

    async def replay(
        self, tenant_id: TenantId, task_id: TaskId, *, deadline_at: datetime | None = None
    ) -> Task:
        """Queue such a task again: same id, fresh budget of attempts, those made are kept.

        Raises:
            NotFoundError: The tenant has no such task.
            ConflictError: It is open, succeeded, was cancelled or abandoned.
        """
        ...

    async def replay_many(
        self,
        tenant_id: TenantId,
        letters: DeadLetterFilter,
        *,
        deadline_at: datetime | None,
        limit: int,
    ) -> tuple[Task, ...]:
        """Queue up to ``limit`` again, oldest first; call again while it returns that many."""
        ...


class TenantStore(Protocol):
    """What an operator says of tenants."""

    async def weigh(self, tenant_id: TenantId, weight: int) -> None:
        """Let a tenant take ``weight`` tasks, 1 to 100, where one of weight 1 takes one."""
        ...

    async def weights(self) -> Mapping[TenantId, int]:
        """Return the weights that were set; every other tenant has 1."""
        ...


class LeadStore(Protocol):
    """Stored leads."""

    async def get(self, tenant_id: TenantId, lead_id: LeadId) -> LeadRecord:
        """Return a lead.

        Raises:
            NotFoundError: The tenant has no such lead.
        """
        ...

    async def list(
        self, tenant_id: TenantId, leads: LeadFilter, *, cursor: str | None, limit: int
    ) -> Page[LeadRecord]:
        """Return leads: by call priority where ``call_first``, else newest first.

        Raises:
            InvalidInputError: The cursor is not one of ours.
        """
        ...

    async def change(
        self,
        tenant_id: TenantId,
        lead_id: LeadId,
        change: Callable[[LeadRecord], LeadRecord],
        rescore: Submission | None,
    ) -> LeadRecord:
        """Apply a pure change to a locked lead and queue its analysis, in one transaction.

        ``change`` may raise a GardenosError, which leaves everything as it was. Where it returns
        an equal record nothing is written and nothing queued. The duplicate link is decided anew
        where the contact changed.

        Raises:
            NotFoundError: The tenant has no such lead.
        """
        ...

    async def delete(self, tenant_id: TenantId, lead_id: LeadId) -> Sequence[TaskId]:
        """Delete a lead with everything derived from it.

        Analyses, drafts, outcomes, its tasks and their results and contact keys go. Usage stays,
        without the lead. Its duplicates are linked anew and analysed again.

        Returns:
            The open tasks that went with it: whoever runs one should be told.

        Raises:
            NotFoundError: The tenant has no such lead.
        """
        ...


class AnalysisStore(Protocol):
    """Analyses, written by :meth:`TaskQueue.complete`."""

    async def list_for_lead(
        self, tenant_id: TenantId, lead_id: LeadId, *, limit: int
    ) -> tuple[LeadAnalysis, ...]:
        """Return a lead's analyses, newest first."""
        ...


class FollowUpStore(Protocol):
    """Drafts, written by :meth:`TaskQueue.complete` for the kind ``follow_up``.

    A draft's id is that of the task that made it.
    """

    async def get(self, tenant_id: TenantId, follow_up_id: TaskId) -> FollowUpRecord:
        """Return a draft with its edits and decisions.

        Raises:
            NotFoundError: The tenant has no such draft.
        """
        ...

    async def list(
        self,
        tenant_id: TenantId,
        *,
        state: DraftState | None,
        lead_id: LeadId | None,
        cursor: str | None,
        limit: int,
    ) -> Page[FollowUpRecord]:
        """Return drafts, newest first.

        Raises:
            InvalidInputError: The cursor is not one of ours.
        """
        ...

    async def change(
        self,
        tenant_id: TenantId,
        follow_up_id: TaskId,
        change: Callable[[FollowUpRecord, Lead], FollowUpRecord],
    ) -> FollowUpRecord:
        """Apply a pure change to a locked draft, seeing its lead as it is now.

        The change may append edits and decisions and set the state; the version grows by one
        where it returns something else than it was given. It may raise a GardenosError, which
        leaves everything as it was.

        Raises:
            NotFoundError: The tenant has no such draft.
        """
        ...


class OutcomeStore(Protocol):
    """How leads ended."""

    async def record(self, tenant_id: TenantId, outcome: Outcome) -> None:
        """Store an outcome; a later one of the same lead replaces it. Sets the lead's status.

        Raises:
            NotFoundError: The tenant has no such lead.
        """
        ...

    async def get(self, tenant_id: TenantId, lead_id: LeadId) -> Outcome | None:
        """Return a lead's outcome, or None."""
        ...


class UsageStore(Protocol):
    """The ledger of model calls, written by :meth:`TaskQueue.complete`."""

    async def of_task(self, task_id: TaskId) -> UsageSummary:
        """Return the sum over all attempts and calls of a task, refused results included."""
        ...

    async def report(
        self,
        tenant_id: TenantId,
        *,
        since: datetime,
        until: datetime,
        by: Sequence[UsageDimension],
    ) -> tuple[UsageLine, ...]:
        """Return the tenant's usage from ``since`` to before ``until``, by each combination.

        Sorted by the dimensions in the order given; one line where ``by`` is empty.
        """
        ...
