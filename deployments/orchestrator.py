"""The engine: admits tasks, claims them, has agents run them, stores how they ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from actors.agent import Clock
from deployments.answer import Answer, abandoned, answer_of
from deployments.caller_line import CallerLine
from deployments.claims import Claims
from deployments.completer import GroupCommit, answer_or_error
from deployments.dispatcher import Dispatcher, Settled, Surroundings
from deployments.ended_elsewhere import EndedElsewhere
from deployments.finish_watch import FinishWatch
from deployments.lease import Lease
from deployments.link import Link
from deployments.loops import end_all, forever
from deployments.pool import Pool, PoolState, state_of
from deployments.queue_bound import QueueBound, rooms_of
from deployments.settings import AgentSettings, QueueSettings
from deployments.task_heap import Attempt, attempt_of
from deployments.verdict import expired, failed, handed_back
from domain.errors import (
    DatabaseUnavailableError,
    DeadlineExceededError,
    GardenosError,
    NotFoundError,
    OverloadedError,
    UnavailableError,
)
from domain.ids import AgentKind, TaskId, TenantId, WorkerId
from domain.ports import TaskQueue, TaskStore
from domain.queue_look import QueueGauge
from domain.task import (
    FINISHED_STATES,
    Admission,
    Completion,
    Release,
    Submission,
    Task,
    TaskEnvelope,
    TaskState,
)

logger = logging.getLogger(__name__)

BACKLOG_GROUPS = 16
"""While more than so many statements' worth of completions wait, nothing new is taken on."""

BILLS_S = 0.5
"""How long a stopping engine listens to agents for the bills of what it cuts off, in seconds."""

FLUSH_LIMIT_S = 5.0
"""How long a stopping engine waits for its last statements, in seconds."""

