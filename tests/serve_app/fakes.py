"""In-memory stand-ins for the ports that routes call, and a client on top of them."""

# ruff: noqa: ARG002 - a fake keeps the signature of its port

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx
import orjson
from uuid_utils.compat import uuid7

from deployments.queue_room import QueueFigures
from domain.analysis import (
    LeadAnalysis,
)
from domain.errors import (
    ConflictError,
    GardenosError,
    IdempotencyConflictError,
    InvalidInputError,
    LeadExistsError,
    NotFoundError,
    OverloadedError,
)
from domain.follow_up import (
    DraftState,
    FollowUp,
    FollowUpRecord,
)
from domain.ids import AgentKind, LeadId, TaskId, TenantId
from domain.intake import read_lead
from domain.lead import Channel, Lead
from domain.ports import DeadLetterFilter, LeadFilter, LeadRecord, Page, QueueDepth
from domain.task import (
    FINISHED_STATES,
    FOLLOW_UP,
    LEAD_ANALYSIS,
    REPLAYABLE_STATES,
    Admission,
    Submission,
    Task,
    TaskState,
)
from domain.usage import UsageDimension, UsageLine
from scoring.settings import BusinessProfile
from serve_app.api import build_api
from serve_app.approval import Checked, Text
from serve_app.identity import LoopbackIdentity
from serve_app.services import Services
from serve_app.settings import HttpSettings
from tests.serve_app.event_fakes import no_events, no_webhooks
from tests.serve_app.specimens import NOW, PRICES, a_finding, a_record, an_analysis

ItemT = TypeVar("ItemT")


def fake_check(draft: FollowUp, lead: Lead, analysis: LeadAnalysis | None, text: Text) -> Checked:
    """Look for links and count a message for every ten characters of an SMS."""
    findings = (a_finding(),) if "http" in text.body else ()
    segments = 1 + len(text.body) // 10 if draft.channel is Channel.SMS else None
    return Checked(findings, segments)


@dataclass(frozen=True, slots=True)
class FakeAnswer:
    """How a direct task ended."""

    task_id: TaskId
    state: TaskState
    result: bytes | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class FakePool:
    """One kind of agent."""

    kind: AgentKind = LEAD_ANALYSIS
    replicas: int = 1
    min_replicas: int = 1
    max_replicas: int = 2
    running: int = 0
    direct_waiting: int = 0
    queue: QueueFigures = field(default_factory=lambda: QueueFigures(1000, 500, 12.5))


@dataclass
class World:
    """Everything stored; plays engine and stores at once where their methods do not collide.

    ``fault`` is raised by every call that would reach the database; ``full`` is the answer to all
    but the first task of a batch, and to work that a store would queue.
    """

    leads: dict[str, LeadRecord] = field(default_factory=dict)
    tasks: dict[UUID, Task] = field(default_factory=dict)
    keys: dict[str, tuple[TaskId, bytes, str | None]] = field(default_factory=dict)
    submissions: list[Submission] = field(default_factory=list)
    pools_now: list[FakePool] = field(default_factory=lambda: [FakePool()])
    fault: Exception | None = None
    full: OverloadedError | None = None
    direct_state: TaskState = TaskState.SUCCEEDED
    direct_error: str | None = None
    waited_until: list[float] = field(default_factory=list)
    forgotten: list[TaskId] = field(default_factory=list)
    follow_ups: dict[UUID, FollowUpRecord] = field(default_factory=dict)
    usage: list[UsageLine] = field(default_factory=list)
    letters_asked: list[DeadLetterFilter] = field(default_factory=list)
    usage_asked: list[dict[str, Any]] = field(default_factory=list)

    def touch(self) -> None:
        """Raise the fault, where there is one."""
        if self.fault is not None:
            raise self.fault

    def store(self, one: Submission) -> Admission:
        """Store a submission as the queue would."""
        if one.idempotency_key in self.keys:
            task_id, digest, lead_id = self.keys[one.idempotency_key]
            if digest != one.request_digest:
                raise IdempotencyConflictError("idempotency key", one.idempotency_key, "is taken")
            return Admission(task_id, None, False, LeadId(lead_id) if lead_id else None, 1)
        if one.lead is not None:
            old = self.leads.get(one.lead.lead_id)
            if old and old.lead != one.lead and not one.replace:
                raise LeadExistsError("lead", one.lead.lead_id, "is another lead")
            self.leads[one.lead.lead_id] = LeadRecord(one.lead, 1, NOW, NOW)
        elif one.lead_id is not None and one.lead_id not in self.leads:
            raise NotFoundError("lead", one.lead_id)
        self.submissions.append(one)
        self.tasks[one.task_id] = Task(
            task_id=one.task_id,
            tenant_id=one.tenant_id,
            kind=one.kind,
            state=TaskState.QUEUED,
            priority=one.priority,
            lead_id=one.lead_id,
            attempt=0,
            max_attempts=one.max_attempts,
            enqueued_at=NOW,
        )
        if one.idempotency_key:
            self.keys[one.idempotency_key] = (one.task_id, one.request_digest, one.lead_id)
        return Admission(one.task_id, None, True, one.lead_id, 1)


