"""What the routes call: the engine, the stores and the reader of leads, as one value."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from actors.prices import PriceTable
from domain.errors import GardenosError
from domain.event_ports import DeliveryStore, WebhookStore
from domain.ids import AgentKind, TaskId, TenantId
from domain.lead import Lead
from domain.ports import (
    AnalysisStore,
    DeadLetterStore,
    FollowUpStore,
    LeadStore,
    TaskStore,
    UsageStore,
)
from domain.task import Admission, Submission, Task, TaskState
from serve_app.draft_check import DraftCheck
from serve_app.events.hub import EventHub
from serve_app.identity import Identity
from serve_app.settings import HttpSettings
from serve_app.webhooks.settings import WebhookSettings


class Answer(Protocol):
    """How a direct task ended, as the engine reports it."""

    @property
    def task_id(self) -> TaskId:
        """The task, or the first one where the idempotency key was known."""
        ...

    @property
    def state(self) -> TaskState:
        """A finished state."""
        ...

    @property
    def result(self) -> bytes | None:
        """JSON of the result where the task succeeded."""
        ...

    @property
    def error(self) -> str | None:
        """Code and sentence where it did not."""
        ...


class AgentPool(Protocol):
    """One kind of agent: its replicas and what waits for them."""

    @property
    def kind(self) -> AgentKind:
        """Name of the pool."""
        ...

    @property
    def replicas(self) -> int:
        """Replicas that take work now."""
        ...

    @property
    def min_replicas(self) -> int:
        """Fewest replicas; 0 means that the pool may sleep."""
        ...

    @property
    def max_replicas(self) -> int:
        """Most replicas."""
        ...

    @property
    def running(self) -> int:
        """Tasks that this orchestrator has with the agents."""
        ...

    @property
    def direct_waiting(self) -> int:
        """Direct calls that wait for a free slot."""
        ...

    @property
    def queue(self) -> "QueueFigures":
        """How full its durable queue is."""
        ...


class QueueFigures(Protocol):
    """How full the durable queue of a kind is."""

    @property
    def bound(self) -> int:
        """Tasks that may wait, in line or for their back-off."""
        ...

    @property
    def tenant_bound(self) -> int:
        """Of them, one tenant's."""
        ...

    @property
    def drain_per_s(self) -> float | None:
        """Durable tasks that all orchestrators finish per second; None where unknown."""
        ...


class Engine(Protocol):
    """What runs tasks: the orchestrator without its HTTP face."""

    async def answer(self, submission: Submission) -> Answer:
        """Admit a direct task, run it, and return after its completion has been committed.

        Where the idempotency key is known, wait for the first task instead. Ends by the
        submission's deadline.

        Raises:
            GardenosError: The task was refused at admission, or the deadline passed.
        """
        ...

    async def submit(self, submissions: Sequence[Submission]) -> list[Admission | GardenosError]:
        """Commit tasks to the queue; one answer each, in order."""
        ...

    async def make_room(self, kind: AgentKind, tenant_id: TenantId) -> None:
        """Count a task that a store will queue beside its own work.

        Raises:
            OverloadedError: The queue has no room for it.
        """
        ...

    async def wait_finished(
        self, tenant_id: TenantId, task_id: TaskId, *, until_unix_s: float
    ) -> Task:
        """Return the task as soon as it is finished, or as it is at ``until_unix_s``.

        Raises:
            NotFoundError: The tenant has no such task.
        """
        ...

    async def wait_any(
        self, tenant_id: TenantId, task_ids: Sequence[TaskId], *, until_unix_s: float
    ) -> tuple[Task, ...]:
        """Return the tenant's tasks as soon as one is finished, or at ``until_unix_s``.

        Raises:
            OverloadedError: Too many tasks are waited for already.
        """
        ...

    async def cancel(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Cancel an open task and tell the agent that runs it.

        Raises:
            NotFoundError: The tenant has no such task.
            ConflictError: The task is finished.
        """
        ...

    def forget(self, task_ids: Sequence[TaskId]) -> None:
        """Stop what runs of tasks that were deleted, wherever it runs."""
        ...

    async def pools(self) -> Sequence[AgentPool]:
        """Return the state of every kind of agent, without asking the database."""
        ...


LeadReader = Callable[[Mapping[str, Any], datetime], Lead]
"""Reads a lead from what a sender posted and when it came; raises pydantic's ValidationError
or InvalidInputError naming the field where it cannot be a lead."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What the routes of webhooks call.

    Attributes:
        check_url: Raises InvalidInputError for an address that would not be called, and
            OverloadedError where too many are being checked.
    """

    store: WebhookStore
    deliveries: DeliveryStore
    check_url: Callable[[TenantId, str], Awaitable[None]]
    settings: WebhookSettings


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may call. Made once per replica, by whoever builds the application.

    Attributes:
        business: For whom it works, as a line.
        check_draft: Looks at a text that a person wrote in the place of a draft's.
        compare_with: Model that costs are held against where a caller names none.
        kinds: The kinds of agent that are configured.
        now: The wall clock, with zone.
        new_task_id: Maker of UUIDs version 7.
    """

    engine: Engine
    tasks: TaskStore
    dead_letters: DeadLetterStore
    leads: LeadStore
    analyses: AnalysisStore
    follow_ups: FollowUpStore
    event_hub: EventHub
    webhooks: Webhooks
    usage: UsageStore
    business: str
    check_draft: DraftCheck
    prices: PriceTable
    compare_with: str
    identity: Identity
    read_lead: LeadReader
    kinds: frozenset[AgentKind]
    limits: HttpSettings
    now: Callable[[], datetime]
    new_task_id: Callable[[], TaskId]
