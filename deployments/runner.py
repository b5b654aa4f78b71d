"""The heart of an agent's replica: takes batches, runs tasks in its slots, yields what ends."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf

from actors.agent import Agent, AgentResult, Clock, PaidAgentError
from actors.run_times import RunTimes
from deployments.settings import AgentSettings
from deployments.slots import Slots
from deployments.task_heap import Attempt, attempt_of
from deployments.wire import (
    SCHEMA_UNKNOWN,
    Batch,
    Cancel,
    Ending,
    Group,
    TaskOutcome,
    decode_batch,
    encode_group,
    is_readable,
)
from domain.errors import AgentError
from domain.ids import TaskId
from domain.task import DEADLINE_EXCEEDED, TaskEnvelope
from domain.usage import Usage

logger = logging.getLogger(__name__)

CANCELS_BOUND = 100_000
"""Cancels of tasks not yet seen that a replica remembers; the oldest are forgotten first."""

STARTS_PER_TURN = 4
"""Runs begun in one turn of the loop. What a run does before its first wait, offline all of it,
holds the loop: a caller on the line would have to wait until every free slot has been filled."""


TAKEN_WITHIN_S = 0.002
"""Seconds within which a replica says that it has taken a batch, where no outcome says it before.
Runs that ask nobody pay no message for it; the others must have said it before anything can happen
to their replica, since a batch that nobody is known to have taken is closed without its bill."""


TOLD_WITHIN_S = 0.05
"""Seconds within which a start is told that no other news takes along. A run that has ended by then
needs no telling; of another its orchestrator counts the time from here, and the attempt."""

ALONE_AFTER_S = 0.25
"""Seconds between the word that a task marked alone starts and its run. If it kills this process,
the word must be out: without it the task is held to have waited in the line behind the culprit."""

HEARD_PART = 4
"""While tasks are open, a group goes out each so many-th part of ``attempt_limit_s``, be it without
news, and the orchestrator lets what waits here wait on. After twice that silence this replica was
frozen and sends its line back, before its orchestrator can have given it up."""

STALE = "stale"
"""Code of a task that its orchestrator may have given up before it comes to its start."""

LIMIT_REACHED = "the agent gave no answer"


@dataclass(slots=True, eq=False)
class _Stream:
    """Where the outcomes of one batch gather until the generator takes them.

    Attributes:
        taken_unix_s: When the batch came.
        told_unix_s: When the last group went out, at first as ``taken_unix_s``.
    """

    sender: str
    taken_unix_s: float
    told_unix_s: float
    open: set[Attempt] = field(default_factory=set)
    ready: list[TaskOutcome] = field(default_factory=list)
    started: dict[TaskId, None] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    telling: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Work:
    """One attempt in this replica; ``run`` is None while it waits."""

    task: TaskEnvelope
    stream: _Stream
    run: asyncio.Task[None] | None = None
    cancelled: bool = False


class AgentRunner:
    """Runs one agent's tasks. Knows nothing of Ray; all methods belong to one event loop."""

    def __init__(
        self, agent: Agent, settings: AgentSettings, *, replica: str, clock: Clock
    ) -> None:
        self._agent = agent
        self._settings = settings
        self._replica = replica
        self._clock = clock
        self._slots = Slots(
            concurrency=settings.concurrency,
            heap_bound=settings.heap_bound,
            shortest_run_s=settings.shortest_run_s,
        )
        self._run_times = RunTimes()
        self._works: dict[Attempt, _Work] = {}
        self._open_by_sender: Counter[str] = Counter()
        self._cancelled_until: dict[Cancel, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._is_pumping = False
        self._moved_unix_s = -inf
        self._starting: asyncio.Task[None] | None = None

    async def ensure_started(self) -> None:
        """Start the agent once; every caller waits for the same start.

        Raises:
            Exception: Whatever the agent's start raised; the next call tries again.
        """
        if self._starting is None:
            self._starting = asyncio.create_task(self._agent.start())
        try:
            await asyncio.shield(self._starting)
        except Exception:
            self._starting = None
            raise

    async def batch(self, data: bytes) -> AsyncGenerator[bytes, None]:
        """Run a batch and yield encoded groups of outcomes as they arrive.

        The first group comes within ``TAKEN_WITHIN_S`` of the start, be it without an outcome.
        Closing the generator cancels what is still open of this batch, and of no other.

        Args:
            data: A :class:`deployments.wire.Batch`.
        """
        await self.ensure_started()
        stream = self._accept(decode_batch(data))
        try:
            while stream.open or stream.ready or stream.started:
                await stream.news.wait()
                yield self._take_group(stream)
        finally:
            _hush(stream)
            self._abandon(stream)

    async def call(self, task: TaskEnvelope) -> AgentResult:
        """Run one task among the others and return what it brought.

        Raises:
            AgentError: It failed, was cancelled, ran out of time or found the replica full.
        """
        await self.ensure_started()
        stream = self._accept(Batch("call", (task,), self._clock()))
        stream.told_unix_s = inf  # its caller takes no groups
        try:
            while not stream.ready:
                await stream.news.wait()
                stream.news.clear()
        finally:
            _hush(stream)
            self._abandon(stream)
        outcome = stream.ready[0]
        if outcome.ending is not Ending.SUCCEEDED:
            raise AgentError(
                outcome.code or outcome.ending.value,
                outcome.detail,
                outcome.retryable,
                outcome.retry_after_s,
            )
        return AgentResult(outcome.result or b"", outcome.usage)

    def cancel(self, cancels: Iterable[Cancel]) -> None:
        """Cancel tasks; those not seen yet are remembered for ``remember_cancel_s``."""
        now = self._clock()
        self._cancelled_until = {
            known: until for known, until in self._cancelled_until.items() if until > now
        }
        for cancel in cancels:
            self._cancelled_until[cancel] = now + self._settings.remember_cancel_s
            for attempt in list(self._works):
                if attempt[0] == cancel.task_id and cancel.attempt in {None, attempt[1]}:
                    self._cancel_work(attempt)
        while len(self._cancelled_until) > CANCELS_BOUND:
            del self._cancelled_until[next(iter(self._cancelled_until))]
        self._pump()

    def describe(self, sender: str) -> Group:
        """Return the state of the replica as one sender sees it."""
        others = self._open_by_sender.total() - self._open_by_sender[sender]
        return Group(
            replica=self._replica,
            slots=self._settings.concurrency,
            free=self._slots.free,
            share=max(0, self._settings.concurrency - others),
            shortest_run_s=self._run_times.shortest_s(self._clock()),
        )

    def _accept(self, batch: Batch) -> _Stream:
        stream = _Stream(batch.sender, self._clock(), self._clock())
        self._tell_within(TAKEN_WITHIN_S, stream)
        age_s = self._clock() - batch.sent_unix_s
        is_stale = batch.sent_unix_s > 0 and age_s >= self._settings.attempt_limit_s
        if is_stale:  # this replica was frozen, or the clocks of two machines differ
            logger.warning("batch_stale", extra={"age_s": round(age_s, 3)})
        for task in batch.tasks:
            if (refusal := self._refusal(task, is_stale=is_stale)) is not None:
                stream.ready.append(refusal)
                stream.news.set()
                continue
            attempt = attempt_of(task)
            stream.open.add(attempt)
            self._works[attempt] = _Work(task, stream)
            self._open_by_sender[stream.sender] += 1
        self._pump()
        return stream

    def _refusal(self, task: TaskEnvelope, *, is_stale: bool) -> TaskOutcome | None:
        names = (Cancel(task.task_id), Cancel(task.task_id, task.attempt))
        if any(self._cancelled_until.get(name, 0.0) > self._clock() for name in names):
            return TaskOutcome(task.task_id, task.attempt, Ending.CANCELLED, code="cancelled")
        if not is_readable(task):
            return _returned(task, SCHEMA_UNKNOWN)
        if is_stale:
            return _returned(task, STALE)
        return None if self._slots.offer(task) else _returned(task, "full")

    def _pump(self) -> None:
        """Start what may start, answer what is hopeless, and come back at the next deadline."""
        at_most = 0 if self._is_pumping else STARTS_PER_TURN
        self._slots.expect(self._run_times.shortest_s(self._clock()))
        picked = self._slots.pick(self._clock(), at_most=at_most)
        for task in picked.hopeless:
            self._end(self._works[attempt_of(task)], _expired(task, ()))
        for task in picked.start:
            work = self._works[attempt_of(task)]
            if self._was_silent(work.stream):
                self._end(work, _returned(task, STALE))
                continue
            self._moved_unix_s = self._clock()
            work.stream.started[task.task_id] = None
            self._tell_within(0.0 if task.alone else TOLD_WITHIN_S, work.stream)
            work.run = asyncio.create_task(self._run(work))
            work.run.add_done_callback(partial(self._ran, work))
        if self._slots.has_next and not self._is_pumping:
            self._is_pumping = True
            asyncio.get_running_loop().call_soon(self._pump_on)
        self._set_timer()

    def _pump_on(self) -> None:
        self._is_pumping = False
        self._pump()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._slots.next_deadline()
        if deadline is not None:
            delay_s = max(0.001, deadline - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._pump)

    async def _run(self, work: _Work) -> None:
        if work.task.alone:
            await asyncio.sleep(ALONE_AFTER_S)
        self._end(work, await self._outcome(work))
        self._pump()  # now, so that the next start travels with this end

    def _ran(self, work: _Work, run: asyncio.Task[None]) -> None:
        """Free the slot however the run ended; it may have been cancelled before its first step."""
        if not run.cancelled() and (error := run.exception()) is not None:
            logger.error("agent_run_broke", exc_info=error)
        if self._works.get(attempt_of(work.task)) is work:
            self._end(work, _cancelled(work.task, ()))
            self._pump()

    async def _outcome(self, work: _Work) -> TaskOutcome:
        task, began_s = work.task, self._clock()
        limit = asyncio.timeout(self._left_s(task))
        try:
            async with limit:
                answer = await self._agent.run(task, self._clock)
        except TimeoutError:
            if limit.expired():
                return self._out_of_time(task, ())
            return _failed(task, AgentError("timeout", "a call took too long", True))
        except AgentError as error:
            return self._judge(work, error, expired=limit.expired())
        except asyncio.CancelledError:
            if work.cancelled:
                return _cancelled(task, ())
            raise
        except Exception as error:
            logger.exception("agent_fault", extra={"kind": task.kind, "task_id": str(task.task_id)})
            return _failed(task, AgentError("agent_fault", type(error).__name__, True))
        self._run_times.succeeded(self._clock() - began_s, self._clock())
        return TaskOutcome(
            task.task_id, task.attempt, Ending.SUCCEEDED, answer.result, usage=answer.usage
        )

    def _judge(self, work: _Work, error: AgentError, *, expired: bool) -> TaskOutcome:
        usage = error.usage if isinstance(error, PaidAgentError) else ()
        if work.cancelled:
            return _cancelled(work.task, usage)
        if expired:
            return self._out_of_time(work.task, usage)
        return _failed(work.task, error)

    def _left_s(self, task: TaskEnvelope) -> float:
        limit_s = self._settings.attempt_limit_s
        if task.deadline_unix_s is None:
            return limit_s
        return min(limit_s, max(0.0, task.deadline_unix_s - self._clock()))

    def _out_of_time(self, task: TaskEnvelope, usage: tuple[Usage, ...]) -> TaskOutcome:
        if task.deadline_unix_s is not None and task.deadline_unix_s <= self._clock():
            return _expired(task, usage)
        return _failed(task, PaidAgentError("attempt_limit", LIMIT_REACHED, True, usage))

    def _cancel_work(self, attempt: Attempt) -> None:
        work = self._works[attempt]
        work.cancelled = True
        if work.run is not None:
            work.run.cancel()
        elif self._slots.withdraw(attempt):
            self._end(work, _cancelled(work.task, ()))

    def _was_silent(self, stream: _Stream) -> bool:
        """Whether this replica was frozen for so long that its orchestrator may have given up."""
        return self._is_past(2 * self._settings.attempt_limit_s / HEARD_PART, stream.told_unix_s)

    def _is_stuck(self, stream: _Stream) -> bool:
        """Whether nothing has started here for an attempt's limit: no run ends as it should."""
        return self._is_past(
            self._settings.attempt_limit_s, max(self._moved_unix_s, stream.taken_unix_s)
        )

    def _is_past(self, limit_s: float, since_unix_s: float) -> bool:
        return self._clock() - since_unix_s >= limit_s

    def _send_line_back(self, stream: _Stream) -> None:
        for attempt in list(stream.open):
            if self._slots.withdraw(attempt):
                work = self._works[attempt]
                self._end(work, _returned(work.task, STALE))

    def _abandon(self, stream: _Stream) -> None:
        for attempt in list(stream.open):
            self._cancel_work(attempt)

    def _end(self, work: _Work, outcome: TaskOutcome) -> None:
        attempt = attempt_of(work.task)
        del self._works[attempt]
        stream = work.stream
        self._open_by_sender[stream.sender] -= 1
        if not self._open_by_sender[stream.sender]:
            del self._open_by_sender[stream.sender]
        self._slots.finish(attempt)
        stream.open.discard(attempt)
        stream.started.pop(work.task.task_id, None)
        stream.ready.append(outcome)
        stream.news.set()

    def _tell_within(self, delay_s: float, stream: _Stream) -> None:
        """Have a group sent by then, where no other news sends one before."""
        if delay_s == 0.0:
            stream.news.set()
            return
        loop = asyncio.get_running_loop()
        if stream.telling is None or loop.time() + delay_s < stream.telling.when():
            _hush(stream)
            stream.telling = loop.call_later(delay_s, stream.news.set)

    def _take_group(self, stream: _Stream) -> bytes:
        if self._was_silent(stream) or self._is_stuck(stream):
            self._send_line_back(stream)
        group = replace(
            self.describe(stream.sender),
            outcomes=tuple(stream.ready),
            started=tuple(stream.started),
        )
        _hush(stream)
        stream.ready.clear()
        stream.started.clear()
        stream.news.clear()
        stream.told_unix_s = self._clock()
        if stream.open:
            self._tell_within(self._settings.attempt_limit_s / HEARD_PART, stream)
        return encode_group(group)


def _hush(stream: _Stream) -> None:
    """Call off what was to be told later: a group tells it now, or nobody listens."""
    if stream.telling is not None:
        stream.telling.cancel()
        stream.telling = None


def _returned(task: TaskEnvelope, code: str) -> TaskOutcome:
    return TaskOutcome(task.task_id, task.attempt, Ending.RETURNED, code=code, retryable=True)


def _cancelled(task: TaskEnvelope, usage: tuple[Usage, ...]) -> TaskOutcome:
    return TaskOutcome(task.task_id, task.attempt, Ending.CANCELLED, code="cancelled", usage=usage)


def _expired(task: TaskEnvelope, usage: tuple[Usage, ...]) -> TaskOutcome:
    return TaskOutcome(
        task.task_id,
        task.attempt,
        Ending.EXPIRED,
        code=DEADLINE_EXCEEDED,
        detail="the deadline has passed",
        usage=usage,
    )


def _failed(task: TaskEnvelope, error: AgentError) -> TaskOutcome:
    return TaskOutcome(
        task.task_id,
        task.attempt,
        Ending.FAILED,
        code=error.code,
        detail=error.detail,
        retryable=error.retryable,
        usage=error.usage if isinstance(error, PaidAgentError) else (),
        retry_after_s=error.retry_after_s,
    )
