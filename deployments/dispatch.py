"""What an orchestrator holds of one agent kind, and what it sends when. Pure: no clock, no loop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from deployments.task_heap import Attempt, TaskHeap, attempt_of, is_express
from deployments.wire import Group, TaskOutcome
from domain.ids import TaskId
from domain.task import TaskEnvelope

REPORT_LIFE_S = 60.0
"""A replica that said nothing for so long, and holds nothing of ours, is forgotten."""

EXPRESS_PART = 8
"""The express lane is as wide as the prefetch, or one in so many slots where that is more."""

LATE_LIFE_S = 300.0
"""How long the stream of a task that was given up is listened to for its bill, in seconds."""

UNTAKEN_LIFE_S = 5.0
"""How long a batch whose tasks were all given up may go without a replica's word that it took it,
in seconds. It says so within ``runner.TAKEN_WITHIN_S``: after this nothing has begun, no bill is to
come, and the batch must not wait for a replica that would run it beside the next attempts."""


@dataclass(slots=True)
class Flight:
    """A task that was sent and has not been answered.

    Attributes:
        sent_s: When it was sent, or later, when its replica last spoke before it started, or when
            it started there: the wait for a replica and for a slot is not the attempt's.
        started: Known to have started.
        late: Given up: no longer counted, still listened to.
        extra: Sent beyond the credit, by the express lane.
    """

    task: TaskEnvelope
    batch: int
    sent_s: float
    started: bool = False
    late: bool = False
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Overdue:
    """A task that was given up, whether a replica is known to have taken and to have begun it."""

    task: TaskEnvelope
    taken: bool
    begun: bool


@dataclass(slots=True)
class _Sent:
    """A batch on its way: what is open of it, and which replica took it once that is known."""

    flights: dict[Attempt, Flight] = field(default_factory=dict)
    replica: str | None = None

    @property
    def late_life_s(self) -> float:
        return UNTAKEN_LIFE_S if self.replica is None else LATE_LIFE_S


@dataclass(frozen=True, slots=True)
class _Report:
    """What a replica said last."""

    slots: int
    free: int
    share: int
    at_s: float
    shortest_run_s: float


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """How a kind stands in this orchestrator.

    Attributes:
        replicas: Replicas heard of lately.
        slots: Tasks they run at once, together.
        free: Slots that were free when they last spoke.
        waiting: Tasks held here that are not sent.
        direct_waiting: How many of them have a caller on the line.
        outstanding: Tasks sent and not answered.
    """

    replicas: int
    slots: int
    free: int
    waiting: int
    direct_waiting: int
    outstanding: int


class DispatchState:
    """Claimed tasks and direct calls of one kind in one heap, and the credit of its replicas.

    Each replica reports the share of its slots that is open to this orchestrator. The credit is
    the sum of the shares plus ``prefetch`` per replica: so much may be outstanding, no more but
    ``express_extra`` by the express lane. Before any replica has spoken, the credit is that of one.
    Times named ``now_s`` are a steady clock's.
    """

    def __init__(
        self, *, concurrency: int, prefetch: int, batch_bound: int, waiting_bound: int
    ) -> None:
        self._concurrency = concurrency
        self._prefetch = prefetch
        self._batch_bound = batch_bound
        self._heap = TaskHeap(bound=waiting_bound)
        self._parked: dict[Attempt, TaskEnvelope] = {}
        self._sent: dict[int, _Sent] = {}
        self._reports: dict[str, _Report] = {}
        self._outstanding = 0
        self._extra = 0
        self._express_out = 0
        self._batches = 0

    @property
    def credit(self) -> int:
        """Tasks that may be outstanding at once."""
        if not self._reports:
            return self._concurrency + self._prefetch
        shares = sum(report.share for report in self._reports.values())
        return max(1, shares + self._prefetch * len(self._reports))

    @property
    def outstanding(self) -> int:
        """Tasks sent, not answered and not given up."""
        return self._outstanding

    @property
    def held(self) -> int:
        """Tasks that still need an end from this orchestrator."""
        return len(self._heap) + len(self._parked) + self._outstanding

    @property
    def shortest_run_s(self) -> float:
        """Seconds below which no run can be expected to end, by the replicas that know; else 0."""
        told = (report.shortest_run_s for report in self._reports.values())
        return min((run_s for run_s in told if run_s > 0), default=0.0)

    @property
    def express_extra(self) -> int:
        """Express tasks that may be held, and sent, beyond what others may."""
        each = max(1, self._prefetch, self._concurrency // EXPRESS_PART)
        return each * max(1, len(self._reports))

    def held_ids(self) -> list[TaskId]:
        """Return the tasks that still need an end from this orchestrator."""
        parked = [attempt[0] for attempt in self._parked]
        sent = [flight.task.task_id for flight in self._flights() if not flight.late]
        return [*(task.task_id for task in self._heap.tasks()), *parked, *sent]

    def claim_room(self, ahead: int) -> int:
        """Return how many more tasks to claim so that ``ahead`` wait beyond the credit.

        Neither what the express lane brought nor callers on the line take all the room, so that
        a flood of either leaves the tenants their turns in the deal.
        """
        lane = min(self._express_durable, self.express_extra)
        durable_waiting = len(self._heap) - self._heap.direct + len(self._parked)
        return max(0, self.credit + ahead - (self.held - lane), ahead - durable_waiting)

    def express_room(self) -> int:
        """Return how many express tasks to claim although there is no room for others."""
        return max(0, self.express_extra - self._express_durable)

    @property
    def _express_durable(self) -> int:
        parked = sum(is_express(task) and not task.direct for task in self._parked.values())
        return self._heap.express_durable + parked + self._express_out

    def holds(self, attempt: Attempt) -> bool:
        """Whether the attempt waits, is parked or is on its way."""
        return (
            attempt in self._heap
            or attempt in self._parked
            or any(attempt in sent.flights for sent in self._sent.values())
        )

    def add(self, task: TaskEnvelope) -> bool:
        """Let a task wait for a credit; False where the heap is full or holds the attempt."""
        return self._heap.push(task)

    def park(self, task: TaskEnvelope) -> None:
        """Hold a task apart until :meth:`unpark`: it waits for a retry in place."""
        self._parked[attempt_of(task)] = task

    def unpark(self, attempt: Attempt) -> TaskEnvelope | None:
        """Return a parked task to be added again, or None where it was withdrawn meanwhile."""
        return self._parked.pop(attempt, None)

    def next_batch(self, now_s: float) -> tuple[int, tuple[TaskEnvelope, ...]] | None:
        """Take what may be sent now, as a numbered batch; None where nothing may.

        A task marked alone travels alone, so that its stream speaks of it only.
        """
        tasks: list[TaskEnvelope] = []
        room = min(self.credit - self._outstanding + self._extra, self._batch_bound)
        while len(tasks) < room and (task := self._heap.peek()) is not None:
            if task.alone and tasks:
                break
            self._heap.pop()
            tasks.append(task)
            if task.alone:
                break
        extra = not tasks
        if extra:
            tasks = self._express_tasks()
        if not tasks:
            return None
        self._batches += 1
        flights = [Flight(task, self._batches, now_s, extra=extra) for task in tasks]
        self._sent[self._batches] = _Sent({attempt_of(flight.task): flight for flight in flights})
        self._count(flights, 1)
        return self._batches, tuple(tasks)

    def _express_tasks(self) -> list[TaskEnvelope]:
        """Take express tasks out although all slots are taken; they start in the next free ones."""
        tasks: list[TaskEnvelope] = []
        room = min(self.express_extra - self._extra, self._batch_bound)
        while len(tasks) < room:
            task = self._heap.pop_express()
            if task is None:
                break
            tasks.append(task)
        return tasks

    def report(self, batch: int, group: Group, now_s: float) -> list[TaskEnvelope]:
        """Take in what a replica says of itself and of the tasks it has started.

        Returns:
            What it has taken only now although it was given up before: its cancel came too early.
        """
        self._reports[group.replica] = _report_of(group, now_s)
        sent = self._sent.get(batch)
        if sent is None:
            return []
        is_first = sent.replica is None
        sent.replica = group.replica
        started = frozenset(group.started)
        for flight in sent.flights.values():
            if flight.task.task_id in started:
                flight.started = True
                flight.sent_s = now_s
            elif is_first or not (flight.started or flight.late):
                flight.sent_s = now_s
        return [flight.task for flight in sent.flights.values() if flight.late and is_first]

    def describe(self, groups: Iterable[Group], now_s: float) -> None:
        """Replace what is known of the pool by what all its replicas just said."""
        self._reports = {group.replica: _report_of(group, now_s) for group in groups}

    def answered(self, batch: int, outcome: TaskOutcome) -> Flight | None:
        """Close the flight an outcome belongs to; None where it is closed already."""
        sent = self._sent.get(batch)
        flight = sent.flights.pop((outcome.task_id, outcome.attempt), None) if sent else None
        if flight is not None and not flight.late:
            self._count([flight], -1)
        return flight

    def broken(self, batch: int) -> list[Flight]:
        """Close a batch whose stream has ended; return what was open and not given up.

        What the pool said is forgotten where something was open: the replica may be gone.
        """
        sent = self._sent.pop(batch, None)
        lost = [flight for flight in sent.flights.values() if not flight.late] if sent else []
        self._count(lost, -1)
        if lost:
            self._reports.clear()
        return lost

    def withdraw(self, task_id: TaskId) -> list[TaskEnvelope]:
        """Take a task that has not been sent out of the heap and the parked ones."""
        parked = [attempt for attempt in self._parked if attempt[0] == task_id]
        return [
            *self._heap.remove_task(task_id),
            *(self._parked.pop(attempt) for attempt in parked),
        ]

    def sent(self, task_id: TaskId) -> list[TaskEnvelope]:
        """Return the attempts of a task that are with agents and not given up."""
        return [f.task for f in self._flights() if f.task.task_id == task_id and not f.late]

    def give_up(self, task_id: TaskId) -> list[TaskEnvelope]:
        """Stop counting the open flights of a task; their answers will be late."""
        return self._mark_late(
            f for f in self._flights() if f.task.task_id == task_id and not f.late
        )

    def give_up_all(self) -> list[TaskEnvelope]:
        """Stop counting every open flight, as :meth:`give_up` does."""
        return self._mark_late(flight for flight in self._flights() if not flight.late)

    def overdue(
        self, now_s: float, now_unix_s: float, *, limit_s: float, grace_s: float
    ) -> list[Overdue]:
        """Give up the flights that are ``grace_s`` past their deadline, or past ``limit_s``.

        The grace lets a replica that lives say so first, with the bill.
        """
        found = [
            flight
            for flight in self._flights()
            if not flight.late
            and (
                now_s - flight.sent_s >= limit_s + grace_s
                or (
                    flight.task.deadline_unix_s is not None
                    and flight.task.deadline_unix_s + grace_s <= now_unix_s
                )
            )
        ]
        self._mark_late(found)
        return [
            Overdue(flight.task, self._sent[flight.batch].replica is not None, flight.started)
            for flight in found
        ]

    def hopeless(self, now_unix_s: float) -> list[TaskEnvelope]:
        """Take out the waiting and parked tasks whose deadline comes before a run could end."""
        now_unix_s += self.shortest_run_s
        parked = [
            attempt
            for attempt, task in self._parked.items()
            if task.deadline_unix_s is not None and task.deadline_unix_s <= now_unix_s
        ]
        return [*self._heap.remove_hopeless(now_unix_s), *(self._parked.pop(a) for a in parked)]

    def take_unsent(self, *, durable_only: bool) -> list[TaskEnvelope]:
        """Take out everything that has not been sent."""
        unsent = [*self._heap.tasks(), *self._parked.values()]
        taken = [task for task in unsent if not (durable_only and task.direct)]
        for task in taken:
            self.withdraw(task.task_id)
        return taken

    def forget(self, now_s: float) -> list[int]:
        """Drop replicas that fell silent; return the batches that need not be listened to.

        Those are the ones that only flights given up keep open, for long, or untaken by a replica.
        """
        busy = {sent.replica for sent in self._sent.values()}
        self._reports = {
            replica: report
            for replica, report in self._reports.items()
            if replica in busy or now_s - report.at_s < REPORT_LIFE_S
        }
        return [
            number
            for number, sent in self._sent.items()
            if all(f.late and now_s - f.sent_s > sent.late_life_s for f in sent.flights.values())
        ]

    def figures(self) -> PoolFigures:
        """Return how the pool stands."""
        waiting = [*self._heap.tasks(), *self._parked.values()]
        return PoolFigures(
            replicas=len(self._reports),
            slots=sum(report.slots for report in self._reports.values()),
            free=sum(report.free for report in self._reports.values()),
            waiting=len(waiting),
            direct_waiting=sum(task.direct for task in waiting),
            outstanding=self._outstanding,
        )

    def _count(self, flights: Sequence[Flight], sign: int) -> None:
        """Count flights that begin, or with ``sign`` -1 that are over."""
        self._outstanding += sign * len(flights)
        for flight in flights:
            self._extra += sign * flight.extra
            self._express_out += sign * (is_express(flight.task) and not flight.task.direct)

    def _flights(self) -> list[Flight]:
        return [flight for sent in self._sent.values() for flight in sent.flights.values()]

    def _mark_late(self, flights: Iterable[Flight]) -> list[TaskEnvelope]:
        marked = list(flights)
        for flight in marked:
            flight.late = True
        self._count(marked, -1)
        return [flight.task for flight in marked]


def _report_of(group: Group, now_s: float) -> _Report:
    return _Report(group.slots, group.free, group.share, now_s, group.shortest_run_s)
