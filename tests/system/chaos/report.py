"""The figures of a run, for people."""

from collections import Counter, defaultdict
from typing import Any

from tests.system.chaos.evidence import Evidence
from tests.system.chaos.judge import Case, charged_calls
from tests.system.chaos.run import Plan, ends_of


def report(plan: Plan, evidence: Evidence) -> dict[str, Any]:
    """Return what a run was and what came of it, as plain values; times in seconds."""
    case = Case(evidence)
    charged = sum(len(charged_calls(calls)) for calls in case.asked.values())
    repeated = sum(max(0, len(charged_calls(calls)) - 1) for calls in case.asked.values())
    recoveries = recoveries_s(evidence)
    return {
        "seed": plan.seed,
        "faults": _by_kind(evidence),
        "faults_counted": sum(strike.counts for strike in evidence.strikes),
        "faults_not_counted": sum(not strike.counts for strike in evidence.strikes),
        "orders": len(evidence.orders),
        "promised": len({e["name"] for e in evidence.journal if e["event"] == "accepted"}),
        "direct_answered": sum(event["event"] == "answered" for event in evidence.journal),
        "tasks": len(evidence.tasks),
        "ends": dict(ends_of(evidence)),
        "attempts": sum(row["attempt"] for row in evidence.tasks),
        "crashes": sum(row["crashes"] for row in evidence.tasks),
        "poison": sum((row["error"] or "").startswith("poison") for row in evidence.tasks),
        "calls": len(evidence.asked),
        "calls_charged": charged,
        "calls_charged_again": repeated,
        "ledger_rows": len(evidence.usage),
        "charged_without_row": max(0, charged - len(evidence.usage)),
        "slowest_recovery_s": round(max(recoveries, default=0.0), 1),
        "slowest_task_s": round(
            max((r["finished_at"] - r["enqueued_at"] for r in evidence.tasks if r["finished_at"]),
                default=0.0), 1),
    }  # fmt: skip


def recoveries_s(evidence: Evidence) -> list[float]:
    """Return for each fault the seconds until the next success after it."""
    ends = sorted(move["at"] for move in evidence.moves if move["after"] == "succeeded")
    waits = []
    for strike in evidence.strikes:
        later = next((at for at in ends if at > strike.from_unix_s), None)
        if later is not None:
            waits.append(later - strike.from_unix_s)
    return waits


def _by_kind(evidence: Evidence) -> dict[str, str]:
    counts: Counter[str] = Counter()
    in_flight: dict[str, list[int]] = defaultdict(list)
    for strike in evidence.strikes:
        counts[strike.planned.kind.value] += strike.counts
        in_flight[strike.planned.kind.value].append(strike.in_flight)
    return {
        kind: f"{count} counted, in flight {min(in_flight[kind])}-{max(in_flight[kind])}"
        for kind, count in sorted(counts.items())
    }
