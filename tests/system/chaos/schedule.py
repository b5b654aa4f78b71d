"""The schedule of faults: a pure function of its seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.provider.faults import Fault as ProviderFault
from tests.provider.faults import Rule


class Kind(StrEnum):
    """One way to hurt the system."""

    KILL_AGENT = "kill_agent"
    PAUSE_AGENT = "pause_agent"
    KILL_ORCHESTRATOR = "kill_orchestrator"
    PAUSE_ORCHESTRATOR = "pause_orchestrator"
    KILL_CONTROLLER = "kill_controller"
    KILL_PROXY = "kill_proxy"
    KILL_NODE = "kill_node"
    STOP_DATABASE = "stop_database"
    CRASH_DATABASE = "crash_database"
    STALL_DATABASE = "stall_database"
    PROVIDER_HANG = "provider_hang"
    PROVIDER_500 = "provider_500"
    PROVIDER_429 = "provider_429"
    PROVIDER_GARBAGE = "provider_garbage"
    PROVIDER_RESET = "provider_reset"
    PROVIDER_TRUNCATED = "provider_truncated"
    PROVIDER_SLOW = "provider_slow"


WEIGHTS: dict[Kind, int] = {
    Kind.KILL_AGENT: 6,
    Kind.PAUSE_AGENT: 3,
    Kind.KILL_ORCHESTRATOR: 5,
    Kind.PAUSE_ORCHESTRATOR: 3,
    Kind.KILL_CONTROLLER: 2,
    Kind.KILL_PROXY: 2,
    Kind.KILL_NODE: 1,
    Kind.STOP_DATABASE: 1,
    Kind.CRASH_DATABASE: 2,
    Kind.STALL_DATABASE: 1,
    Kind.PROVIDER_HANG: 2,
    Kind.PROVIDER_500: 2,
    Kind.PROVIDER_429: 2,
    Kind.PROVIDER_GARBAGE: 2,
    Kind.PROVIDER_RESET: 2,
    Kind.PROVIDER_TRUNCATED: 2,
    Kind.PROVIDER_SLOW: 2,
}
"""How often each kind comes, relative to the others."""

PROVIDER_RULES: dict[Kind, Rule] = {
    Kind.PROVIDER_HANG: Rule(fault=ProviderFault.HANG, probability=0.5),
    Kind.PROVIDER_500: Rule(fault=ProviderFault.SERVER_ERROR, probability=0.7),
    Kind.PROVIDER_429: Rule(fault=ProviderFault.RATE_LIMITED, probability=0.7, retry_after_s=1),
    Kind.PROVIDER_GARBAGE: Rule(fault=ProviderFault.GARBAGE, probability=0.7),
    Kind.PROVIDER_RESET: Rule(fault=ProviderFault.RESET, probability=0.7),
    Kind.PROVIDER_TRUNCATED: Rule(fault=ProviderFault.HALF_BODY, probability=0.7),
    Kind.PROVIDER_SLOW: Rule(fault=ProviderFault.SLOW_BODY, probability=0.7, extra_ms=2000),
}

CRASHES = frozenset({Kind.KILL_AGENT, Kind.KILL_NODE})
DATABASE = frozenset({Kind.STOP_DATABASE, Kind.CRASH_DATABASE, Kind.STALL_DATABASE})
"""Faults of the one database; two of them never overlap."""

PAUSES = frozenset({Kind.PAUSE_AGENT, Kind.PAUSE_ORCHESTRATOR, Kind.STALL_DATABASE})
LONG_SHARE = 0.5
"""So many of the pauses outlast the lease."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault to come.

    Attributes:
        number: From 1.
        gap_s: Wait after the fault before it, in seconds.
        choice: In [0, 1): which of the possible targets, by their order.
        duration_s: Until it is undone, in seconds; 0 for what nobody undoes.
    """

    number: int
    kind: Kind
    gap_s: float
    choice: float
    duration_s: float

    def of(self, count: int) -> int:
        """Return which of ``count`` targets is meant."""
        return min(count - 1, int(self.choice * count))

    def __str__(self) -> str:
        lasts = f" for {self.duration_s:.1f} s" if self.duration_s else ""
        return f"#{self.number} {self.kind}{lasts}, {self.gap_s:.1f} s after the one before"


@dataclass(frozen=True, slots=True)
class Pace:
    """Times of a schedule, in seconds.

    Attributes:
        gap_s: Mean time between two faults.
        lease_s: Of the orchestrators; long pauses outlast it.
    """

    gap_s: float
    lease_s: float


def planned(seed: int, kinds: Sequence[Kind], pace: Pace) -> Iterator[Planned]:
    """Yield faults without end; the first round plays every kind once, in the seed's order.

    The same seed, kinds and pace give the same faults, however many are taken.
    """
    rng = Random(f"{seed}/faults")  # noqa: S311 - repeatable on purpose
    first = rng.sample(list(kinds), len(kinds))
    weights = [WEIGHTS[kind] for kind in kinds]
    number = 0
    while True:
        number += 1
        kind = first.pop() if first else rng.choices(list(kinds), weights)[0]
        yield Planned(
            number=number,
            kind=kind,
            gap_s=pace.gap_s * rng.uniform(0.5, 1.5),
            choice=rng.random(),
            duration_s=_duration_s(kind, rng, pace),
        )


def _duration_s(kind: Kind, rng: Random, pace: Pace) -> float:
    is_long, drawn = rng.random() < LONG_SHARE, rng.random()
    if kind in PAUSES:
        return pace.lease_s * (1.2 + 0.6 * drawn) if is_long else 0.3 + 1.2 * drawn
    if kind in DATABASE:
        return 0.2 + 1.8 * drawn
    if kind in PROVIDER_RULES:
        return 1.0 + 2.0 * drawn
    if kind is Kind.KILL_NODE:
        return 5.0 + 5.0 * drawn
    return 0.0
