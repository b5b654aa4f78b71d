"""Why an order was paid for again: the fault that touched its earlier run. Pure.

A fault somewhere else in the system explains nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.provider.calls import Outcome
from tests.system.chaos.bills import pid_of
from tests.system.chaos.evidence import Asked
from tests.system.chaos.orders import PAID, Order
from tests.system.chaos.schedule import DATABASE, PAUSES, Kind
from tests.system.chaos.strikes import Strike

PAID_AGENT, LEAD_AGENT = "Paid", "LeadAnalysis"
OPEN = frozenset({"waiting", "queued"})
LOST = ("agent_lost", "worker_lost", "claim_lost", "attempt_limit", "unreached", "handed_back")
"""Errors of attempts whose agent or orchestrator could tell nothing."""

WAITED_S = 2.4
"""Who waited so long for an answer may have given it up: the limit is 3 s (see the world), and
building the connection is part of it."""

AFTERMATH_S: dict[Kind, float] = {
    Kind.KILL_AGENT: 10.0,
    Kind.KILL_ORCHESTRATOR: 20.0,
    Kind.KILL_CONTROLLER: 20.0,
    Kind.KILL_NODE: 40.0,
    Kind.PAUSE_AGENT: 10.0,
    Kind.PAUSE_ORCHESTRATOR: 10.0,
    **dict.fromkeys(DATABASE, 20.0),
}
"""For so many seconds after its end a fault is still felt: a death is noticed, a successor starts
and takes both cores, a lease of 5 s runs out, a pool finds its database again."""

NODES = frozenset({Kind.KILL_NODE, Kind.KILL_CONTROLLER})
ORCHESTRATORS = frozenset({Kind.KILL_ORCHESTRATOR, Kind.PAUSE_ORCHESTRATOR})
AGENTS = frozenset({Kind.KILL_AGENT, Kind.PAUSE_AGENT})

CAUSES: dict[str, frozenset[Kind]] = {
    "agent_lost": AGENTS | NODES,
    "unreached": AGENTS | NODES,
    "interrupted": AGENTS | NODES,
    "timeout": AGENTS | NODES,
    "worker_lost": ORCHESTRATORS | NODES | DATABASE,
    "claim_lost": ORCHESTRATORS | NODES | DATABASE,
    "handed_back": ORCHESTRATORS | NODES | DATABASE,
    "attempt_limit": AGENTS | ORCHESTRATORS | NODES | DATABASE,
}
"""Which faults end an attempt in which error."""

LEASE_LOST = frozenset({"worker_lost", "claim_lost"})
LATE = frozenset({"attempt_limit", "timeout"})
"""Errors of somebody who was late, for which the start of any agent's successor is enough."""

STOPPED_WITHIN_S = 4.0
"""An orchestrator that lost its lease learns so at its next renewal, which takes half a lease at
most where the database comes back; then it stops what runs."""

