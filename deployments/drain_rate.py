"""How fast a pool works off what waits, and what that means for whoever comes too many. Pure."""

FEWEST_ENDS = 20
"""A rate is not believed on fewer ends than this."""

SHORTEST_S = 1.0
"""Nor on less time than this, in seconds."""

MEMORY_S = 10.0
"""After so many seconds of work half of what was counted is forgotten."""

SHORTEST_RETRY_S = 1.0
LONGEST_RETRY_S = 300.0


class DrainRate:
    """Ends per second of a pool while callers wait for a slot in it.

    Ends are counted only then: the rate of a pool with free slots is that of its demand, and says
    nothing of what it could do. Times are a steady clock's.
    """

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._ends = 0.0

    def ended(self, now_s: float, *, waiting: int) -> None:
        """Count an end, after which ``waiting`` callers wait for a slot."""
        if waiting <= 0:
            self._began_s = None
            return
        if self._began_s is None:
            self._began_s, self._ends = now_s, 0.0
            return
        self._ends += 1
        if (elapsed_s := now_s - self._began_s) > MEMORY_S:
            self._began_s, self._ends = now_s - elapsed_s / 2, self._ends / 2

    def per_s(self, now_s: float) -> float | None:
        """Return the rate, or None where too little is known."""
        elapsed_s = 0.0 if self._began_s is None else now_s - self._began_s
        if elapsed_s < SHORTEST_S or self._ends < FEWEST_ENDS:
            return None
        return self._ends / elapsed_s

    def wait_s(self, ahead: int, now_s: float) -> float:
        """Return how long ``ahead`` callers take at least, 0 where nothing is known."""
        rate = self.per_s(now_s)
        return 0.0 if rate is None else max(0, ahead) / rate

    def retry_after_s(self, ahead: int, now_s: float, *, jitter: float) -> float:
        """Return when another try is worth it.

        Args:
            ahead: Callers in front.
            now_s: The time.
            jitter: Uniform in [0, 1): whoever was refused together must not come back together.
        """
        wait_s = max(SHORTEST_RETRY_S, self.wait_s(ahead, now_s)) * (1 + 0.5 * jitter)
        return min(LONGEST_RETRY_S, wait_s)


class QueueDrain:
    """Durable tasks of a kind that all orchestrators together finish per second, while some wait.

    Made of looks at the queue, see :class:`domain.queue_look.QueueLook`. What was seen before the
    line began is forgotten: the rate of an idle queue is that of its demand.
    """

    def __init__(self) -> None:
        self._finished = 0.0
        self._seen_s = 0.0
        self._waited = False

    def looked(self, finished: int, in_s: float, *, waiting: int) -> None:
        """Take in a look: ``finished`` ended in ``in_s`` seconds, and so many wait now."""
        if not self._waited:
            self._finished = self._seen_s = 0.0
        else:
            self._finished += finished
            self._seen_s += in_s
            if self._seen_s > MEMORY_S:
                self._finished, self._seen_s = self._finished / 2, self._seen_s / 2
        self._waited = waiting > 0

    def per_s(self) -> float | None:
        """Return the rate, or None where too little is known."""
        return self._finished / self._seen_s if self._seen_s >= SHORTEST_S else None

    def retry_after_s(self, ahead: float, *, jitter: float) -> float:
        """Return when there may be room.

        Args:
            ahead: Tasks that must end first.
            jitter: Uniform in [0, 1): whoever was refused together must not come back together.
        """
        wait_s = SHORTEST_RETRY_S
        if (rate := self.per_s()) is not None:  # with no end at all: fewer than one in that time
            wait_s = max(wait_s, ahead / max(rate, 1 / self._seen_s))
        return min(LONGEST_RETRY_S, wait_s * (1 + 0.5 * jitter))
