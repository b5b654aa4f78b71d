"""Real asyncio in simulated time: sleeps cost nothing, and a deadlock is an error."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

EPOCH_UNIX_S = 1_800_000_000.0
"""Wall time at the start of every simulation, seconds since 1970."""

WASTED_TURNS = 200_000
"""Turns of the loop without any time passing after which a test is called a busy loop."""

P = ParamSpec("P")


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop that jumps to its next timer as soon as nothing is left to do."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.turns = 0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return simulated seconds since the loop was made."""
        return self.now_s


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            self._loop.turns += 1
            if self._loop.turns > WASTED_TURNS:
                raise RuntimeError("busy loop: simulated time stands still")
        elif timeout is None:
            raise RuntimeError("deadlock: nothing is left that could happen")
        else:
            self._loop.turns = 0
            self._loop.now_s += timeout
        return ready


def now_unix_s() -> float:
    """Return the simulated wall time; the clock to inject."""
    return EPOCH_UNIX_S + asyncio.get_running_loop().time()


def simulated(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a coroutine test in its own simulated loop."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
