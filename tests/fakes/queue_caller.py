"""Who calls a durable queue in a model check: two workers of two tenants, and what they know."""

import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from domain.errors import ConflictError, GardenosError, NotFoundError
from domain.ids import TaskId, TenantId, WorkerId
from domain.intake import read_lead
from domain.lead import Lead
from domain.ports import TaskQueue, TaskStore
from domain.task import (
    LEAD_ANALYSIS,
    Admission,
    Completion,
    Submission,
    TaskEnvelope,
    TaskState,
)
from domain.usage import Usage
from tests.fakes.queue_model import ModelTask, QueueModel, Refusal, Seen
from tests.fakes.queue_witness import result_of

KIND = LEAD_ANALYSIS
"""What the queue does with a lead's analysis is part of the check."""

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
GRADED = {"score": 50, "grade": "B", "qualification": "nurture", "call_priority": 0.5}
"""The part of an analysis that is the same of all."""
TENANTS = (TenantId("north"), TenantId("south"))
WORKER_LOSSES_AT_MOST = 2
"""Small enough that a machine gets there."""

STEP_S = 100.0
"""Time passes in such steps; every length below ends in the middle of one, far from its border."""

LEASE_S = 250.0
SAME_TIME_S = 5.0
"""What a run of the machine takes by a real clock, at most; order keys so near are one."""

ANY = 6
"""From this number on a pick means one of all tasks."""


class Subject(Protocol):
    """A queue under test, with its rows as seen from outside."""

    @property
    def queue(self) -> TaskQueue:
        """The queue."""
        ...

    @property
    def tasks(self) -> TaskStore:
        """Its tasks as callers see them."""
        ...

    async def reset(self) -> None:
        """Empty it."""
        ...

    async def replay(
        self, tenant_id: TenantId, task_id: TaskId, deadline_at: datetime | None
    ) -> object:
        """Queue a task again that ended without a result."""
        ...

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for it."""
        ...

    async def seen(self) -> Seen:
        """Look at its rows."""
        ...

    def now_unix_s(self) -> float:
        """Return its present."""
        ...


Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine on the one loop of a test."""


