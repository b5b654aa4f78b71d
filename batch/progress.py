"""Says how far a run is: a bar where somebody watches, else a line now and then."""

from collections import deque
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn

from batch.tally import Tally, rows_in_words
from domain.money import dollars

LINE_EVERY_S = 10.0
RATE_OVER_S = 30.0
"""The rate is that of the last half minute, so that a slow start does not spoil the forecast."""

_MINUTE_S = 60
_HOUR_S = 3600


class Rate:
    """Rows a second over the last :data:`RATE_OVER_S`. Pure."""

    def __init__(self, now_s: float) -> None:
        self._seen: deque[tuple[float, int]] = deque([(now_s, 0)])

    def per_s(self, done: int, now_s: float) -> float:
        """Return the rate after noting how many rows are done."""
        while len(self._seen) > 1 and now_s - self._seen[1][0] >= RATE_OVER_S:
            self._seen.popleft()
        if now_s - self._seen[-1][0] >= 1.0:
            self._seen.append((now_s, done))
        then_s, then_done = self._seen[0]
        return (done - then_done) / (now_s - then_s) if now_s > then_s else 0.0


class Watcher(Protocol):
    """Is told how far a run is."""

    def show(self, tally: Tally, now_s: float) -> None:
        """Take the counts; called after every row."""
        ...

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        ...


def watcher_on(console: Console, now_s: float) -> Watcher:
    """Return a bar for a terminal, else lines."""
    return Bar(console, now_s) if console.is_terminal else Lines(console, now_s)


def spoken(tally: Tally, rate_per_s: float) -> str:
    """Return rate, cost, degraded rows and the time left, in words."""
    parts = [f"{rate_per_s:,.0f} rows/s", dollars(tally.cost_nanousd)]
    if tally.degraded:
        parts.append(f"{tally.degraded:,} degraded")
    if tally.rejected:
        parts.append(f"{tally.rejected:,} rejected")
    if tally.failed:
        parts.append(f"{tally.failed:,} failed")
    if rate_per_s > 0 and tally.done < tally.total:
        parts.append(f"{duration((tally.total - tally.done) / rate_per_s)} left")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Return a span of time in its two largest units."""
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"


class Bar:
    """A bar on a terminal."""

    def __init__(self, console: Console, now_s: float) -> None:
        self._rate = Rate(now_s)
        self._bar = Progress(
            TextColumn("Scoring"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[spoken]}"),
            console=console,
        )
        self._task = self._bar.add_task("score", total=None, spoken="")

    def show(self, tally: Tally, now_s: float) -> None:
        """Move the bar; it draws itself a few times a second."""
        text = spoken(tally, self._rate.per_s(tally.done, now_s))
        self._bar.update(self._task, completed=tally.done, total=tally.total, spoken=text)

    def __enter__(self) -> Self:
        """Draw the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()


class Lines:
    """A line every :data:`LINE_EVERY_S` where nobody watches."""

    def __init__(self, console: Console, now_s: float) -> None:
        self._console = console
        self._rate = Rate(now_s)
        self._next_s = now_s + LINE_EVERY_S

    def show(self, tally: Tally, now_s: float) -> None:
        """Print a line where one is due."""
        rate_per_s = self._rate.per_s(tally.done, now_s)
        if now_s < self._next_s:
            return
        self._next_s = now_s + LINE_EVERY_S
        text = f"{tally.done:,} of {rows_in_words(tally.total)} · {spoken(tally, rate_per_s)}"
        self._console.print(text, soft_wrap=True)

    def __enter__(self) -> Self:
        """Say nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say nothing: the summary follows."""