@dataclass
class FakeEngine:
    """Runs nothing; says what the world was told to say."""

    world: World

    async def answer(self, submission: Submission) -> FakeAnswer:
        self.world.touch()
        admission = self.world.store(submission)
        state = self.world.direct_state
        done = state is TaskState.SUCCEEDED
        result = orjson.dumps(an_analysis(str(submission.lead_id)).model_dump(mode="json"))
        if done and admission.created and submission.kind == FOLLOW_UP:
            record = a_record(admission.task_id, lead_id=str(submission.lead_id))
            self.world.follow_ups[admission.task_id] = record
            result = record.draft.model_dump_json().encode()
        return FakeAnswer(
            admission.task_id, state, result if done else None, self.world.direct_error
        )

    async def submit(self, submissions: Sequence[Submission]) -> list[Admission | GardenosError]:
        self.world.touch()
        answers: list[Admission | GardenosError] = []
        for one in submissions:
            if answers and self.world.full is not None:
                answers.append(self.world.full)
                continue
            try:
                answers.append(self.world.store(one))
            except GardenosError as error:
                answers.append(error)
        return answers

    async def make_room(self, kind: AgentKind, tenant_id: TenantId) -> None:
        if self.world.full is not None:
            raise self.world.full

    async def wait_finished(
        self, tenant_id: TenantId, task_id: TaskId, *, until_unix_s: float
    ) -> Task:
        self.world.waited_until.append(until_unix_s)
        return await FakeTasks(self.world).get(tenant_id, task_id)

    async def wait_any(
        self, tenant_id: TenantId, task_ids: Sequence[TaskId], *, until_unix_s: float
    ) -> tuple[Task, ...]:
        self.world.waited_until.append(until_unix_s)
        return await FakeTasks(self.world).get_many(tenant_id, task_ids)

    async def cancel(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        return await FakeTasks(self.world).cancel(tenant_id, task_id)

    def forget(self, task_ids: Sequence[TaskId]) -> None:
        self.world.forgotten.extend(task_ids)

    async def pools(self) -> Sequence[FakePool]:
        return self.world.pools_now


@dataclass
class FakeTasks:
    """TaskStore."""

    world: World

    async def get(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        self.world.touch()
        if task_id not in self.world.tasks:
            raise NotFoundError("task", str(task_id))
        return self.world.tasks[task_id]

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
        self.world.touch()
        found = [
            task
            for task in self.world.tasks.values()
            if (state is None or task.state is state)
            and (kind is None or task.kind == kind)
            and (lead_id is None or task.lead_id == lead_id)
        ]
        return page_of(found, cursor, limit)

    async def cancel(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        task = await self.get(tenant_id, task_id)
        if task.state in FINISHED_STATES:
            raise ConflictError("task", str(task_id), f"is {task.state} already")
        self.world.tasks[task_id] = task.model_copy(update={"state": TaskState.CANCELLED})
        return self.world.tasks[task_id]

    async def finished(self, task_ids: Sequence[TaskId]) -> frozenset[TaskId]:
        return frozenset()

    async def get_many(self, tenant_id: TenantId, task_ids: Sequence[TaskId]) -> tuple[Task, ...]:
        self.world.touch()
        return tuple(self.world.tasks[one] for one in task_ids if one in self.world.tasks)

    async def depths(
        self, *, cap: int, tenant_id: TenantId | None = None
    ) -> Mapping[AgentKind, QueueDepth]:
        self.world.touch()
        by_priority = Counter(task.priority for task in self.world.tasks.values())
        return {LEAD_ANALYSIS: QueueDepth(len(self.world.tasks), 0, 0, by_priority, 3.0)}

    async def delete_finished(self, *, older_than_s: float, limit: int) -> int:
        return 0


@dataclass
class FakeDeadLetters:
    """DeadLetterStore."""

    world: World

    async def list(
        self, tenant_id: TenantId, letters: DeadLetterFilter, *, cursor: str | None, limit: int
    ) -> Page[Task]:
        self.world.touch()
        self.world.letters_asked.append(letters)
        found = [task for task in self.world.tasks.values() if task.state in REPLAYABLE_STATES]
        return page_of(found, cursor, limit)

    async def replay(
        self, tenant_id: TenantId, task_id: TaskId, *, deadline_at: datetime | None = None
    ) -> Task:
        task = await FakeTasks(self.world).get(tenant_id, task_id)
        if task.state not in REPLAYABLE_STATES:
            raise ConflictError("task", str(task_id), f"it is {task.state}")
        again = {"state": TaskState.QUEUED, "deadline_at": deadline_at}
        self.world.tasks[task_id] = task.model_copy(update=again)
        return self.world.tasks[task_id]

    async def replay_many(
        self,
        tenant_id: TenantId,
        letters: DeadLetterFilter,
        *,
        deadline_at: datetime | None,
        limit: int,
    ) -> tuple[Task, ...]:
        page = await self.list(tenant_id, letters, cursor=None, limit=limit)
        return tuple(
            [
                await self.replay(tenant_id, TaskId(one.task_id), deadline_at=deadline_at)
                for one in page.items
            ]
        )


@dataclass
class FakeLeads:
    """LeadStore."""

    world: World
    filters: list[LeadFilter] = field(default_factory=list)

    async def get(self, tenant_id: TenantId, lead_id: LeadId) -> LeadRecord:
        self.world.touch()
        if lead_id not in self.world.leads:
            raise NotFoundError("lead", lead_id)
        return self.world.leads[lead_id]

    async def list(
        self, tenant_id: TenantId, leads: LeadFilter, *, cursor: str | None, limit: int
    ) -> Page[LeadRecord]:
        self.world.touch()
        self.filters.append(leads)
        return page_of(list(self.world.leads.values()), cursor, limit)

    async def change(
        self,
        tenant_id: TenantId,
        lead_id: LeadId,
        change: Callable[[LeadRecord], LeadRecord],
        rescore: Submission | None,
    ) -> LeadRecord:
        before = await self.get(tenant_id, lead_id)
        after = change(before)
        if after == before:
            return before
        if rescore is not None:
            self.world.store(rescore)
        self.world.leads[lead_id] = replace(after, version=before.version + 1)
        return self.world.leads[lead_id]

    async def delete(self, tenant_id: TenantId, lead_id: LeadId) -> Sequence[TaskId]:
        await self.get(tenant_id, lead_id)
        del self.world.leads[lead_id]
        tasks = self.world.tasks.items()
        return [TaskId(known) for known, task in tasks if task.lead_id == lead_id]


@dataclass
class FakeAnalyses:
    """AnalysisStore."""

    async def list_for_lead(
        self, tenant_id: TenantId, lead_id: LeadId, *, limit: int
    ) -> tuple[LeadAnalysis, ...]:
        return (an_analysis(lead_id),)


@dataclass
class FakeFollowUps:
    """FollowUpStore."""

    world: World

    async def get(self, tenant_id: TenantId, follow_up_id: TaskId) -> FollowUpRecord:
        self.world.touch()
        if follow_up_id not in self.world.follow_ups:
            raise NotFoundError("follow-up", str(follow_up_id))
        return self.world.follow_ups[follow_up_id]

    async def list(
        self,
        tenant_id: TenantId,
        *,
        state: DraftState | None,
        lead_id: LeadId | None,
        cursor: str | None,
        limit: int,
    ) -> Page[FollowUpRecord]:
        self.world.touch()
        found = [
            record
            for record in self.world.follow_ups.values()
            if (state is None or record.state is state)
            and (lead_id is None or record.draft.lead_id == lead_id)
        ]
        return page_of(found, cursor, limit)

    async def change(
        self,
        tenant_id: TenantId,
        follow_up_id: TaskId,
        change: Callable[[FollowUpRecord, Lead], FollowUpRecord],
    ) -> FollowUpRecord:
        before = await self.get(tenant_id, follow_up_id)
        after = change(before, self.world.leads[before.draft.lead_id].lead)
        if after != before:
            after = after.model_copy(update={"version": before.version + 1})
        self.world.follow_ups[follow_up_id] = after
        return after


@dataclass
class FakeUsage:
    """UsageStore."""

    world: World

    async def of_task(self, task_id: TaskId) -> UsageLine:
        return UsageLine()

    async def report(
        self,
        tenant_id: TenantId,
        *,
        since: datetime,
        until: datetime,
        by: Sequence[UsageDimension],
    ) -> tuple[UsageLine, ...]:
        self.world.touch()
        self.world.usage_asked.append({"since": since, "until": until, "by": tuple(by)})
        return tuple(self.world.usage)


def page_of(found: Sequence[ItemT], cursor: str | None, limit: int) -> Page[ItemT]:
    """Cut a page; the cursor is the offset."""
    if cursor is not None and not cursor.isdecimal():
        raise InvalidInputError("cursor", cursor, "a cursor that this API gave")
    start = int(cursor or 0)
    end = start + limit
    return Page(tuple(found[start:end]), str(end) if end < len(found) else None)


def read_posted(raw: Mapping[str, Any], received_at: datetime) -> Lead:
    """Read a lead as the application does."""
    return read_lead(
        raw,
        received_at=received_at,
        new_lead_id=str(uuid7()),
        countries=BusinessProfile().countries_for,
    )


def services_over(world: World, limits: HttpSettings | None = None) -> Services:
    """Return what routes call, over a world."""
    return Services(
        engine=FakeEngine(world),
        tasks=FakeTasks(world),
        dead_letters=FakeDeadLetters(world),
        leads=FakeLeads(world),
        analyses=FakeAnalyses(),
        follow_ups=FakeFollowUps(world),
        event_hub=no_events(),
        webhooks=no_webhooks(),
        usage=FakeUsage(world),
        business="business: Garden demo",
        check_draft=fake_check,
        prices=PRICES,
        compare_with="gpt-4o",
        identity=LoopbackIdentity(),
        read_lead=read_posted,
        kinds=frozenset({LEAD_ANALYSIS, FOLLOW_UP}),
        limits=limits or HttpSettings(),
        now=lambda: NOW,
        new_task_id=lambda: TaskId(uuid7()),
    )


def client_over(world: World, limits: HttpSettings | None = None) -> httpx.AsyncClient:
    """Return a client of the application over a world; the caller closes it."""
    transport = httpx.ASGITransport(build_api(services_over(world, limits)), False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")