class QueueCaller:
    """Calls made of the choices of a machine, and the comparison of their answers.

    Attributes:
        handed: Per task the attempts that were handed to a worker, in order.
        tenants: Of every task that was ever admitted.
        versions: Which version of its lead an attempt was given, where it has one.
    """

    def __init__(self, subject: Subject, run: Run) -> None:
        """Empty the queue and give two workers a lease."""
        self.subject, self.run = subject, run
        self.queue = subject.queue
        self.model = QueueModel(worker_losses_at_most=WORKER_LOSSES_AT_MOST)
        self.handed: dict[TaskId, list[int]] = {}
        self.tenants: dict[TaskId, TenantId] = {}
        self.versions: dict[tuple[TaskId, int], int] = {}
        self.numbers = 0
        self.admissions = 0
        self.workers = [self.new_worker(), self.new_worker()]
        run(subject.reset())
        for worker in self.workers:
            self.renew(worker, is_new=True)

    def in_states(self, *states: TaskState) -> list[TaskId]:
        """Return the tasks in some states."""
        return [key for key, task in self.model.tasks.items() if task.state in states]

    def ran(self, picks: list[int], back: int) -> list[TaskId]:
        """Return tasks that were handed out, preferably such as run after ``back`` attempts."""
        if not self.handed:
            return []
        stale = [key for key, numbers in self.handed.items() if len(numbers) > back]
        running = set(self.in_states(TaskState.RUNNING))
        first = [key for key in stale if key in running] or stale
        return sorted({_pick(pick, first, list(self.handed)) for pick in picks})

    def picked(self, pick: int, *first: TaskState, mine: bool) -> tuple[TaskId, TenantId]:
        """Return a task, preferably in one of the states, and its tenant or the other one."""
        task_id = _pick(pick, self.in_states(*first), list(self.tenants))
        others = [one for one in TENANTS if one != self.tenants[task_id]]
        return task_id, self.tenants[task_id] if mine else others[0]

    def new_worker(self) -> WorkerId:
        """Return a worker without a lease."""
        self.numbers += 1
        return WorkerId(UUID(int=self.numbers << 64))

    def renew(self, worker: WorkerId, *, is_new: bool = False) -> None:
        """Renew or make a lease as the model does."""
        renewal = self.queue.renew(worker, lease_s=LEASE_S, is_new=is_new)
        renewed = self.run(refusal_of(renewal)) is None
        modelled = self.model.renew(worker, LEASE_S, is_new=is_new)
        assert renewed <= modelled, "a dead worker's lease came back"
        assert renewed == modelled, "a lease was lost"

    def submission(
        self,
        deadline_in_s: float | None,
        tenant: TenantId,
        key: str | None,
        request: str,
        *,
        text: str | None = None,
        **fields: Any,
    ) -> Submission:
        """Return a task that nobody has admitted yet; ``text`` is what a lead of its says."""
        self.numbers += 1
        self.admissions += 1
        return Submission(
            TaskId(UUID(int=self.numbers)),
            tenant,
            KIND,
            payload=b'{"n": %d}' % self.numbers if text is None else None,
            lead=None if text is None else _lead(text),
            replace=True,
            deadline_unix_s=self.unix_s(deadline_in_s),
            idempotency_key=key,
            request_digest=request.encode() if key else b"",
            **fields,
        )

    def unix_s(self, in_s: float | None) -> float | None:
        """Return a moment by the clock of the queue."""
        return None if in_s is None else self.subject.now_unix_s() + in_s

    def admitted(
        self,
        asked: Submission,
        answer: Admission | GardenosError,
        by: WorkerId,
        deadline_in_s: float | None,
    ) -> None:
        """Compare the answer to an admission."""
        expected = self.model.admit(asked, by, deadline_in_s)
        if expected == "conflict":
            assert isinstance(answer, ConflictError), "one key took two requests"
            return
        assert isinstance(answer, Admission), f"not admitted: {answer}"
        told = (answer.task_id, answer.created)
        assert told == (expected, expected == asked.task_id), "one key has two tasks"
        self.tenants[answer.task_id] = asked.tenant_id
        assert (answer.envelope is not None) == (answer.created and asked.direct)
        if answer.envelope is not None:
            self._handed(answer.envelope)

    def claimed(
        self, claimed: list[TaskEnvelope], claimable: set[TaskId], by: WorkerId, limit: int
    ) -> None:
        """Compare a claim."""
        taken = {one.task_id for one in claimed}
        assert len(taken) == len(claimed) <= limit, "claimed too much"
        assert taken <= claimable, "claimed what was not for this worker"
        for envelope in claimed:
            self.model.claim(envelope.task_id, by)
            self._handed(envelope)

    def claimed_in_order(self, claimed: list[TaskEnvelope], claimable: set[TaskId]) -> None:
        """Look that nothing was left behind that stands before what its tenant was dealt."""
        rank = {key: self.model.tasks[key].order_s for key in claimable}
        left = claimable - {one.task_id for one in claimed}
        for one in claimed:
            before = [rank[key] for key in left if self.tenants[key] == one.tenant_id]
            mine = rank.get(one.task_id, float("-inf"))
            assert mine <= min(before, default=mine) + SAME_TIME_S, "claimed out of its turn"

    def _handed(self, envelope: TaskEnvelope) -> None:
        task = self.model.tasks[envelope.task_id]
        assert envelope.tenant_id == task.asked.tenant_id
        self._given(envelope, task)
        counts = (envelope.attempt, envelope.max_attempts, envelope.crashes, envelope.direct)
        modelled = (task.attempt, task.max_attempts, task.crashes, task.direct)
        assert counts == modelled, f"handed out as {counts}, modelled as {modelled}"
        assert envelope.alone == (task.crashes >= 2), "a suspect runs beside others"
        assert (envelope.deadline_unix_s is None) == (task.deadline_s is None)
        if envelope.deadline_unix_s is not None and task.deadline_s is not None:
            left_s = envelope.deadline_unix_s - self.subject.now_unix_s()
            assert abs(left_s - (task.deadline_s - self.model.now_s)) < STEP_S / 2
        numbers = self.handed.setdefault(envelope.task_id, [])
        assert envelope.attempt not in numbers, "two attempts have one number"
        numbers.append(envelope.attempt)

    def _given(self, envelope: TaskEnvelope, task: ModelTask) -> None:
        """Look that an attempt is given the lead as it is stored now, or its own payload."""
        if task.lead_key is None:
            assert envelope.payload == task.asked.payload
            return
        lead = self.model.leads.leads[task.lead_key]
        given = json.loads(envelope.payload)
        told = (given["lead_version"], given["lead"]["message"])
        assert told == (lead.version, lead.text), "an attempt was given an old lead"
        self.versions[envelope.task_id, envelope.attempt] = lead.version

    def attempt(self, task_id: TaskId, back: int) -> int:
        """Return the number of an attempt that was handed out."""
        return self.handed[task_id][-1 - min(back, len(self.handed[task_id]) - 1)]

    def end(self, task_id: TaskId, back: int, state: TaskState) -> Completion:
        """Return the end of an attempt, with a result that only this one brings."""
        attempt = self.attempt(task_id, back)
        is_success = state is TaskState.SUCCEEDED
        return Completion(
            task_id,
            attempt,
            state,
            self._result(task_id, attempt) if is_success else None,
            None if is_success else f"ended: attempt {attempt}",
            bill(attempt),
            tenant_id=self.tenants[task_id],
            kind=KIND,
        )

    def _result(self, task_id: TaskId, attempt: int) -> bytes:
        """Return what an agent answers; of two that ran at once, the first admitted ends last."""
        version = self.versions.get((task_id, attempt))
        if version is None:
            return result_of(attempt)
        ended_at = NOW - timedelta(seconds=task_id.int)
        return result_of(attempt, lead_version=version, analysed_at=ended_at.isoformat(), **GRADED)

    def is_late(self, task_id: TaskId) -> bool:
        """Say whether a deadline has passed."""
        deadline_s = self.model.tasks[task_id].deadline_s
        return deadline_s is not None and deadline_s <= self.model.now_s

    def held(self, worker: int | None, *, knows: bool) -> tuple[WorkerId | None, list[TaskId]]:
        """Return a worker, preferably one that holds something, and what it says it holds."""
        if worker is None:
            return None, []
        holders = {task.worker for task in self.model.tasks.values()}
        names = [one for one in self.workers if one in holders] or self.workers
        by = names[worker % len(names)]
        holds = [key for key, task in self.model.tasks.items() if task.worker == by]
        return by, holds if knows else []

    def nobody_dead_runs(self) -> None:
        """Look that no task runs in the name of a worker without a lease."""
        seen = self.run(self.subject.seen())
        runs = {one.worker for one in seen.tasks.values() if one.state is TaskState.RUNNING}
        assert runs <= seen.alive, "a dead worker's task still runs after recovery"


def _lead(text: str) -> Lead:
    return read_lead({"lead_id": "lead", "message": text}, received_at=NOW, new_lead_id="unused")


async def refusal_of(call: Coroutine[Any, Any, object]) -> Refusal | None:
    """Return why a call was refused, or None."""
    try:
        await call
    except ConflictError:
        return "conflict"
    except NotFoundError:
        return "not_found"
    return None


def _pick(number: int, favoured: list[TaskId], every: list[TaskId]) -> TaskId:
    order = favoured if favoured and number < ANY else every
    return order[number % len(order)]


def bill(attempt: int) -> tuple[Usage, ...]:
    """Return the one model call of an attempt."""
    return (
        Usage(
            attempt=attempt,
            call=0,
            model="m",
            prompt_tokens=5,
            completion_tokens=2,
            cost_nanousd=7,
            at=NOW,
        ),
    )
