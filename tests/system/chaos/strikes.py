"""Does the faults of a schedule to a world, and undoes them when their time is over."""

import contextlib
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from tests.system.application import until
from tests.system.chaos.schedule import CRASHES, DATABASE, PAUSES, PROVIDER_RULES, Kind, Planned
from tests.system.chaos.world import World
from tests.system.cluster import Node

UNDO_LIMIT_S = 180.0
NODE_BACK_S = 40.0
"""So long after its start a node may take to serve as before."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that was done.

    Attributes:
        in_flight: Tasks that ran when it struck; with none it does not count.
        target: What was hit.
        from_unix_s: When it began.
        until_unix_s: When it was undone, or would be.
        crashes: Whether it killed an agent.
    """

    planned: Planned
    in_flight: int
    target: str
    from_unix_s: float
    until_unix_s: float

    @property
    def counts(self) -> bool:
        """Whether something was hit while there was something to lose."""
        return self.in_flight > 0 and self.target != "nobody"

    @property
    def crashes(self) -> bool:
        """Whether agents died of it."""
        return self.planned.kind in CRASHES

    def __str__(self) -> str:
        counted = "" if self.counts else " (does not count)"
        return f"{self.planned} -> {self.target}; {self.in_flight} in flight{counted}"


class Strikes:
    """Hurts a world. One thread strikes; the undoing is done by threads of its own."""

    def __init__(self, world: World) -> None:
        """Hurt nothing yet."""
        self._world = world
        self._undoing: list[threading.Thread] = []
        self._provider: list[Kind] = []
        self._lock = threading.Lock()
        self._database = threading.Lock()
        self._node = threading.Lock()
        self.failures: list[str] = []

    def strike(self, planned: Planned) -> Strike:
        """Do a fault; return what it hit. Waits for an earlier one of the database or a node."""
        if planned.kind in DATABASE:
            self._database.acquire()
        if planned.kind is Kind.KILL_NODE:
            self._node.acquire()
        in_flight = self._world.in_flight()
        began = time.time()
        target = self._do(planned)
        lasts_s = planned.duration_s + (NODE_BACK_S if planned.kind is Kind.KILL_NODE else 0.0)
        return Strike(planned, in_flight, target, began, began + lasts_s)

    def wait_for_nodes(self) -> None:
        """Wait until a killed node is back and all is there: before, nothing could be hit."""
        with self._node:
            pass
        with contextlib.suppress(AssertionError):  # the next faults show what is still missing
            until(self._world.is_whole, "every replica is there again", UNDO_LIMIT_S)

    def end(self) -> None:
        """Wait until everything is undone."""
        for thread in self._undoing:
            thread.join(UNDO_LIMIT_S)
            assert not thread.is_alive(), f"not undone: {thread.name}"
        self._world.resume_all()
        self._world.provider.plan()

    def _do(self, planned: Planned) -> str:
        if planned.kind in PROVIDER_RULES:
            return self._spoil(planned)
        if planned.kind is Kind.STALL_DATABASE:
            return self._stall_database(planned)
        if planned.kind in DATABASE:
            return self._stop_database(planned)
        if planned.kind is Kind.KILL_NODE:
            return self._kill_node(planned)
        targets = self._targets(planned.kind)
        return self._pause(planned, targets) if planned.kind in PAUSES else _kill(planned, targets)

    def _targets(self, kind: Kind) -> Sequence[psutil.Process]:
        world = self._world
        match kind:
            case Kind.KILL_AGENT:
                return [*world.replicas("Paid"), *world.replicas("LeadAnalysis")]
            case Kind.PAUSE_AGENT:
                return world.replicas("Paid")
            case Kind.KILL_ORCHESTRATOR | Kind.PAUSE_ORCHESTRATOR:
                return world.replicas("Orchestrator")
            case Kind.KILL_CONTROLLER:
                return world.named("ray::ServeController")
            case Kind.KILL_PROXY:
                return world.proxies()
            case _:
                return []

    def _pause(self, planned: Planned, awake: Sequence[psutil.Process]) -> str:
        target = awake[planned.of(len(awake))] if awake else None
        if target is None:
            return "nobody"
        name = _title(target)
        with contextlib.suppress(psutil.Error):
            target.suspend()

        def resume() -> None:
            with contextlib.suppress(psutil.NoSuchProcess):
                target.resume()

        self._undo(planned, resume)
        return name

    def _stop_database(self, planned: Planned) -> str:
        def stop_and_start() -> None:
            try:
                self._world.stop_database(
                    crash=planned.kind is Kind.CRASH_DATABASE, away_s=planned.duration_s
                )
            finally:
                self._database.release()

        self._undo(planned, stop_and_start, after_s=0.0)
        return "postgres"

    def _kill_node(self, planned: Planned) -> str:
        node = list(Node)[planned.of(len(Node))]
        killed = self._world.kill_node(node)

        def start() -> None:
            try:
                self._world.start_node(node)
            finally:
                self._node.release()

        self._undo(planned, start)
        return f"{node}, {killed} processes"

    def _stall_database(self, planned: Planned) -> str:
        frozen = self._world.database_processes()
        for process in frozen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

        def resume() -> None:
            try:
                for process in reversed(frozen):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.resume()
            finally:
                self._database.release()

        self._undo(planned, resume)
        return f"postgres, {len(frozen)} processes"

    def _spoil(self, planned: Planned) -> str:
        self._plan(add=planned.kind)
        self._undo(planned, lambda: self._plan(remove=planned.kind))
        return "provider"

    def _plan(self, *, add: Kind | None = None, remove: Kind | None = None) -> None:
        with self._lock:
            if add is not None:
                self._provider.append(add)
            if remove is not None:
                self._provider.remove(remove)
            rules = [PROVIDER_RULES[kind] for kind in self._provider]
            self._world.provider.plan(*rules)

    def _undo(
        self, planned: Planned, undo: Callable[[], None], *, after_s: float | None = None
    ) -> None:
        wait_s = planned.duration_s if after_s is None else after_s

        def later() -> None:
            time.sleep(wait_s)
            try:
                undo()
            except Exception as error:  # noqa: BLE001 - told at the end, whatever it was
                self.failures.append(f"{planned}: {error!r}")
                traceback.print_exc()

        thread = threading.Thread(target=later, name=str(planned), daemon=True)
        thread.start()
        self._undoing.append(thread)


def _kill(planned: Planned, targets: Sequence[psutil.Process]) -> str:
    if not targets:
        return "nobody"
    target = targets[planned.of(len(targets))]
    name = _title(target)
    with contextlib.suppress(psutil.NoSuchProcess):
        target.send_signal(signal.SIGKILL)
    return name


def _title(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        first = process.cmdline()[0]
        return f"{first.rpartition('/')[2]} {process.pid}"
    return f"{process.pid}"
