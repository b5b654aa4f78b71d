"""The judge on hand-made evidence about money: it objects, and only where it must."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.provider.calls import Call, Outcome
from tests.provider.faults import Fault
from tests.system.chaos.evidence import Asked, Evidence
from tests.system.chaos.judge import Case, late_calls_are_billed, repetitions_have_a_cause
from tests.system.chaos.orders import LEAD_ANALYSIS, Order
from tests.system.chaos.schedule import Kind, Planned
from tests.system.chaos.strikes import Strike

NAME, TASK, WORKER, AGENT, OTHER = "ref-1-1", "task-1", "worker-1", 70, 71
PAID_TITLE = "ray::ServeReplica:gardenos:Paid"
ORDER = Order(NAME, "acacia", "normal")
LEAD = Order(NAME, "acacia", "normal", kind=LEAD_ANALYSIS, direct=True, key="k")


def asked(
    at: float, attempt: int | None = 1, *, ended: float | None = None, fault: Fault | None = None
) -> Asked:
    """Return a call that was answered 1 s after it came."""
    call = Call(1, 1, 1, at, at, outcome=Outcome.ANSWERED, status=200, fault=fault)
    call.answered_unix_s = at + 1 if ended is None else ended
    pid = None if attempt is None else AGENT if attempt == 1 else OTHER
    return Asked(call, NAME, attempt, pid)


def cut(at: float, attempt: int = 1) -> Asked:
    """Return a call whose caller left after 1 s."""
    one = asked(at, attempt)
    one.call.outcome, one.call.status, one.call.answered_unix_s = Outcome.CLIENT_CLOSED, None, None
    one.call.closed_unix_s = at + 1
    return one


def struck(kind: Kind, at: float, target: str = "somebody", *, for_s: float = 0.0) -> Strike:
    """Return a fault that counts."""
    return Strike(Planned(1, kind, 1.0, 0.5, for_s), 1, target, at, at + for_s)


def moved(at: float, before: str, after: str, attempt: int, error: str = "") -> dict[str, Any]:
    """Return a move of the task."""
    return {
        "at": at,
        "task_id": TASK,
        "attempt": attempt,
        "before": before,
        "after": after,
        "error": error or None,
        "worker_id": WORKER if after == "running" else None,
    }


def taken_away(error: str, at: float = 18.0) -> list[dict[str, Any]]:
    """Return the moves of a task whose first attempt ended in an error, its second well."""
    return [
        moved(10.0, "queued", "running", 1),
        moved(at, "running", "waiting", 1, error),
        moved(at + 1, "waiting", "queued", 1, error),
        moved(at + 1, "queued", "running", 2),
        moved(at + 3, "running", "succeeded", 2),
    ]


def row(attempt: int, *, estimated: bool = False) -> dict[str, Any]:
    """Return a row of the ledger."""
    return {"task_id": TASK, "attempt": attempt, "call": 0, "estimated": estimated}


def evidence(
    calls: Sequence[Asked],
    moves: Sequence[dict[str, Any]],
    strikes: Sequence[Strike] = (),
    *,
    usage: Sequence[dict[str, Any]] = (),
    order: Order = ORDER,
) -> Evidence:
    """Return the evidence of a run of one order, after which everybody lived."""
    return Evidence(
        orders=[order],
        journal=[],
        strikes=strikes,
        tasks=[{"name": NAME, "task_id": TASK, "attempt": 2}],
        moves=moves,
        usage=usage,
        asked=calls,
        renewals={WORKER: 100.0},
        agents=[AGENT, OTHER],
        orchestrators=2,
        orchestrators_born=[1.0, 2.0],
        read_unix_s=100.0,
    )


LATE = evidence([asked(10.5), asked(19.0, 2)], taken_away("attempt_limit: no answer"))


@pytest.mark.parametrize("calls", [[asked(10.5)], [cut(10.5)]], ids=["answered", "cut"])
@pytest.mark.parametrize(
    "moves",
    [
        taken_away("attempt_limit: no answer"),
        taken_away("worker_lost: it died"),
        [moved(10.0, "queued", "running", 1), moved(11.0, "running", "cancelled", 1)],
        [moved(10.0, "queued", "running", 1), moved(11.0, "running", "expired", 1)],
    ],
    ids=["limit", "lease", "cancelled", "expired"],
)
def test_a_late_call_without_a_row_is_seen(calls: list[Asked], moves: list[dict[str, Any]]) -> None:
    assert list(late_calls_are_billed(Case(evidence(calls, moves))))
    billed = evidence(calls, moves, usage=[row(1)])
    assert not list(late_calls_are_billed(Case(billed)))


def test_a_later_call_of_the_same_agent_shows_that_it_lived() -> None:
    alive = replace(LATE, agents=[], asked=[*LATE.asked, replace(asked(40.0), name="ref-1-2")])
    assert list(late_calls_are_billed(Case(alive)))


@pytest.mark.parametrize(
    "change",
    [
        {"agents": [OTHER]},
        {"renewals": {WORKER: 12.0}, "orchestrators_born": [1.0, 50.0]},
        {"renewals": {}, "orchestrators_born": [1.0]},
        {"read_unix_s": 13.0},
        {"moves": taken_away("agent_lost: RayActorError")},
        {"strikes": [struck(Kind.PAUSE_AGENT, 11.0, f"{PAID_TITLE} {AGENT}", for_s=85.0)]},
        {"strikes": [struck(Kind.PAUSE_ORCHESTRATOR, 11.0, for_s=85.0)]},
    ],
    ids=["agent", "orchestrator", "one short", "too early", "stream", "frozen", "held up"],
)
def test_no_bill_is_asked_of_whoever_may_not_have_lived_to_tell_it(change: dict[str, Any]) -> None:
    assert not list(late_calls_are_billed(Case(replace(LATE, **change))))


def complaints(
    calls: Sequence[Asked],
    error: str,
    strikes: Sequence[Strike],
    *,
    usage: Sequence[dict[str, Any]] = (),
) -> list[str]:
    """Return what is said of an order that was paid for twice."""
    found = evidence(calls, taken_away(error), strikes, usage=usage)
    return list(repetitions_have_a_cause(Case(found)))


AGAIN = [asked(10.5), asked(19.0, 2)]
HIT = f"{PAID_TITLE} {AGENT}"
MISSED = f"{PAID_TITLE} {OTHER}"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("agent_lost: died", struck(Kind.KILL_AGENT, 12.0, HIT)),
        ("agent_lost: died", struck(Kind.KILL_NODE, 12.0)),
        ("worker_lost: died", struck(Kind.KILL_ORCHESTRATOR, 12.0)),
        ("worker_lost: died", struck(Kind.PAUSE_ORCHESTRATOR, 11.0, for_s=7.0)),
        ("worker_lost: died", struck(Kind.STALL_DATABASE, 11.0, for_s=7.0)),
        ("attempt_limit: none", struck(Kind.PAUSE_AGENT, 10.7, HIT, for_s=8.0)),
        ("attempt_limit: none", struck(Kind.PAUSE_ORCHESTRATOR, 10.7, for_s=8.0)),
    ],
)
def test_a_fault_that_touched_the_run_explains_its_repetition(error: str, cause: Strike) -> None:
    assert complaints(AGAIN, error, [cause]) == []


@pytest.mark.parametrize(
    ("error", "elsewhere"),
    [
        ("agent_lost: died", struck(Kind.KILL_AGENT, 12.0, MISSED)),
        ("agent_lost: died", struck(Kind.KILL_ORCHESTRATOR, 12.0)),
        ("agent_lost: died", struck(Kind.PROVIDER_500, 12.0, "provider", for_s=2.0)),
        ("agent_lost: died", struck(Kind.KILL_AGENT, 18.5, HIT)),
        ("worker_lost: died", struck(Kind.KILL_AGENT, 12.0, HIT)),
        ("worker_lost: died", struck(Kind.PAUSE_AGENT, 12.0, HIT, for_s=8.0)),
        ("attempt_limit: none", struck(Kind.PAUSE_AGENT, 12.0, MISSED, for_s=8.0)),
        ("attempt_limit: none", struck(Kind.PROVIDER_HANG, 12.0, "provider", for_s=2.0)),
        ("provider_down: none", struck(Kind.CRASH_DATABASE, 12.0)),
    ],
)
def test_a_fault_elsewhere_explains_nothing(error: str, elsewhere: Strike) -> None:
    assert complaints(AGAIN, error, [elsewhere])
    assert complaints(AGAIN, error, [])


def test_the_providers_own_fault_explains_the_call_it_fell_on_and_no_other() -> None:
    spoilt = asked(10.5, fault=Fault.GARBAGE)
    assert complaints([spoilt, asked(19.0, 2)], "garbled_answer: none", []) == []
    assert complaints([*AGAIN, asked(30.0, 2, fault=Fault.GARBAGE)], "garbled_answer: none", [])


def test_an_attempt_asks_beside_its_successor_only_until_its_orchestrator_can_know() -> None:
    crash = struck(Kind.CRASH_DATABASE, 12.0)
    soon, long_after = [asked(18.5, 2), asked(19.0)], [asked(18.5, 2), asked(28.0)]
    frozen = struck(Kind.PAUSE_ORCHESTRATOR, 16.0, for_s=9.0)
    assert complaints(soon, "worker_lost: died", [crash]) == []
    assert complaints(long_after, "worker_lost: died", [crash, frozen]) == []
    assert complaints(long_after, "worker_lost: died", [crash])
    assert complaints(soon, "worker_lost: died", [])
    assert complaints(soon, "attempt_limit: none", [crash])


def test_an_answer_that_met_the_limit_of_its_attempt_may_be_asked_for_again() -> None:
    met = [asked(16.0, ended=17.5), asked(19.0, 2)]
    assert complaints(met, "attempt_limit: none", []) == []


def test_within_a_run_only_an_answer_that_went_unseen_is_asked_for_again() -> None:
    paused = struck(Kind.PAUSE_AGENT, 11.0, HIT, for_s=4.0)
    crossed = struck(Kind.PAUSE_AGENT, 11.0, MISSED, for_s=4.0)
    late, at_once = [asked(10.5), asked(15.2)], [asked(10.5), asked(11.6)]
    assert complaints(late, "attempt_limit: none", [paused]) == []
    assert complaints(late, "attempt_limit: none", [], usage=[row(1, estimated=True)]) == []
    assert complaints(late, "attempt_limit: none", [crossed])
    assert complaints(at_once, "attempt_limit: none", [paused])


def test_a_task_that_ended_is_not_paid_for_again() -> None:
    moves = [
        moved(10.0, "queued", "running", 1),
        moved(12.0, "running", "succeeded", 1),
        moved(18.0, "queued", "running", 2),
    ]
    hit = struck(Kind.KILL_AGENT, 11.0, HIT)
    assert list(repetitions_have_a_cause(Case(evidence(AGAIN, moves, [hit]))))


def test_a_direct_caller_who_asks_again_is_the_cause_of_another_call() -> None:
    calls = [asked(10.5, None), asked(19.0, None)]
    alone = evidence(calls, [], order=LEAD)
    repeated = {"event": "sent", "name": NAME, "at": 18.0, "trial": 1}
    assert list(repetitions_have_a_cause(Case(alone)))
    assert not list(repetitions_have_a_cause(Case(replace(alone, journal=[repeated]))))
    too_late = {**repeated, "at": 25.0}
    assert list(repetitions_have_a_cause(Case(replace(alone, journal=[too_late]))))


def test_a_lead_analysts_death_explains_another_call_and_a_paid_agents_does_not() -> None:
    calls = [asked(10.5, None), asked(19.0, None)]
    own = struck(Kind.KILL_AGENT, 12.0, f"ray::ServeReplica:gardenos:LeadAnalysis {AGENT}")
    other = struck(Kind.KILL_AGENT, 12.0, HIT)
    assert not list(repetitions_have_a_cause(Case(evidence(calls, [], [own], order=LEAD))))
    assert list(repetitions_have_a_cause(Case(evidence(calls, [], [other], order=LEAD))))


@pytest.mark.parametrize("at", [17.9, 18.1], ids=["before", "after"])
def test_a_killer_told_of_a_moment_earlier_or_later_explains_its_neighbours(at: float) -> None:
    killer = Order("ref-1-2", "acacia", "normal", kills=True)
    alone = evidence(AGAIN, taken_away("agent_lost: died"))
    dead = {**moved(at, "running", "queued", 1, "worker_lost: died"), "task_id": "task-2"}
    beside = replace(
        alone,
        orders=[*alone.orders, killer],
        tasks=[*alone.tasks, {"name": killer.name, "task_id": "task-2", "attempt": 2}],
        moves=[*alone.moves, dead],
    )
    assert list(repetitions_have_a_cause(Case(alone)))
    assert not list(repetitions_have_a_cause(Case(beside)))
