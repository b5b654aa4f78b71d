"""Which waiting task of a replica starts next. Pure: the caller runs what is picked."""

from dataclasses import dataclass

from deployments.task_heap import Attempt, TaskHeap, attempt_of
from domain.task import TaskEnvelope


@dataclass(frozen=True, slots=True)
class Picked:
    """What a replica should do now.

    Attributes:
        start: Tasks to start, in this order.
        hopeless: Tasks whose deadline leaves no time to run; answered without a start.
    """

    start: tuple[TaskEnvelope, ...]
    hopeless: tuple[TaskEnvelope, ...]


class Slots:
    """The running and the waiting tasks of one replica.

    A task marked ``alone`` starts only when nothing runs, and while it runs nothing else starts.
    Once it is its turn nothing overtakes it, so it gets its empty replica.
    """

    def __init__(self, *, concurrency: int, heap_bound: int, shortest_run_s: float) -> None:
        self._concurrency = concurrency
        self._least_run_s = self._shortest_run_s = shortest_run_s
        self._waiting = TaskHeap(bound=heap_bound)
        self._running: dict[Attempt, TaskEnvelope] = {}

    @property
    def running(self) -> int:
        """Tasks that run now."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Tasks that wait for a slot."""
        return len(self._waiting)

    @property
    def free(self) -> int:
        """Slots that nobody runs in or waits for; 0 while a task runs alone."""
        if self._is_exclusive():
            return 0
        return max(0, self._concurrency - self.running - self.waiting)

    def expect(self, shortest_run_s: float) -> None:
        """Take over what is seen of runs; the setting stays the least that is assumed."""
        self._shortest_run_s = max(self._least_run_s, shortest_run_s)

    def offer(self, task: TaskEnvelope) -> bool:
        """Let a task wait; False where the heap is full or the attempt is here already."""
        return attempt_of(task) not in self._running and self._waiting.push(task)

    @property
    def has_next(self) -> bool:
        """Whether a waiting task could start now."""
        return self._next() is not None

    def pick(self, now_unix_s: float, *, at_most: int | None = None) -> Picked:
        """Decide what starts; picked tasks count as running until :meth:`finish`.

        Args:
            now_unix_s: Seconds since 1970.
            at_most: How many may start by this call; None bounds them by the slots alone.
        """
        hopeless = self._waiting.remove_hopeless(now_unix_s + self._shortest_run_s)
        start: list[TaskEnvelope] = []
        while len(start) != at_most and (task := self._next()) is not None:
            self._waiting.pop()
            self._running[attempt_of(task)] = task
            start.append(task)
        return Picked(tuple(start), tuple(hopeless))

    def finish(self, attempt: Attempt) -> None:
        """Free the slot of an attempt that has ended."""
        self._running.pop(attempt, None)

    def withdraw(self, attempt: Attempt) -> bool:
        """Take a waiting attempt out; False where it does not wait."""
        return self._waiting.remove(attempt) is not None

    def next_deadline(self) -> float | None:
        """When :meth:`pick` should be asked again at the latest, in seconds since 1970."""
        deadline = self._waiting.next_deadline()
        return None if deadline is None else deadline - self._shortest_run_s

    def _next(self) -> TaskEnvelope | None:
        task = self._waiting.peek()
        return task if task is not None and self._has_room_for(task) else None

    def _is_exclusive(self) -> bool:
        return any(task.alone for task in self._running.values())

    def _has_room_for(self, task: TaskEnvelope) -> bool:
        if task.alone:
            return not self._running
        return len(self._running) < self._concurrency and not self._is_exclusive()
