"""What the durable queue promises, in plain code without a database, to compare queues with.

Time is a number of seconds that only :meth:`QueueModel.pass_time` moves. Nothing here looks at how
a queue does it: it is written from the port's words and the states of a task.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from domain.ids import TaskId, TenantId, WorkerId
from domain.task import (
    BOOST_S,
    DEFAULT_MAX_ATTEMPTS,
    FINISHED_STATES,
    REPLAYABLE_STATES,
    Completion,
    Priority,
    Release,
    Submission,
    TaskState,
)
from tests.fakes.lead_model import LeadKey, LeadModel, SeenLead

CLAIM_GRACE_S = 15.0
FORGET_AFTER_S = 60.0
EXPRESS = frozenset({Priority.URGENT, Priority.HIGH})
UNDONE = frozenset({TaskState.ABANDONED, TaskState.CANCELLED, TaskState.EXPIRED})
"""Ends in which nobody did a direct task: the same request may be sent again under its key."""

WAITS = frozenset({TaskState.QUEUED, TaskState.WAITING})

Refusal = Literal["conflict", "not_found"]
Bill = tuple[TaskId, int, int]
"""Task, attempt and number of a model call."""


class EndedAttempt(NamedTuple):
    """An attempt that brought no result."""

    attempt: int
    worker: WorkerId | None
    state: TaskState
    error: str | None
    crashed: bool


class SeenTask(NamedTuple):
    """All of a task that a queue is compared by; ``waits`` tells whether a back-off is set."""

    tenant: TenantId
    state: TaskState
    attempt: int
    max_attempts: int
    crashes: int
    worker_losses: int
    direct: bool
    worker: WorkerId | None
    waits: bool
    error: str | None
    result: bytes | None
    key: str | None
    attempts: tuple[EndedAttempt, ...]


class Seen(NamedTuple):
    """A queue at one moment: tasks, live leases, leases that ran out, calls billed, leads."""

    tasks: dict[TaskId, SeenTask]
    alive: frozenset[WorkerId]
    dead: frozenset[WorkerId]
    bills: frozenset[Bill]
    leads: dict[LeadKey, SeenLead]


@dataclass(slots=True)
class ModelTask:
    """A task; the fields that :class:`SeenTask` has too mean the same."""

    asked: Submission
    state: TaskState
    max_attempts: int
    direct: bool
    deadline_s: float | None
    key: str | None
    order_s: float
    attempt: int = 0
    crashes: int = 0
    worker_losses: int = 0
    worker: WorkerId | None = None
    not_before_s: float | None = None
    claimed_s: float = 0.0
    begun: int = 0
    finished_s: float | None = None
    error: str | None = None
    result: bytes | None = None
    attempts: list[EndedAttempt] = field(default_factory=list)

    @property
    def lead_key(self) -> LeadKey | None:
        """The lead it is about."""
        return lead_key_of(self.asked)

    @property
    def is_finished(self) -> bool:
        """Whether nothing but a replay moves it any more."""
        return self.state in FINISHED_STATES

    def move(self, state: TaskState, error: str | None, now_s: float, *, crashed: bool) -> None:
        """Leave the present state; an attempt that ran without a result is kept."""
        if self.state is TaskState.RUNNING and state is not TaskState.SUCCEEDED:
            ended = EndedAttempt(self.attempt, self.worker, state, error, crashed)
            self.attempts.append(ended)
        self.state, self.error, self.worker, self.not_before_s = state, error, None, None
        self.finished_s = now_s if state in FINISHED_STATES else None

    def seen(self) -> SeenTask:
        """Return what a queue's row must equal."""
        return SeenTask(
            self.asked.tenant_id,
            self.state,
            self.attempt,
            self.max_attempts,
            self.crashes,
            self.worker_losses,
            self.direct,
            self.worker,
            self.not_before_s is not None,
            self.error,
            self.result,
            self.key,
            tuple(self.attempts),
        )


