"""The order in which waiting tasks start.

Priority, then the tenants in turn, of each the earliest deadline; none starves.
"""

import heapq
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import count
from math import inf

from domain.ids import TaskId, TenantId
from domain.task import PRIORITY_RANK, Priority, TaskEnvelope

OLDEST_EVERY = 8
"""After so many starts less one beside it, the task that has waited longest is next, whatever its
priority: the k-th in the line starts after at most 8 k starts. Where the longest waiting start
anyway, as among tasks of one priority, nobody more urgent ever waits for them."""

EXPRESS_RANK = PRIORITY_RANK[Priority.HIGH]
"""Tasks of this rank or a smaller one are express, and those with a caller on the line."""

Attempt = tuple[TaskId, int]
"""Identity of one attempt: the task and the attempt's number."""


def is_express(task: TaskEnvelope) -> bool:
    """Whether a task is sent although all slots are taken, to start in the next that is free."""
    return task.direct or PRIORITY_RANK[task.priority] <= EXPRESS_RANK


def attempt_of(task: TaskEnvelope) -> Attempt:
    """Return the identity of the attempt an envelope stands for."""
    return task.task_id, task.attempt


@dataclass(slots=True)
class _Turn:
    """What waits of one tenant, best first, and its place among the tenants.

    Attributes:
        number: Grows by one with each task that starts: the smallest is next.
        line: Rank, deadline, number of arrival and attempt; the first is never stale.
    """

    number: int
    line: list[tuple[int, float, int, Attempt]] = field(default_factory=list)


class TaskHeap:
    """Waiting tasks, each attempt at most once, at most ``bound`` of them.

    Among tasks of one priority the tenants take turns: who has one task waits for one of each other
    tenant, however many those have. Who comes anew has no arrears and takes the next turn.
    """

    def __init__(self, *, bound: int) -> None:
        self._bound = bound
        self._line: OrderedDict[Attempt, tuple[int, TaskEnvelope]] = OrderedDict()
        self._turns: dict[TenantId, _Turn] = {}
        self._turn = 0
        self._in_turns = 0
        self._best: list[tuple[int, int, float, int, Attempt]] = []
        self._soonest: list[tuple[float, int, Attempt]] = []
        self._numbers = count()
        self._passes = 0
        self._express = self._direct = 0

    def __len__(self) -> int:
        return len(self._line)

    @property
    def direct(self) -> int:
        """Waiting tasks with a caller on the line."""
        return self._direct

    @property
    def express_durable(self) -> int:
        """Waiting express tasks that came out of the queue."""
        return self._express - self._direct

    def __contains__(self, attempt: Attempt) -> bool:
        return attempt in self._line

    def push(self, task: TaskEnvelope) -> bool:
        """Add a task; False where the heap is full or holds the attempt already."""
        attempt = attempt_of(task)
        if len(self._line) >= self._bound or attempt in self._line:
            return False
        self._enter(attempt, next(self._numbers), task)
        self._express += is_express(task)
        self._direct += task.direct
        if len(self._best) + len(self._soonest) + self._in_turns > 4 * len(self._line) + 64:
            self._compact()
        return True

    def peek(self) -> TaskEnvelope | None:
        """Return the task that :meth:`pop` would return, or None."""
        if not self._line:
            return None
        oldest = next(iter(self._line.values()))[1]
        return oldest if self._passes >= OLDEST_EVERY - 1 else self._first()

    def pop(self) -> TaskEnvelope | None:
        """Take the next task out, or return None where none waits."""
        task = self.peek()
        if task is not None:
            self._take(task)
        return task

    def pop_express(self) -> TaskEnvelope | None:
        """Take the best task out where it is express and needs no empty replica, else None."""
        task = self._first() if self._line else None
        if task is None or task.alone or not is_express(task):
            return None
        self._take(task)
        return task

    def _first(self) -> TaskEnvelope:
        while True:
            _, turn, _, number, attempt = self._best[0]
            if self._is_live(number, attempt):
                task = self._line[attempt][1]
                if self._turns[task.tenant_id].number == turn:
                    return task
            heapq.heappop(self._best)

    def _take(self, task: TaskEnvelope) -> None:
        attempt = attempt_of(task)
        self._passes = 0 if attempt == next(iter(self._line)) else self._passes + 1
        turn = self._turns[task.tenant_id]
        self._turn = max(self._turn, turn.number)
        turn.number += 1
        self._drop(attempt)
        if turn.line:
            self._stand(turn)

    def _drop(self, attempt: Attempt) -> TaskEnvelope:
        _, task = self._line.pop(attempt)
        self._express -= is_express(task)
        self._direct -= task.direct
        turn = self._turns[task.tenant_id]
        was_first = turn.line[0][3] == attempt
        while turn.line and not self._is_live(turn.line[0][2], turn.line[0][3]):
            heapq.heappop(turn.line)
            self._in_turns -= 1
        if not turn.line:
            del self._turns[task.tenant_id]
        elif was_first:
            self._stand(turn)
        return task

    def _stand(self, turn: _Turn) -> None:
        """Let a tenant stand among the others with its best task, at its turn."""
        rank, deadline, number, attempt = turn.line[0]
        heapq.heappush(self._best, (rank, turn.number, deadline, number, attempt))

    def remove(self, attempt: Attempt) -> TaskEnvelope | None:
        """Take one attempt out, or return None where it does not wait."""
        return self._drop(attempt) if attempt in self._line else None

    def remove_task(self, task_id: TaskId) -> list[TaskEnvelope]:
        """Take every attempt of a task out."""
        return [self._drop(attempt) for attempt in list(self._line) if attempt[0] == task_id]

    def remove_hopeless(self, now_unix_s: float) -> list[TaskEnvelope]:
        """Take out the tasks whose deadline is not after ``now_unix_s``."""
        hopeless = []
        while self._soonest and self._soonest[0][0] <= now_unix_s:
            _, number, attempt = heapq.heappop(self._soonest)
            if self._is_live(number, attempt):
                hopeless.append(self._drop(attempt))
        return hopeless

    def next_deadline(self) -> float | None:
        """Return the earliest deadline of a waiting task in seconds since 1970, or None."""
        while self._soonest and not self._is_live(self._soonest[0][1], self._soonest[0][2]):
            heapq.heappop(self._soonest)
        return self._soonest[0][0] if self._soonest else None

    def tasks(self) -> list[TaskEnvelope]:
        """Return the waiting tasks, longest waiting first."""
        return [task for _, task in self._line.values()]

    def _enter(self, attempt: Attempt, number: int, task: TaskEnvelope) -> None:
        deadline = inf if task.deadline_unix_s is None else task.deadline_unix_s
        self._line[attempt] = (number, task)
        turn = self._turns.setdefault(task.tenant_id, _Turn(self._turn + 1))
        heapq.heappush(turn.line, (PRIORITY_RANK[task.priority], deadline, number, attempt))
        self._in_turns += 1
        if turn.line[0][3] == attempt:
            self._stand(turn)
        if deadline < inf:
            heapq.heappush(self._soonest, (deadline, number, attempt))

    def _is_live(self, number: int, attempt: Attempt) -> bool:
        entry = self._line.get(attempt)
        return entry is not None and entry[0] == number

    def _compact(self) -> None:
        line = list(self._line.items())
        self._line.clear()
        self._best.clear()
        self._soonest.clear()
        self._turns = {tenant: _Turn(turn.number) for tenant, turn in self._turns.items()}
        self._in_turns = 0
        for attempt, (number, task) in line:
            self._enter(attempt, number, task)
