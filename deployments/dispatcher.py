"""Sends the tasks of one agent kind to its replicas and says how each ended."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from random import Random

from actors.agent import Clock
from deployments.dispatch import DispatchState, Flight, PoolFigures
from deployments.errors import LinkError
from deployments.link import Link
from deployments.loops import forever
from deployments.settings import AgentSettings, QueueSettings
from deployments.task_heap import Attempt, attempt_of
from deployments.verdict import (
    UNREACHED_WAIT_S,
    Backoff,
    Retry,
    Verdict,
    after_late_outcome,
    after_limit,
    after_loss,
    after_outcome,
    expired,
    failed,
    handed_back,
)
from deployments.wire import Batch, Cancel, TaskOutcome, decode_group, encode_batch
from domain.ids import TaskId
from domain.task import Completion, Release, TaskEnvelope, TaskState

logger = logging.getLogger(__name__)

CANCEL_GATHER_S = 0.05
"""The first cancel goes out at once; those that come within so long after it share the next."""

CANCEL_AGAIN_S = 0.5
CANCEL_TRIES = 60
"""A broadcast that not every replica heard is repeated, so often and after so many seconds."""

WATCH_S = 0.25
"""Seconds between looks for tasks out of time."""

ANSWER_GRACE_S = 0.5
"""Seconds past deadline or limit in which a replica may still say itself how a task ended."""


REST_DOUBLINGS = 5
"""Where no agent can be reached nothing is claimed for ``UNREACHED_WAIT_S``, then for twice as
long, and so on so often: each try costs rows of the database, and there may be a million tasks."""

DESCRIBE_S = 2.0
"""Seconds between questions to all replicas how they stand."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a dispatcher does not make itself: its name, the time and chance."""

    sender: str
    clock: Clock
    rng: Random


@dataclass(frozen=True, slots=True)
class Settled:
    """How a task ended here; exactly one per task taken, more only for answers that come late."""

    task: TaskEnvelope
    verdict: Completion | Release
    late: bool = False