class QueueModel:
    """Every statement of the queue, one after the other."""

    def __init__(self, *, worker_losses_at_most: int) -> None:
        """Let a task end at its ``worker_losses_at_most``-th loss."""
        self.now_s = 0.0
        self.tasks: dict[TaskId, ModelTask] = {}
        self.leases: dict[WorkerId, float] = {}
        self.bills: set[Bill] = set()
        self.leads = LeadModel()
        self._losses_at_most = worker_losses_at_most

    def seen(self) -> Seen:
        """Return what a queue must look like now."""
        alive = frozenset(worker for worker in self.leases if self.lives(worker))
        return Seen(
            {task_id: task.seen() for task_id, task in self.tasks.items()},
            alive,
            frozenset(self.leases) - alive,
            frozenset(self.bills),
            {},
        )

    def pass_time(self, seconds: float) -> None:
        """Let time pass for deadlines, back-offs, leases and retention alike."""
        self.now_s += seconds

    def lives(self, worker: WorkerId | None) -> bool:
        """Say whether a worker has a lease that has not run out."""
        return worker is not None and self.leases.get(worker, 0.0) > self.now_s

    def admit(
        self, asked: Submission, worker: WorkerId, deadline_in_s: float | None
    ) -> TaskId | Refusal:
        """Return the task that answers a submission: a new one or, by its key, the first one."""
        for task_id, task in self.tasks.items():
            is_known = asked.idempotency_key is not None and task.key == asked.idempotency_key
            if not is_known or task.asked.tenant_id != asked.tenant_id:
                continue
            if task.asked.request_digest != asked.request_digest:
                return "conflict"
            if not (task.direct and task.state in UNDONE):
                return task_id
            task.key = None
        deadline_s = None if deadline_in_s is None else self.now_s + deadline_in_s
        new = ModelTask(
            asked,
            TaskState.QUEUED,
            asked.max_attempts,
            asked.direct,
            deadline_s,
            asked.idempotency_key,
            order_s=self.now_s - BOOST_S[asked.priority],
        )
        key = lead_key_of(asked)
        if key is not None and asked.lead is not None:
            self.leads.bring(key, asked.lead.message or "")
        if asked.direct:
            self._take(new, worker)
        self.tasks[asked.task_id] = new
        return asked.task_id

    def claimable(self, worker: WorkerId, *, express: bool = False) -> set[TaskId]:
        """Return what a claim of this worker may take."""
        if not self.lives(worker):
            return set()
        queued = {key for key, task in self.tasks.items() if task.state is TaskState.QUEUED}
        return {key for key in queued if not express or self.tasks[key].asked.priority in EXPRESS}

    def claim(self, task_id: TaskId, worker: WorkerId) -> ModelTask:
        """Give a queued task to a worker."""
        self._take(self.tasks[task_id], worker)
        return self.tasks[task_id]

    def _take(self, task: ModelTask, worker: WorkerId) -> None:
        task.state, task.worker, task.claimed_s = TaskState.RUNNING, worker, self.now_s
        task.attempt, task.error, task.begun = task.attempt + 1, None, self.leads.moment

    def complete(self, ends: Sequence[Completion]) -> frozenset[TaskId]:
        """Let ends through whose attempt is the task's last one and not finished; bill them all."""
        stored = set()
        for end in ends:
            self._bill(end)
            task = self.tasks.get(end.task_id)
            if task is None or task.attempt != end.attempt or task.is_finished:
                continue
            task.move(end.state, end.error, self.now_s, crashed=False)
            task.result = end.result
            if end.state is TaskState.SUCCEEDED and task.lead_key is not None:
                self.leads.analysed(task.lead_key, end, task.begun)
            stored.add(end.task_id)
        return frozenset(stored)

    def release(self, ends: Sequence[Release]) -> frozenset[TaskId]:
        """Take tasks back from the attempts that run."""
        stored = set()
        for end in ends:
            self._bill(end)
            task = self.tasks.get(end.task_id)
            if task is None or task.attempt != end.attempt or task.state is not TaskState.RUNNING:
                continue
            state = _after(task, end)
            task.move(state, end.error, self.now_s, crashed=end.crashed)
            task.crashes += end.crashed
            task.max_attempts += not end.count_attempt
            if state is TaskState.WAITING:
                task.not_before_s = self.now_s + end.wait_s
            stored.add(end.task_id)
        return frozenset(stored)

    def _bill(self, end: Completion | Release) -> None:
        self.bills |= {(end.task_id, end.attempt, call.call) for call in end.usage}

    def cancel(self, tenant: TenantId, task_id: TaskId) -> Refusal | None:
        """Cancel what is open; return why not."""
        task = self._of(tenant, task_id)
        if task is None:
            return "not_found"
        if task.is_finished:
            return "conflict"
        error = "cancelled: the caller cancelled the task"
        task.move(TaskState.CANCELLED, error, self.now_s, crashed=False)
        return None

    def replay(
        self, tenant: TenantId, task_id: TaskId, deadline_in_s: float | None
    ) -> Refusal | None:
        """Open again what ended without a result; return why not. Nobody waits on the line."""
        task = self._of(tenant, task_id)
        if task is None:
            return "not_found"
        if task.state not in REPLAYABLE_STATES:
            return "conflict"
        task.move(TaskState.QUEUED, None, self.now_s, crashed=False)
        task.attempt += 1
        task.max_attempts = task.attempt + DEFAULT_MAX_ATTEMPTS
        task.crashes, task.worker_losses, task.direct = 0, 0, False
        task.order_s = self.now_s - BOOST_S[task.asked.priority]
        task.deadline_s = None if deadline_in_s is None else self.now_s + deadline_in_s
        return None

    def _of(self, tenant: TenantId, task_id: TaskId) -> ModelTask | None:
        task = self.tasks.get(task_id)
        return task if task is not None and task.asked.tenant_id == tenant else None

    def renew(self, worker: WorkerId, lease_s: float, *, is_new: bool) -> bool:
        """Renew a lease or make a new one; say False where it had run out, be it forgotten."""
        if (worker in self.leases or not is_new) and not self.lives(worker):
            return False
        self.leases[worker] = self.now_s + lease_s
        return True

    def recover(self, worker: WorkerId | None, holds: Iterable[TaskId]) -> int:
        """Move on what nobody holds; return how many moves that were."""
        moved = self._recover_lost() + self._recover_late()
        held = frozenset(holds)
        for task_id, task in self.tasks.items():
            is_old = task.claimed_s < self.now_s - CLAIM_GRACE_S
            is_running = worker is not None and task.worker == worker
            if is_running and is_old and task_id not in held:
                state = TaskState.ABANDONED if task.direct else TaskState.QUEUED
                error = "claim_lost: the reply to the claim was lost"
                task.move(state, error, self.now_s, crashed=False)
                task.max_attempts += 1
                moved += 1
        held_by = {task.worker for task in self.tasks.values()}
        for known, until_s in list(self.leases.items()):
            if until_s < self.now_s - FORGET_AFTER_S and known not in held_by:
                del self.leases[known]
        return moved

    def _recover_lost(self) -> int:
        moved = 0
        for task in self.tasks.values():
            if task.state is not TaskState.RUNNING or self.lives(task.worker):
                continue
            task.worker_losses += 1
            task.max_attempts += 1
            state = TaskState.QUEUED
            if task.direct:
                state = TaskState.ABANDONED
            elif task.worker_losses >= self._losses_at_most:
                state = TaskState.DEAD
            error = "worker_lost: the orchestrator that held the task died"
            task.move(state, error, self.now_s, crashed=True)
            moved += 1
        return moved

    def _recover_late(self) -> int:
        moved = 0
        for task in self.tasks.values():
            if task.not_before_s is not None and task.not_before_s <= self.now_s:
                task.move(TaskState.QUEUED, task.error, self.now_s, crashed=False)
                moved += 1
            is_late = task.deadline_s is not None and task.deadline_s <= self.now_s
            if is_late and task.state in WAITS:
                error = "deadline_exceeded: the deadline passed before the task ran"
                task.move(TaskState.EXPIRED, error, self.now_s, crashed=False)
                moved += 1
        return moved

    def deletable(self, older_than_s: float) -> set[TaskId]:
        """Return what retention may delete."""
        return {
            task_id
            for task_id, task in self.tasks.items()
            if task.finished_s is not None and task.finished_s < self.now_s - older_than_s
        }

    def delete(self, task_id: TaskId) -> None:
        """Forget a task with its attempts; its key is free again."""
        del self.tasks[task_id]


def lead_key_of(asked: Submission) -> LeadKey | None:
    """Return the lead that a task brings."""
    return None if asked.lead is None else (asked.tenant_id, asked.lead.lead_id)


def _after(task: ModelTask, end: Release) -> TaskState:
    if task.direct:
        return TaskState.ABANDONED
    if end.count_attempt and task.attempt >= task.max_attempts:
        return TaskState.DEAD
    return TaskState.WAITING if end.wait_s > 0 else TaskState.QUEUED
