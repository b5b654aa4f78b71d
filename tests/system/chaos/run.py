"""One run: load and faults together, until enough of them counted; then the evidence."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import psutil

from tests.system.chaos.evidence import TASKS, Evidence, Size, asked_of, read_rows
from tests.system.chaos.guards import Guard
from tests.system.chaos.journal import Journal
from tests.system.chaos.judge import FINISHED
from tests.system.chaos.orders import orders
from tests.system.chaos.schedule import Kind, Pace, Planned, planned
from tests.system.chaos.sender import Sender
from tests.system.chaos.strikes import Strike, Strikes
from tests.system.chaos.world import LEASE_S, REPLICAS, World

ONE_NODE = tuple(kind for kind in Kind if kind is not Kind.KILL_NODE)
ORDERS_AT_THE_END = 0.05
"""Share of the orders that is sent after the last fault, to see that all is well again."""

MOST_TRIES = 3
"""A run whose faults so often meet no work has a fault itself."""

SIZED = ("ray::", "postgres", "haproxy", "gcs_server", "raylet")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does.

    Attributes:
        faults: How many must count.
        tasks: How many orders are sent.
        killers: How many of them kill; absent: one in 500.
        gap_s: Mean time between faults, in seconds.
        settle_s: Longest wait for everything to end, in seconds.
    """

    seed: int
    faults: int
    tasks: int
    killers: int | None = None
    gap_s: float = 2.5
    kinds: Sequence[Kind] = ONE_NODE
    settle_s: float = 45.0

    def schedule(self) -> Iterator[Planned]:
        """Return the faults to come."""
        return planned(self.seed, self.kinds, Pace(self.gap_s, LEASE_S))


@dataclass(slots=True)
class Sizes:
    """The first and the last look at each process."""

    first: dict[psutil.Process, tuple[float, int, int]] = field(default_factory=dict)
    last: dict[psutil.Process, Size] = field(default_factory=dict)

    def look(self, world: World) -> None:
        """Measure every process of the product and its database."""
        processes = world.application.processes()
        with contextlib.suppress(Exception):
            processes = [*processes, *world.database_processes()]
        for process in processes:
            with contextlib.suppress(psutil.Error, IndexError):
                role = process.cmdline()[0].rpartition("/")[2]
                if not role.startswith(SIZED):
                    continue
                memory, files = process.memory_info().rss, process.num_fds()
                born, was, had = self.first.setdefault(process, (time.time(), memory, files))
                self.last[process] = Size(role, time.time() - born, was, memory, had, files)


def perform(plan: Plan, world: World, tell: Callable[[str], None]) -> Evidence:
    """Do a run in a world that stands; tell of each fault as it is done."""
    asked = orders(plan.seed, plan.tasks, killers=plan.killers)
    journal = Journal(world.wish.folder / "journal.jsonl")
    strikes, sizes, failures = Strikes(world), Sizes(), []
    with contextlib.closing(journal):
        sender = Sender(world.application.address, world.tenants, journal)
        done: list[Strike] = []
        try:
            _under_fire(plan, world, sender, strikes, sizes, asked, tell, done)
        except AssertionError as error:
            failures.append(str(error))
        for wait in (
            strikes.end,
            lambda: sender.end(plan.settle_s),
            lambda: _settle(world, plan.settle_s),
        ):
            try:
                wait()
            except (AssertionError, TimeoutError) as error:
                failures.append(f"not settled: {error!r}")
        time.sleep(1.0)
        sizes.look(world)
        return Evidence(
            orders=asked,
            journal=list(journal.events()),
            strikes=done,
            asked=asked_of(world.wish.folder / "provider.jsonl"),
            orchestrators=len(world.replicas("Orchestrator")),
            sizes=list(sizes.last.values()),
            failures=[*failures, *strikes.failures],
            **read_rows(world),
        )


def _under_fire(plan, world, sender, strikes, sizes, asked, tell, done):  # noqa: ANN001, ANN202, PLR0913
    kept = max(1, int(len(asked) * ORDERS_AT_THE_END))
    rest, last = list(asked[:-kept]), asked[-kept:]
    schedule = plan.schedule()
    while (left := plan.faults - sum(strike.counts for strike in done)) > 0:
        assert len(done) < MOST_TRIES * plan.faults + 10, "too few faults met any work"
        fault = next(schedule)
        chunk = [rest.pop(0) for _ in range(len(rest) // left)]
        sender.send(chunk, fault.gap_s)
        done.append(strikes.strike(fault))
        tell(str(done[-1]))
        sizes.look(world)
    strikes.end()
    sender.send(last, 2.0)


def _settle(world: World, limit_s: float) -> None:
    until_s = time.monotonic() + limit_s
    while what := _unsettled(world):
        assert time.monotonic() < until_s, f"still moving: {what}"
        time.sleep(0.5)


def _unsettled(world: World) -> str:
    """Return what still moves, or nothing."""
    there = {name: len(world.replicas(name)) for name in REPLICAS}
    if there != REPLICAS:
        return f"replicas {there}"
    if not world.is_whole():
        return "not ready"
    try:
        rows = world.rows(TASKS)
        live = len(world.rows("select 1 as n from workers where lease_until > clock_timestamp()"))
    except (OSError, TimeoutError) as error:
        return repr(error)
    still = [f"{row['name']} {row['state']}" for row in rows if row["state"] not in FINISHED]
    if still:
        return f"{len(still)} tasks: {still[:3]}"
    return "" if live == REPLICAS["Orchestrator"] else f"{live} leases"


def guarded(plan: Plan, guard: Guard) -> Plan:
    """Return the plan with the faults of one guard alone."""
    return Plan(
        seed=plan.seed,
        faults=plan.faults,
        tasks=plan.tasks,
        killers=0,
        gap_s=plan.gap_s,
        kinds=guard.kinds,
        settle_s=plan.settle_s,
    )


def ends_of(evidence: Evidence) -> Counter[str]:
    """Return how many tasks ended in which state."""
    return Counter(row["state"] for row in evidence.tasks)
