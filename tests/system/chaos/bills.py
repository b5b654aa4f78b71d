"""Which calls must be in the ledger although their attempt was no longer the task's own. Pure.

An agent that was thought lost, or whose task was cancelled, still tells its orchestrator what it
paid for. That holds where both lived to tell it, and nothing is asked where that is not certain.
"""

from collections.abc import Sequence
from typing import Any

from tests.provider.calls import Outcome
from tests.system.chaos.evidence import Asked, Evidence
from tests.system.chaos.schedule import DATABASE, Kind
from tests.system.chaos.strikes import Strike

TELLING_S = 5.0
"""Once agent, orchestrator and database are awake, a bill is stored so soon after its call."""

RESTART_S = 20.0
"""A database that was stopped takes at most so long to be back, with the pools of its callers."""

UNTOLD = ("agent_lost", "claim_lost", "unreached", "handed_back", "poison")
"""Errors of attempts that were never begun, or whose stream broke: nobody was listening."""


def pid_of(strike: Strike) -> int | None:
    """Return the process that was hit, where it was one."""
    last = strike.target.rpartition(" ")[2]
    return int(last) if last.isdigit() else None


def late_attempts(moves: Sequence[dict[str, Any]]) -> dict[int, str | None]:
    """Return the attempts taken from an agent that may still tell its bill, each with its worker.

    Args:
        moves: Of one task, in their order.
    """
    late: dict[int, str | None] = {}
    holders = {one["attempt"]: one.get("worker_id") for one in moves if one["after"] == "running"}
    for move in moves:
        if move["before"] != "running" or move["after"] in {"running", "succeeded", "failed"}:
            continue
        if not (move["error"] or "").startswith(UNTOLD):
            late[move["attempt"]] = holders.get(move["attempt"])
    return late


def owed(calls: Sequence[Asked], worker_id: str | None, evidence: Evidence) -> list[Asked]:
    """Return the calls of a late attempt that must have a row.

    Args:
        calls: Of the attempt.
        worker_id: Who held it.
        evidence: Tells who lived for how long.
    """
    return [one for one in calls if _may_cost(one) and _was_told(one, worker_id, evidence)]


def _may_cost(one: Asked) -> bool:
    """Tell whether the provider answered with 200, or worked until the client left."""
    is_whole = one.call.outcome is Outcome.ANSWERED and one.call.status == 200
    return is_whole or one.call.outcome is Outcome.CLIENT_CLOSED


def _was_told(one: Asked, worker_id: str | None, evidence: Evidence) -> bool:
    by_unix_s = _told_by(one, evidence.strikes)
    if by_unix_s > evidence.read_unix_s:
        return False
    return _agent_lived(one, by_unix_s, evidence) and _orchestrator_lived(
        one, worker_id, by_unix_s, evidence
    )


def _told_by(one: Asked, strikes: Sequence[Strike]) -> float:
    """Return when the bill is stored at the latest, if nobody dies: pauses and stops are added."""
    by_unix_s = (one.call.ended_unix_s or one.call.arrived_unix_s) + TELLING_S
    for strike in sorted(strikes, key=lambda strike: strike.from_unix_s):
        if strike.from_unix_s > by_unix_s or not _delays(strike, one.pid):
            continue
        more_s = RESTART_S if strike.planned.kind in DATABASE else 0.0
        by_unix_s = max(by_unix_s, strike.until_unix_s + more_s + TELLING_S)
    return by_unix_s


def _delays(strike: Strike, pid: int | None) -> bool:
    kind = strike.planned.kind
    if kind is Kind.PAUSE_AGENT:
        return pid_of(strike) in {pid, None}
    return kind in {Kind.PAUSE_ORCHESTRATOR, *DATABASE}


def _agent_lived(one: Asked, by_unix_s: float, evidence: Evidence) -> bool:
    """Tell whether the process that asked was seen alive afterwards, by a call or at the end."""
    if one.pid is None:
        return False
    return one.pid in evidence.agents or any(
        later.pid == one.pid and later.call.arrived_unix_s >= by_unix_s for later in evidence.asked
    )


def _orchestrator_lived(
    one: Asked, worker_id: str | None, by_unix_s: float, evidence: Evidence
) -> bool:
    """Tell whether the holder renewed its lease afterwards, or all orchestrators are older."""
    if evidence.renewals.get(worker_id or "", 0.0) >= by_unix_s:
        return True
    born = evidence.orchestrators_born
    is_same = len(born) == evidence.orchestrators and bool(born)
    return is_same and max(born) < one.call.arrived_unix_s
