"""One run: load and faults together, until enough of them counted; then the evidence."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.system.chaos.evidence import TASKS, Evidence, Size, asked_of, read_rows
from tests.system.chaos.guards import Guard
from tests.system.chaos.journal import Journal
from tests.system.chaos.judge import FINISHED
from tests.system.chaos.orders import Order, orders
from tests.system.chaos.schedule import Kind, Pace, Planned, planned
from tests.system.chaos.sender import Sender
from tests.system.chaos.strikes import Strike, Strikes
from tests.system.chaos.world import LEASE_S, REPLICAS, Wish, World

ONE_NODE = tuple(kind for kind in Kind if kind is not Kind.KILL_NODE)
ORDERS_AT_THE_END = 0.05
"""Share of the orders that is sent after the last fault, to see that all is well again."""

GROWN_UP_S = 20.0
"""A younger process still imports what it needs."""

MORE = 1_000
"""Sets the seeds, and so the names, of added orders apart from those of other runs."""

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
                if not role.startswith(SIZED) or time.time() - process.create_time() < GROWN_UP_S:
                    continue
                memory, files = process.memory_info().rss, process.num_fds()
                born, was, had = self.first.setdefault(process, (time.time(), memory, files))
                self.last[process] = Size(role, time.time() - born, was, memory, had, files)


@dataclass(slots=True)
class _Battle:
    """A run that is under way."""

    plan: Plan
    world: World
    sender: Sender
    tell: Callable[[str], None]
    strikes: Strikes
    sizes: Sizes = field(default_factory=Sizes)
    done: list[Strike] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def fight(self, asked: list[Order]) -> None:
        """Send orders and strike until enough faults have counted; then send the last orders.

        Where so many faults did not count that the orders run out, more are added to ``asked``.
        """
        kept = max(1, int(len(asked) * ORDERS_AT_THE_END))
        rest, last = list(asked[:-kept]), asked[-kept:]
        schedule, part = self.plan.schedule(), max(1, len(rest) // self.plan.faults)
        while sum(strike.counts for strike in self.done) < self.plan.faults:
            assert len(self.done) < MOST_TRIES * self.plan.faults + 10, "few faults met any work"
            assert not self.strikes.failures, "a fault could not be undone"
            fault = next(schedule)
            if len(rest) < part:
                more = orders(self.plan.seed + len(asked) * MORE, self.plan.tasks, killers=0)
                asked += more
                rest += more
            self.sender.send([rest.pop(0) for _ in range(part)], fault.gap_s)
            self.done.append(self.strikes.strike(fault))
            self.tell(str(self.done[-1]))
            if fault.kind is Kind.KILL_NODE:
                self.strikes.wait_for_nodes()
            self.sizes.look(self.world)
        self.strikes.end()
        self.sender.send(last, 2.0)

    def must(self, step: Callable[[], None]) -> None:
        """Do a step; a run that cannot do it has failed, and is judged all the same."""
        try:
            step()
        except (AssertionError, TimeoutError) as error:
            self.failures.append(repr(error))


def perform(plan: Plan, world: World, tell: Callable[[str], None]) -> Evidence:
    """Do a run in a world that stands; tell of each fault as it is done."""
    asked = orders(plan.seed, plan.tasks, killers=plan.killers)
    with contextlib.closing(Journal(world.wish.folder / "journal.jsonl")) as journal:
        sender = Sender(world.application.address, world.tenants, journal)
        battle = _Battle(plan, world, sender, tell, Strikes(world))
        battle.must(lambda: battle.fight(asked))
        battle.must(battle.strikes.end)
        battle.must(lambda: sender.end(plan.settle_s))
        battle.must(lambda: _settle(world, plan.settle_s))
        battle.sizes.look(world)
        return Evidence(
            orders=asked,
            journal=list(journal.events()),
            strikes=battle.done,
            asked=asked_of(world.wish.folder / "provider.jsonl"),
            orchestrators=len(world.replicas("Orchestrator")),
            sizes=list(battle.sizes.last.values()),
            failures=[*battle.failures, *battle.strikes.failures],
            **read_rows(world),
        )


def _settle(world: World, limit_s: float) -> None:
    until_s = time.monotonic() + limit_s
    while what := _unsettled(world):
        assert time.monotonic() < until_s, f"still moving: {what}"
        time.sleep(0.5)


def _unsettled(world: World) -> str:
    """Return what still moves, or nothing."""
    there = {name: len(world.replicas(name)) for name in REPLICAS}
    if any(there[name] < count for name, count in REPLICAS.items()):
        return f"replicas {there}"
    if not world.is_whole():
        return "not ready"
    try:
        rows = world.rows(TASKS)
        untold = len(world.rows("select 1 from webhook_deliveries where state = 'pending'"))
        live = len(world.rows("select 1 as n from workers where lease_until > clock_timestamp()"))
    except (OSError, TimeoutError) as error:
        return repr(error)
    still = [f"{row['name']} {row['state']}" for row in rows if row["state"] not in FINISHED]
    if still:
        return f"{len(still)} tasks: {still[:3]}"
    if untold:
        return f"{untold} messages to webhooks"
    return "" if live == there["Orchestrator"] else f"{live} leases"


def guarded(guard: Guard, seed: int) -> Plan:
    """Return a plan with the faults of one guard alone."""
    return Plan(
        seed=seed,
        faults=guard.faults,
        tasks=20 * guard.faults,
        killers=0,
        gap_s=3.0,
        kinds=guard.kinds,
        settle_s=40.0,
    )


def without(guard: Guard, folder: Path, seed: int) -> Wish:
    """Return the wish for a world whose product lacks a guard."""
    return Wish(
        folder,
        seed,
        patches=tuple(guard.patches),
        statements=tuple(guard.statements),
        variables=guard.variables,
    )


def ends_of(evidence: Evidence) -> Counter[str]:
    """Return how many tasks ended in which state."""
    return Counter(row["state"] for row in evidence.tasks)
