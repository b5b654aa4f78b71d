"""The shortest time in which a run or a call can be expected to end, from those that did. Pure."""

from collections import deque

KEPT = 64
FEWEST = 20
"""Nothing is concluded from fewer runs."""

LIFE_S = 30.0
"""A run tells of the next so many seconds. Where every run is refused for what earlier ones took,
the earlier ones are forgotten after this, and the next runs are let through to tell anew."""

SLACK = 0.8
"""A run may be a fifth shorter than the shortest seen."""


class RunTimes:
    """How long the newest successful runs took; times are in seconds, ``now_s`` of any clock."""

    def __init__(self) -> None:
        self._runs: deque[tuple[float, float]] = deque(maxlen=KEPT)

    def succeeded(self, took_s: float, now_s: float) -> None:
        """Take in a run that has just ended well."""
        self._runs.append((now_s, took_s))

    def shortest_s(self, now_s: float) -> float:
        """Return the seconds below which no run is worth its start; 0 where too few are known."""
        while self._runs and now_s - self._runs[0][0] > LIFE_S:
            self._runs.popleft()
        if len(self._runs) < FEWEST:
            return 0.0
        return SLACK * min(took_s for _, took_s in self._runs)