CROSSING_S = 1.5
"""An answer that comes so shortly before the attempt's limit may not reach the orchestrator."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one order.

    Attributes:
        calls: To the model, by their arrival.
        moves: Of its tasks, by their time.
        events: Of the journal.
        estimated: Attempts with a call whose answer the agent has not seen, by the ledger.
    """

    order: Order
    calls: Sequence[Asked]
    moves: Sequence[dict[str, Any]]
    events: Sequence[dict[str, Any]] = ()
    estimated: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run that was paid for and done again.

    Attributes:
        agent: The deployment, as its processes' titles say it.
        pid: Of its process, where known.
    """

    from_unix_s: float
    until_unix_s: float
    agent: str
    pid: int | None


@dataclass(frozen=True, slots=True)
class Faults:
    """Every fault of a run.

    Attributes:
        crashes: When tasks that kill had killed the process of a paid agent.
    """

    strikes: Sequence[Strike]
    crashes: Sequence[float] = ()

    def touched(self, run: _Run, kinds: frozenset[Kind], *, late: bool = False) -> bool:
        """Tell whether a fault of some kinds was felt by a run.

        Args:
            run: Its process, where known, is the one that must have been hit.
            kinds: Which faults.
            late: Whether the death of any agent counts.
        """
        if Kind.KILL_AGENT in kinds and (late or run.agent == PAID_AGENT):
            after_s = AFTERMATH_S[Kind.KILL_AGENT]
            from_s, until_s = run.from_unix_s - after_s, run.until_unix_s + after_s
            if any(from_s <= at <= until_s for at in self.crashes):
                return True
        return any(
            strike.from_unix_s <= run.until_unix_s
            and run.from_unix_s <= strike.until_unix_s + AFTERMATH_S[kind]
            and (_may_have_hit(strike, run) or (late and kind is Kind.KILL_AGENT))
            for strike in self.strikes
            if (kind := strike.planned.kind) in kinds
        )


def unexplained(history: History, faults: Faults) -> Iterator[str]:
    """Say which calls of an order were made again after an answer, without a cause of their own."""
    calls = history.calls
    for place, first in enumerate(calls):
        later = calls[place + 1 :]
        if not later or not _is_clean(first):
            continue
        again = _again(first, later)
        if not _has_cause(first, again, history, faults):
            ends = [
                f"{one['attempt']} {one['after']} {one['error']}"
                for one in history.moves
                if one["before"] == "running"
            ]
            name = history.order.name
            asked = f"asked for attempt {again.attempt} after an answer to attempt {first.attempt}"
            yield f"{name}: {asked}; {ends}"


def _may_have_hit(strike: Strike, run: _Run) -> bool:
    if strike.planned.kind not in AGENTS:
        return True
    return run.agent in strike.target and (run.pid is None or pid_of(strike) in {run.pid, None})


def _is_clean(one: Asked) -> bool:
    """Tell whether the provider did its part: nothing of its log explains another call."""
    return one.call.fault is None and one.call.outcome is Outcome.ANSWERED


def _again(first: Asked, later: Sequence[Asked]) -> Asked:
    """Return the next call of the same attempt, or else the next one of all."""
    return next((one for one in later if one.attempt == first.attempt), later[0])


def _has_cause(first: Asked, again: Asked, history: History, faults: Faults) -> bool:
    agent = PAID_AGENT if history.order.kind == PAID else LEAD_AGENT
    run = _Run(first.call.arrived_unix_s, again.call.arrived_unix_s, agent, first.pid)
    if first.attempt is None:
        return _lead_has_cause(run, history, faults)
    if first.attempt == again.attempt:
        return _went_unseen(run, first.attempt in history.estimated, faults)
    if again.attempt is not None and again.attempt < first.attempt:
        return _may_not_know(again, history, faults)
    return _next_run_has_cause(run, first, history, faults)


def _went_unseen(run: _Run, estimated: bool, faults: Faults) -> bool:  # noqa: FBT001 - private
    """Within a run only an agent that has not seen the answer asks again.

    It waited the model's whole limit, and noted so in the ledger, or it was frozen or could not
    have its ledger stored.
    """
    waited = run.until_unix_s - run.from_unix_s >= WAITED_S
    return waited and (estimated or faults.touched(run, AGENTS | NODES | ORCHESTRATORS))


def _next_run_has_cause(run: _Run, first: Asked, history: History, faults: Faults) -> bool:
    """An attempt that was paid for is followed by another only where a fault ended it."""
    moves = [one for one in history.moves if one["attempt"] == first.attempt]
    began = next((one for one in moves if one["after"] == "running"), None)
    end = next((one for one in moves if one["before"] == "running" != one["after"]), None)
    if began is None or end is None:
        return False
    run = replace(run, from_unix_s=began["at"], until_unix_s=end["at"])
    code = _code(end)
    answered = first.call.answered_unix_s or first.call.arrived_unix_s
    if code == "attempt_limit" and answered >= end["at"] - CROSSING_S:
        return True
    if not code.startswith(LOST) and end["after"] in OPEN and first.attempt in history.estimated:
        return True
    return faults.touched(run, CAUSES.get(code, frozenset()), late=code in LATE)


def _may_not_know(again: Asked, history: History, faults: Faults) -> bool:
    """An attempt asks beside its successor only until its orchestrator can know it is lost."""
    moves = [one for one in history.moves if one["attempt"] == again.attempt]
    end = next((one for one in moves if one["before"] == "running" != one["after"]), None)
    if end is None or _code(end) not in LEASE_LOST:
        return False
    felt = _Run(end["at"], end["at"], PAID_AGENT, again.pid)
    frozen = (
        strike.until_unix_s
        for strike in faults.strikes
        if strike.planned.kind in PAUSES and strike.from_unix_s <= again.call.arrived_unix_s
    )
    known_by = max([end["at"], *frozen]) + STOPPED_WITHIN_S
    return again.call.arrived_unix_s <= known_by and faults.touched(felt, CAUSES[_code(end)])


def _lead_has_cause(run: _Run, history: History, faults: Faults) -> bool:
    """A question about a lead tells no attempt: some end of a run in between must be explained."""
    is_direct = history.order.direct
    if is_direct and any(_is_repeat(one, run.until_unix_s) for one in history.events):
        return True
    if _went_unseen(run, bool(history.estimated), faults):
        return True
    codes = {
        _code(one)
        for one in history.moves
        if one["before"] == "running" and run.from_unix_s <= one["at"] <= run.until_unix_s
    }
    kinds = frozenset[Kind]().union(*(CAUSES.get(code, frozenset()) for code in codes))
    if is_direct:  # a direct task is sent again in place, under the same attempt
        kinds |= AGENTS | NODES
    return faults.touched(run, kinds, late=bool(codes & LATE))


def _is_repeat(event: dict[str, Any], until_unix_s: float) -> bool:
    """Tell whether a direct caller was turned away or cut off, or asked once more."""
    again = event["event"] == "sent" and event.get("trial", 0) > 0
    return event["at"] <= until_unix_s and (again or event["event"] in {"broken", "refused"})


def _code(move: dict[str, Any]) -> str:
    return str(move["error"] or "").partition(":")[0]