HELD_BOUND = 1_000_000
"""Completions and releases are never refused: tasks held bound them, see BACKLOG_GROUPS."""


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What an engine is made of.

    Attributes:
        links: One per kind of agent in ``agents``.
        new_worker_id: Maker of UUIDs version 7.
    """

    queue: TaskQueue
    gauge: QueueGauge
    tasks: TaskStore
    links: Mapping[AgentKind, Link]
    agents: Mapping[AgentKind, AgentSettings]
    settings: QueueSettings
    clock: Clock
    rng: Random
    new_worker_id: Callable[[], WorkerId]


class Engine:
    """One orchestrator without its HTTP face. Lives in one event loop, from start to stop."""

    def __init__(self, parts: EngineParts) -> None:
        self._queue = parts.queue
        self._tasks = parts.tasks
        self._settings = parts.settings
        self._clock = parts.clock
        self._rng = parts.rng
        self._lease = Lease(
            parts.queue,
            parts.settings,
            new_worker_id=parts.new_worker_id,
            changed=self._lease_changed,
            lost=self._lease_lost,
        )
        surroundings = Surroundings(str(self._lease.worker), parts.clock, parts.rng)
        rooms = rooms_of(parts.agents, parts.settings)
        self._pools = {
            kind: Pool(kind, agent, self._dispatcher(parts, kind, surroundings), rooms[kind])
            for kind, agent in parts.agents.items()
        }
        self._door = QueueBound(
            parts.queue, parts.gauge, parts.settings, rooms=rooms, rng=self._rng
        )
        bounds = {"group_bound": parts.settings.commit_bound}
        self._admissions: GroupCommit[Submission, Admission | GardenosError] = GroupCommit(
            self._admit,
            key=lambda submission: submission.task_id,
            waiting_bound=parts.settings.admission_bound,
            patient=False,
            **bounds,
        )
        self._completions: GroupCommit[Completion, bool] = GroupCommit(
            self._complete, key=_task_id, waiting_bound=HELD_BOUND, patient=True, **bounds
        )
        self._releases: GroupCommit[Release, bool] = GroupCommit(
            self._release, key=_task_id, waiting_bound=HELD_BOUND, patient=True, **bounds
        )
        self._finish_watch = FinishWatch(parts.tasks, parts.clock)
        self._ended_elsewhere = EndedElsewhere(
            parts.tasks,
            (pool.dispatcher for pool in self._pools.values()),
            every_s=parts.settings.recover_s,
        )
        self._waiters: dict[Attempt, asyncio.Future[Answer]] = {}
        self._look_ups: set[asyncio.Task[None]] = set()
        self._line = CallerLine(
            parts.settings, clock=parts.clock, rng=parts.rng, is_behind=self._is_behind
        )
        self._stopping = asyncio.Event()
        self._claims = Claims(
            parts.queue,
            self._lease,
            parts.settings,
            stopping=self._stopping,
            settle=self._settle,
            is_behind=self._is_behind,
            holds=self._held_ids,
        )
        self._claim_loops: list[asyncio.Task[None]] = []
        self._sends: list[asyncio.Task[None]] = []
        self._services: list[asyncio.Task[None]] = []

    @property
    def is_ready(self) -> bool:
        """Whether tasks can be admitted: the database answers and the lease holds."""
        return self._lease.is_held and not self._stopping.is_set()

    async def start(self) -> None:
        """Start the loops; returns at once, see :attr:`is_ready`."""
        services: dict[str, Callable[[], Awaitable[None]]] = {
            "lease": self._lease.run,
            "recover": self._claims.recover,
            "queue_looks": self._door.run,
            "admissions": self._admissions.run,
            "completions": self._completions.run,
            "releases": self._releases.run,
            "finish_watch": self._finish_watch.run,
            "ended_elsewhere": self._ended_elsewhere.run,
        }
        self._services = [forever(name, service) for name, service in services.items()]
        for pool in self._pools.values():
            self._sends.append(forever(f"send {pool.kind}", pool.dispatcher.run))
            self._claim_loops.append(
                forever(f"claim {pool.kind}", partial(self._claims.claim, pool))
            )

    async def stop(self) -> None:
        """Take nothing new, let what runs end for ``grace_s``, hand back the rest."""
        self._stopping.set()
        for pool in self._pools.values():
            pool.wake.set()
        await asyncio.gather(*self._claim_loops)
        for pool in self._pools.values():
            self._hand_back(pool.dispatcher.drop_unsent(durable_only=True))
        until_s = asyncio.get_running_loop().time() + self._settings.grace_s
        while self._held() and asyncio.get_running_loop().time() < until_s:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for pool in self._pools.values():
            pool.dispatcher.pause(paused=True)
        bills = [pool.dispatcher.cut_off(within_s=BILLS_S) for pool in self._pools.values()]
        await asyncio.gather(*bills)
        await end_all(self._sends)
        try:
            async with asyncio.timeout(FLUSH_LIMIT_S):
                await self._completions.flush()
                await self._releases.flush()
        except TimeoutError:
            logger.warning("stopped_with_open_statements")
        await end_all(self._services)
        for waiter in self._waiters.values():
            if not waiter.done():
                waiter.set_exception(UnavailableError("the service is stopping", 1.0))

    async def answer(self, submission: Submission) -> Answer:
        """Admit a direct task, run it, and return after its completion has been committed.

        Where the idempotency key is known, wait for the first task instead. Ends by the
        submission's deadline, or after ``direct_deadline_s`` where it has none. A caller that is
        cancelled cancels its task.

        Raises:
            GardenosError: The task was refused at admission, or the deadline passed.
        """
        pool = self._pool(submission.kind)
        if submission.deadline_unix_s is None:
            deadline_unix_s = self._clock() + self._settings.direct_deadline_s
            submission = replace(submission, deadline_unix_s=deadline_unix_s)
        self._check_ready()
        with self._line.joined(pool, submission):
            return await self._answer(pool, replace(submission, direct=True))

    async def submit(self, submissions: Sequence[Submission]) -> list[Admission | GardenosError]:
        """Commit tasks to the queue; one answer each, in order.

        Raises:
            GardenosError: None could be admitted because the database is away or too many wait.
        """
        for kind in {submission.kind for submission in submissions}:
            self._pool(kind)
        self._check_ready()
        futures: list[asyncio.Future[Admission | GardenosError]] = []
        try:
            futures.extend(self._admissions.put(submission) for submission in submissions)
        except OverloadedError:
            for future in futures:
                future.cancel()
            raise
        answers = [await answer_or_error(future) for future in futures]
        if answers and all(isinstance(answer, UnavailableError) for answer in answers):
            raise answers[0]  # type: ignore[misc]  # the line above says what they are
        for kind in {submission.kind for submission in submissions}:
            self.wake(kind)
        return answers

    async def make_room(self, kind: AgentKind, tenant_id: TenantId) -> None:
        """Count a task that a store will queue beside its own work.

        Raises:
            OverloadedError: The queue has no room for it.
        """
        await self._door.check(self._pool(kind).kind, tenant_id)

    async def wait_finished(
        self, tenant_id: TenantId, task_id: TaskId, *, until_unix_s: float
    ) -> Task:
        """Return the task as soon as it is finished, or as it is at ``until_unix_s``.

        Raises:
            NotFoundError: The tenant has no such task.
        """
        return await self._finish_watch.wait(tenant_id, task_id, until_unix_s=until_unix_s)

    async def wait_any(
        self, tenant_id: TenantId, task_ids: Sequence[TaskId], *, until_unix_s: float
    ) -> tuple[Task, ...]:
        """Return the tenant's tasks as soon as one is finished, or at ``until_unix_s``.

        Raises:
            OverloadedError: Too many tasks are waited for already.
        """
        return await self._finish_watch.wait_any(tenant_id, task_ids, until_unix_s=until_unix_s)

    async def cancel(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Cancel an open task and tell the agent that runs it.

        Raises:
            NotFoundError: The tenant has no such task.
            ConflictError: The task is finished.
        """
        task = await self._tasks.cancel(tenant_id, task_id)
        pool = self._pools.get(AgentKind(task.kind))
        if pool is not None:
            pool.dispatcher.cancel(task_id)
        self._finish_watch.tell([task_id])
        return task

    def forget(self, task_ids: Sequence[TaskId]) -> None:
        """Stop what runs of tasks that were deleted, here and at every agent."""
        for pool in self._pools.values():
            for task_id in task_ids:
                pool.dispatcher.cancel(task_id)
        self._finish_watch.tell(task_ids)

    async def pools(self) -> Sequence[PoolState]:
        """Return the state of every kind of agent, without asking the database."""
        return [state_of(pool) for pool in self._pools.values()]

    def wake(self, kind: AgentKind | None = None) -> None:
        """Look into the queue now: a notification came; None means any kind."""
        for pool in self._pools.values():
            if kind is None or pool.kind == kind:
                pool.hint()

    async def _answer(self, pool: Pool, submission: Submission) -> Answer:
        deadline_unix_s = submission.deadline_unix_s or 0.0
        try:
            async with asyncio.timeout(max(0.0, deadline_unix_s - self._clock())):
                admission = await self._admit_direct(submission)
                if admission.envelope is None:
                    return await self._answer_again(submission, admission)
                return await self._run_direct(pool, admission.envelope)
        except TimeoutError as error:
            raise DeadlineExceededError(f"the {pool.kind} agent", deadline_unix_s) from error

    async def _admit_direct(self, submission: Submission) -> Admission:
        future = self._admissions.put(submission)
        try:
            admission = await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(self._end_orphan)
            raise
        if isinstance(admission, GardenosError):
            raise admission
        return admission

    def _end_orphan(self, future: "asyncio.Future[Admission | GardenosError]") -> None:
        """End a direct task that was admitted after its caller had gone."""
        admission = None if future.cancelled() or future.exception() else future.result()
        if isinstance(admission, Admission) and admission.envelope is not None:
            end = failed(admission.envelope, TaskState.CANCELLED, "cancelled: the caller has gone")
            self._settle(Settled(admission.envelope, end))

    async def _answer_again(self, submission: Submission, admission: Admission) -> Answer:
        """Wait for the task that the idempotency key stands for."""
        task = await self.wait_finished(
            submission.tenant_id,
            admission.task_id,
            until_unix_s=submission.deadline_unix_s or self._clock(),
        )
        if task.state not in FINISHED_STATES:
            raise TimeoutError
        return answer_of(task)

    async def _run_direct(self, pool: Pool, task: TaskEnvelope) -> Answer:
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiters[attempt_of(task)] = waiter
        try:
            if not pool.dispatcher.add(task):
                self._settle(Settled(task, handed_back(task, "too many wait")))
                raise OverloadedError(f"too many tasks wait for {pool.kind}", 1.0)
            return await waiter
        finally:
            del self._waiters[attempt_of(task)]
            if not waiter.done() or waiter.cancelled():
                is_over = (task.deadline_unix_s or 0.0) <= self._clock()
                gone = failed(task, TaskState.CANCELLED, "cancelled: the caller has gone")
                pool.dispatcher.give_up(task, expired(task) if is_over else gone)

    def _check_ready(self) -> None:
        if self._stopping.is_set():
            raise UnavailableError("the service is stopping", 1.0)
        if not self._lease.is_held:
            raise DatabaseUnavailableError("the database does not answer", 2.0)

    def _is_behind(self) -> bool:
        return self._completions.waiting > BACKLOG_GROUPS * self._settings.commit_bound

    def _held(self) -> int:
        return sum(pool.dispatcher.held for pool in self._pools.values())

    def _held_ids(self) -> list[TaskId]:
        """Return every task that this orchestrator runs or whose end it has to store."""
        held = [task for pool in self._pools.values() for task in pool.dispatcher.held_ids()]
        ends = [end.task_id for end in self._completions.items()]
        releases = [release.task_id for release in self._releases.items()]
        return [*held, *ends, *releases]

    def _pool(self, kind: AgentKind) -> Pool:
        if kind not in self._pools:
            raise NotFoundError("agent", kind)
        return self._pools[kind]

    def _dispatcher(
        self, parts: EngineParts, kind: AgentKind, surroundings: Surroundings
    ) -> Dispatcher:
        return Dispatcher(
            parts.links[kind],
            parts.agents[kind],
            parts.settings,
            surroundings=surroundings,
            settle=self._settle,
        )

    def _lease_changed(self, held: bool) -> None:  # noqa: FBT001 - a callback with one argument
        for pool in self._pools.values():
            pool.dispatcher.pause(paused=not held)
            pool.wake.set()

    def _lease_lost(self) -> None:
        """Drop what was claimed and stop what runs: it goes on under other attempts."""
        for pool in self._pools.values():
            dropped = [
                *pool.dispatcher.drop_unsent(durable_only=False),
                *pool.dispatcher.give_up_all(),
            ]
            for task in dropped:
                self._resolve(task, abandoned(task))
            logger.warning("claims_dropped", extra={"kind": pool.kind, "tasks": len(dropped)})

    def _settle(self, settled: Settled) -> None:
        """Store how a task ended; called by the dispatchers."""
        task, verdict = settled.task, settled.verdict
        pool = self._pools[task.kind]
        name = verdict.state.value if isinstance(verdict, Completion) else "released"
        pool.settled[name] = pool.settled.get(name, 0) + 1
        if name in {TaskState.SUCCEEDED, TaskState.FAILED}:  # others may never have had a slot
            pool.rate.ended(asyncio.get_running_loop().time(), waiting=pool.in_line)
        if isinstance(verdict, Release):
            self._releases.put(verdict).add_done_callback(partial(_log_unstored, task))
        else:
            stored = self._completions.put(verdict)
            stored.add_done_callback(partial(self._stored, task, verdict))
        if pool.has_more and pool.dispatcher.claim_room() >= self._claims.step():
            pool.wake.set()

    def _stored(
        self, task: TaskEnvelope, completion: Completion, stored: "asyncio.Future[bool]"
    ) -> None:
        """Answer the caller on the line, now that the end is committed or refused."""
        error = stored.exception()
        if error is None:
            answer = Answer(task.task_id, completion.state, completion.result, completion.error)
            if stored.result():
                self._resolve(task, answer)
            elif attempt_of(task) in self._waiters:
                self._look_ups.add(look_up := asyncio.create_task(self._answer_from_store(task)))
                look_up.add_done_callback(self._look_ups.discard)
            self._finish_watch.tell([task.task_id])
        elif isinstance(error, UnavailableError) or completion.result is None:
            _log_unstored(task, stored)
            self._resolve(task, abandoned(task))
        else:
            logger.error("result_not_storable", exc_info=error, extra={"kind": task.kind})
            why = "result_not_storable: the agent's result is not valid"
            end = replace(completion, state=TaskState.FAILED, result=None, error=why)
            self._settle(Settled(task, end))

    async def _answer_from_store(self, task: TaskEnvelope) -> None:
        """Tell a caller on the line how the task ended where this end of it was refused."""
        answer = abandoned(task)
        try:
            ended = await self._tasks.get(task.tenant_id, task.task_id)
        except NotFoundError:
            why = "cancelled: the lead was deleted"
            answer = Answer(task.task_id, TaskState.CANCELLED, error=why)
        except UnavailableError as error:
            logger.warning("end_not_read", extra={"kind": task.kind, "error": str(error)})
        else:
            if ended.state in FINISHED_STATES:
                answer = answer_of(ended)
        self._resolve(task, answer)

    def _resolve(self, task: TaskEnvelope, answer: Answer) -> None:
        waiter = self._waiters.get(attempt_of(task))
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    def _hand_back(self, tasks: Sequence[TaskEnvelope]) -> None:
        for task in tasks:
            self._settle(Settled(task, handed_back(task, "stopping")))

    async def _admit(self, items: Sequence[Submission]) -> Sequence[Admission | GardenosError]:
        return await self._door.admit(items, self._lease.worker)

    async def _complete(self, items: Sequence[Completion]) -> Sequence[bool]:
        stored = await self._queue.complete(items)
        return [item.task_id in stored for item in items]

    async def _release(self, items: Sequence[Release]) -> Sequence[bool]:
        stored = await self._queue.release(items)
        self.wake()
        return [item.task_id in stored for item in items]


def _task_id(item: Completion | Release) -> TaskId:
    return item.task_id


def _log_unstored(task: TaskEnvelope, stored: "asyncio.Future[bool]") -> None:
    if (error := stored.exception()) is not None:
        facts = {"kind": task.kind, "task_id": str(task.task_id), "error": type(error).__name__}
        logger.error("end_not_stored", extra=facts)