class Dispatcher:
    """The shell around :class:`DispatchState`: one stream per batch, many at once.

    Lives in one event loop. :meth:`run` must run for anything to be sent; cancelling it closes
    the streams, which cancels their tasks at the replicas.
    """

    def __init__(
        self,
        link: Link,
        agent: AgentSettings,
        queue: QueueSettings,
        *,
        surroundings: Surroundings,
        settle: Callable[[Settled], None],
    ) -> None:
        self._link = link
        self._agent = agent
        self._queue = queue
        self._sender = surroundings.sender
        self._clock = surroundings.clock
        self._rng = surroundings.rng
        self._settle = settle
        self._state = DispatchState(
            concurrency=agent.concurrency,
            prefetch=agent.prefetch,
            batch_bound=agent.batch_bound,
            waiting_bound=queue.waiting_bound,
        )
        self._streams: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._paused = False
        self._rests = 0
        self._rests_until_s = 0.0
        self._cancels: list[Cancel] = []
        self._gathers = False
        self._broadcasts: set[asyncio.Task[None]] = set()

    @property
    def held(self) -> int:
        """Tasks that still need an end."""
        return self._state.held

    @property
    def credit(self) -> int:
        """Tasks that may be with the agents at once."""
        return self._state.credit

    @property
    def shortest_run_s(self) -> float:
        """Seconds below which no run can be expected to end; 0 where unknown."""
        return self._state.shortest_run_s

    def held_ids(self) -> list[TaskId]:
        """Return the tasks that still need an end."""
        return self._state.held_ids()

    def figures(self) -> PoolFigures:
        """Return how the pool stands, as far as this orchestrator knows."""
        return self._state.figures()

    def claim_room(self) -> int:
        """Return how many tasks should be claimed now; 0 while paused or no agent is reached."""
        return 0 if self._claims_nothing else self._state.claim_room(self._queue.claim_ahead)

    def express_room(self) -> int:
        """Return how many express tasks may be claimed where there is no room for others."""
        return 0 if self._claims_nothing else self._state.express_room()

    @property
    def _claims_nothing(self) -> bool:
        return self._paused or asyncio.get_running_loop().time() < self._rests_until_s

    def add(self, task: TaskEnvelope) -> bool:
        """Take a task over; False where too many wait or this attempt is held already."""
        if self._state.holds(attempt_of(task)) or not self._state.add(task):
            return False
        self._wake.set()
        return True

    def pause(self, *, paused: bool) -> None:
        """Stop or resume sending; what is on its way goes on."""
        self._paused = paused
        self._wake.set()

    def drop_unsent(self, *, durable_only: bool) -> list[TaskEnvelope]:
        """Give out what was not sent, without an end: it is the caller's again."""
        return self._state.take_unsent(durable_only=durable_only)

    def cancel(self, task_id: TaskId) -> None:
        """Cancel a task that callers have cancelled; a running one answers by itself.

        The agents are told even where the task is unknown here: another orchestrator may have it.
        """
        for task in self._state.withdraw(task_id):
            self._settle(Settled(task, _cancelled(task)))
        self._tell_cancel(Cancel(task_id))

    def stop(self, task_id: TaskId) -> None:
        """Stop what is held of a task that ended elsewhere, and no attempt of a later replay."""
        for task in self._state.withdraw(task_id):
            self._settle(Settled(task, _cancelled(task)))
        for task in self._state.sent(task_id):
            self._tell_cancel(Cancel(task_id, task.attempt))

    def give_up(self, task: TaskEnvelope, end: Completion) -> bool:
        """End a task now with ``end`` and cancel it at its replica; its answer will be late.

        Returns:
            False where the task has ended already.
        """
        if not self._state.withdraw(task.task_id):
            if not self._state.give_up(task.task_id):
                return False
            self._tell_cancel(Cancel(task.task_id, task.attempt))
        self._settle(Settled(task, end))
        return True

    def give_up_all(self) -> list[TaskEnvelope]:
        """Stop at their replicas what runs, without an end; what it cost is still listened to."""
        given_up = self._state.give_up_all()
        for task in given_up:
            self._tell_cancel(Cancel(task.task_id, task.attempt))
        return given_up

    async def cut_off(self, *, within_s: float) -> None:
        """Give back what runs, stop it at its replicas, and listen so long for its bills."""
        for task in self.give_up_all():
            self._settle(Settled(task, handed_back(task, "stopping")))
        if self._streams:
            await asyncio.wait(self._streams.values(), timeout=within_s)

    async def run(self) -> None:
        """Send until cancelled; then close every stream and hand its tasks back."""
        watches = (forever("watch", self._watch), forever("ask", self._ask_replicas))
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if not self._paused and self._send():
                    await asyncio.sleep(self._queue.send_gap_s)
                    self._wake.set()
        finally:
            tasks = [*watches, *self._streams.values(), *self._broadcasts]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for number in list(self._streams):  # cancelled before their first step
                self._lose(number, LinkError("stopping", False, False))
            self._streams.clear()
            for unsent in self._state.take_unsent(durable_only=False):
                self._settle(Settled(unsent, handed_back(unsent, "stopping")))

    def _send(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        self._expire_waiting()
        batch = self._state.next_batch(now_s)
        if batch is None:
            return False
        number, tasks = batch
        data = encode_batch(Batch(self._sender, tasks, self._clock()))
        self._streams[number] = asyncio.create_task(self._stream(number, data))
        return True

    async def _stream(self, number: int, data: bytes) -> None:
        error = LinkError("ended_early", True, True)
        try:
            async with aclosing(self._link.stream(data)) as groups:
                async for group in groups:
                    self._take_group(number, group)
        except LinkError as broken:
            error = broken
        except asyncio.CancelledError:
            error = LinkError("stopping", True, False)
            raise
        except Exception:
            logger.exception("stream_fault", extra={"sender": self._sender})
        finally:
            del self._streams[number]
            self._lose(number, error)
            self._wake.set()

    def _rest(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._rests_until_s:
            wait_s = UNREACHED_WAIT_S * 2.0 ** min(self._rests, REST_DOUBLINGS)
            self._rests, self._rests_until_s = self._rests + 1, now_s + wait_s

    def _end_rest(self) -> None:
        self._rests, self._rests_until_s = 0, 0.0

    def _take_group(self, number: int, data: bytes) -> None:
        self._end_rest()
        group = decode_group(data)
        ended = [(self._state.answered(number, outcome), outcome) for outcome in group.outcomes]
        for task in self._state.report(number, group, asyncio.get_running_loop().time()):
            self._tell_cancel(Cancel(task.task_id, task.attempt))
        for flight, outcome in ended:
            if flight is not None:
                self._take_outcome(flight, outcome)
        self._wake.set()

    def _take_outcome(self, flight: Flight, outcome: TaskOutcome) -> None:
        if flight.late:
            late = after_late_outcome(flight.task, outcome, self._backoff())
            if late is not None:
                self._settle(Settled(flight.task, late, late=True))
        else:
            self._apply(flight.task, after_outcome(flight.task, outcome, self._backoff()))

    def _lose(self, number: int, error: LinkError) -> None:
        lost = self._state.broken(number)
        if lost:
            facts = {"sender": self._sender, "reason": error.reason, "tasks": len(lost)}
            logger.warning("agent_lost", extra=facts)
            if not error.reached:
                self._rest()
        for flight in lost:
            if error.reason == "stopping":
                self._settle(Settled(flight.task, handed_back(flight.task, "stopping")))
            else:
                verdict = after_loss(flight.task, error, self._backoff(), started=flight.started)
                self._apply(flight.task, verdict)

    def _apply(self, task: TaskEnvelope, verdict: Verdict) -> None:
        if isinstance(verdict, Retry):
            self._state.park(verdict.task)
            loop = asyncio.get_running_loop()
            loop.call_later(verdict.wait_s, self._resume, attempt_of(verdict.task))
        else:
            self._settle(Settled(task, verdict))

    def _resume(self, attempt: Attempt) -> None:
        task = self._state.unpark(attempt)
        if task is None:
            return
        if not self._state.add(task):
            self._settle(Settled(task, handed_back(task, "too many wait")))
        self._wake.set()

    async def _watch(self) -> None:
        """Answer for tasks whose time is over and close streams nobody waits for any more."""
        while True:
            await asyncio.sleep(WATCH_S)
            self._expire_waiting()
            now_s, now_unix_s = asyncio.get_running_loop().time(), self._clock()
            limit_s = self._agent.attempt_limit_s
            for overdue in self._state.overdue(
                now_s, now_unix_s, limit_s=limit_s, grace_s=ANSWER_GRACE_S
            ):
                task = overdue.task
                verdict = after_limit(overdue, self._backoff(), now_unix_s)
                if not isinstance(verdict, Retry):  # the same attempt must not meet its own cancel
                    self._tell_cancel(Cancel(task.task_id, task.attempt))
                self._apply(task, verdict)
            for number in self._state.forget(now_s):
                self._streams[number].cancel()
            self._wake.set()

    async def _ask_replicas(self) -> None:
        """Keep the credit true where no answers flow: replicas come, go and empty unseen.

        An idle pool that may sleep is left alone: Serve counts the question as work.
        """
        while True:
            is_asked = self._agent.min_replicas > 0 or self._state.held > 0
            groups = await self._link.describe(self._sender) if is_asked else None
            if groups is not None:
                now_s = asyncio.get_running_loop().time()
                self._state.describe((decode_group(group) for group in groups), now_s)
                if groups:
                    self._end_rest()
                self._wake.set()
            await asyncio.sleep(DESCRIBE_S)

    def _expire_waiting(self) -> None:
        for task in self._state.hopeless(self._clock()):
            self._settle(Settled(task, expired(task)))

    def _tell_cancel(self, cancel: Cancel) -> None:
        self._cancels.append(cancel)
        if not self._gathers:
            self._gathers = True
            asyncio.get_running_loop().call_soon(self._broadcast_cancels)

    def _broadcast_cancels(self) -> None:
        """Send what has gathered, and gather again; a silent while lets the next go at once."""
        if not self._cancels:
            self._gathers = False
            return
        asyncio.get_running_loop().call_later(CANCEL_GATHER_S, self._broadcast_cancels)
        told = asyncio.create_task(self._broadcast(tuple(self._cancels)))
        self._cancels.clear()
        self._broadcasts.add(told)
        told.add_done_callback(self._broadcasts.discard)

    async def _broadcast(self, cancels: Sequence[Cancel]) -> None:
        """Tell all replicas; again where one was starting, stopping or deaf."""
        for _ in range(CANCEL_TRIES):
            if await self._link.cancel(cancels):
                return
            await asyncio.sleep(CANCEL_AGAIN_S)
        logger.warning("cancel_not_heard", extra={"tasks": len(cancels)})

    def _backoff(self) -> Backoff:
        base_s, cap_s = self._queue.backoff_base_s, self._queue.backoff_cap_s
        return Backoff(base_s, cap_s, self._rng.random(), self._clock())


def _cancelled(task: TaskEnvelope) -> Completion:
    return failed(task, TaskState.CANCELLED, "cancelled: by the caller")
