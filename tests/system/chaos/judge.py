"""Finds what was broken, from outside evidence alone. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.provider.calls import Outcome
from tests.system.chaos.bills import late_attempts, owed
from tests.system.chaos.causes import LOST, Faults, History, unexplained
from tests.system.chaos.evidence import Asked, Evidence
from tests.system.chaos.orders import PAID, Order
from tests.system.chaos.receipts import end_of, faults_of

FINISHED = frozenset({"succeeded", "failed", "cancelled", "expired", "dead", "abandoned"})
STORED_ENDS = frozenset({"succeeded", "failed"})
"""Ends of an attempt that an agent itself has told, with its bill."""

GIVEN_BACK = frozenset({"abandoned", "cancelled", "expired"})

AFTERMATH_S = 20.0
"""A fault explains a repetition that begins so soon after its end."""

MEMORY_GROWTH_BYTES = 128 * 2**20
FILES_GROWTH = 96
SETTLED_AGE_S = 60.0


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


@dataclass(slots=True)
class Case:
    """The evidence, sorted."""

    evidence: Evidence
    by_name: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[str, Order] = field(default_factory=dict)
    moves: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    events: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    bills: Counter[tuple[str, int]] = field(default_factory=Counter)
    estimated: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        """Sort."""
        evidence = self.evidence
        self.orders = {order.name: order for order in evidence.orders}
        for row in evidence.tasks:
            self.by_name[row["name"]].append(row)
        for move in evidence.moves:
            self.moves[move["task_id"]].append(move)
        for one in evidence.asked:
            self.asked[one.name].append(one)
        for event in evidence.journal:
            self.events[event["name"]].append(event)
        for row in evidence.usage:
            self.bills[row["task_id"], row["attempt"]] += 1
            if row["estimated"]:
                self.estimated[row["task_id"]].add(row["attempt"])

    def tasks(self) -> Iterator[tuple[Order, dict[str, Any]]]:
        """Yield every task of an order with its order."""
        for name, rows in self.by_name.items():
            if name in self.orders:
                for row in rows:
                    yield self.orders[name], row

    def crashes(self) -> list[float]:
        """Return when tasks that kill a paid agent ran: each time a process died of it."""
        return [
            move["at"]
            for order, row in self.tasks()
            if order.kills
            for move in self.moves[row["task_id"]]
            if "running" in {move["before"], move["after"]}
        ]

    def struck_between(self, from_s: float, until_s: float) -> bool:
        """Tell whether a fault was active, or had been a moment before, in a span of time."""
        return any(
            strike.from_unix_s <= until_s and from_s <= strike.until_unix_s + AFTERMATH_S
            for strike in self.evidence.strikes
        )


def every_promise_ends(case: Case) -> Iterator[str]:
    """Each 202 and each direct answer names a task that has ended."""
    ends = {row["task_id"]: row["state"] for row in case.evidence.tasks}
    for name, events in case.events.items():
        for task_id in {event["task_id"] for event in events if "task_id" in event}:
            if ends.get(task_id) not in FINISHED:
                yield f"{name}: task {task_id} is {ends.get(task_id)}"


def one_terminal_state(case: Case) -> Iterator[str]:
    """No move leads out of a finished state, and none into a second one."""
    for task_id, moves in case.moves.items():
        left = [f"{one['before']} -> {one['after']}" for one in moves if one["before"] in FINISHED]
        if left:
            yield f"task {task_id} ended twice: {', '.join(left)}"


def one_task_a_key(case: Case) -> Iterator[str]:
    """An order has one task, however often it was sent; every 202 of a key names the same.

    A direct task that nobody did gives its key back, and its caller's retry is a task of its own.
    """
    for name, rows in case.by_name.items():
        kept = [row for row in rows if not (row["direct"] and row["state"] in GIVEN_BACK)]
        if name in case.orders and len(kept) > 1:
            yield f"{name}: {len(kept)} tasks"
    for name, events in case.events.items():
        promised = {event["task_id"] for event in events if "task_id" in event}
        if len(promised) > 1:
            yield f"{name}: promised as {sorted(promised)}"


def result_of_its_own_task(case: Case) -> Iterator[str]:
    """A result bears its order's name, under its tenant; who has none has not succeeded."""
    for order, row in case.tasks():
        if row["tenant_id"] != order.tenant:
            yield f"{order.name}: of {order.tenant}, stored for {row['tenant_id']}"
        if (row["state"] == "succeeded") != (row["result"] is not None):
            yield f"{order.name}: {row['state']}, result {row['result']!r:.60}"
        elif row["result"] is not None:
            result = orjson.loads(row["result"])
            said = result["name"] if order.kind == PAID else result["lead_id"]
            if said != order.name:
                yield f"{order.name}: holds the result of {said}"


def result_of_its_attempt(case: Case) -> Iterator[str]:
    """A stored result is that of the attempt that held the task."""
    for order, row in case.tasks():
        if order.kind == PAID and row["result"] is not None:
            made_by = orjson.loads(row["result"])["attempt"]
            if made_by != row["attempt"]:
                yield f"{order.name}: attempt {row['attempt']} holds the result of {made_by}"


def only_killers_are_poison(case: Case) -> Iterator[str]:
    """A killer ends dead or by its caller's will, and nobody else ends as poison."""
    for order, row in case.tasks():
        is_poison = (row["error"] or "").startswith("poison")
        if is_poison and not order.kills:
            yield f"{order.name} is called poison after {row['crashes']} crashes"
        if order.kills and row["state"] not in {"dead", "cancelled", "expired"}:
            yield f"killer {order.name} ended as {row['state']}"


def innocents_survive_crashes(case: Case) -> Iterator[str]:
    """Nobody ends as dead because agents or orchestrators died beside him."""
    for order, row in case.tasks():
        if row["state"] == "dead" and not order.kills and (row["error"] or "").startswith(LOST):
            yield f"{order.name}: {row['attempt']} attempts, {row['error']}"


def ends_are_asked_for(case: Case) -> Iterator[str]:
    """Only who was cancelled ends so; only who had a deadline expires; only direct is abandoned."""
    for order, row in case.tasks():
        state = row["state"]
        if state == "cancelled" and order.cancel_after_s is None and not order.direct:
            yield f"{order.name}: cancelled by nobody"
        if state == "expired" and row["deadline_at"] is None:
            yield f"{order.name}: expired without a deadline"
        if state == "abandoned" and not order.direct:
            yield f"{order.name}: abandoned although somebody else could do it"
        if state == "failed" and not order.direct and not _may_fail(order):
            yield f"{order.name}: failed, {row['error']}"
    for name, events in case.events.items():
        states = {row["state"] for row in case.by_name[name]}
        if any(event["event"] == "cancelled" for event in events) and states != {"cancelled"}:
            yield f"{name}: its cancel was confirmed, it ended as {states}"


def _may_fail(order: Order) -> bool:
    return order.strict or order.kills


def every_end_is_told(case: Case) -> Iterator[str]:
    """Each end is one event of its tenant, and one delivery to each webhook of the tenant."""
    told = Counter(
        (one["task_id"], one["tenant_id"], one["state"], one["attempt"], one["webhook_id"])
        for one in case.evidence.outbox
    )
    for row in case.evidence.tasks:
        hooks = [
            h["webhook_id"] for h in case.evidence.webhooks if h["tenant_id"] == row["tenant_id"]
        ]
        for hook in (None, *hooks) if row["state"] in FINISHED else ():
            end = (row["task_id"], row["tenant_id"], row["state"], row["attempt"], hook)
            if told[end] != 1:
                what = "event" if hook is None else "delivery"
                yield f"{row['name']}: {told[end]} times told as {row['state']} by {what}"


def every_end_is_received(case: Case) -> Iterator[str]:
    """Each end has reached its tenant's receiver, signed, under one id however often it came."""
    ends = [end_of(row) for row in case.evidence.tasks if row["state"] in FINISHED]
    yield from faults_of(case.evidence.receipts, ends)


def no_lease_left(case: Case) -> Iterator[str]:
    """Nothing runs without anybody, and no more workers are alive than orchestrators."""
    for row in case.evidence.tasks:
        if row["state"] not in FINISHED:
            yield f"{row['name']}: {row['state']} at the end"
    evidence = case.evidence
    if evidence.live_workers != evidence.orchestrators:
        yield f"{evidence.live_workers} leases, {evidence.orchestrators} orchestrators"


def no_lease_comes_back(case: Case) -> Iterator[str]:
    """A lease that has run out is never taken up again."""
    for worker_id in case.evidence.leases_back:
        yield f"worker {worker_id}"


def claims_are_leased(case: Case) -> Iterator[str]:
    """Whoever claims a task holds a lease."""
    for task_id, moves in case.moves.items():
        for move in moves:
            if move["after"] == "running" and move["before"] == "queued" and not move["leased"]:
                yield f"task {task_id}, attempt {move['attempt']}"


def nothing_is_billed_without_a_task(case: Case) -> Iterator[str]:
    """Every row of the ledger belongs to a task and to an attempt that it has had."""
    attempts = {row["task_id"]: row["attempt"] for row in case.evidence.tasks}
    for task_id, attempt in case.bills:
        if not 1 <= attempt <= attempts.get(task_id, 0):
            yield f"task {task_id}, attempt {attempt}"


def nothing_is_billed_twice(case: Case) -> Iterator[str]:
    """No more rows than calls that the provider saw."""
    for order, row in case.tasks():
        billed = sum(n for (task_id, _), n in case.bills.items() if task_id == row["task_id"])
        if billed > len(case.asked[order.name]):
            yield f"{order.name}: {billed} rows, {len(case.asked[order.name])} calls"


def answered_calls_are_billed(case: Case) -> Iterator[str]:
    """An attempt whose end was told has a row for each call that was answered with 200."""
    for order, row in case.tasks():
        if order.kind != PAID:
            continue
        for attempt in told_attempts(case.moves[row["task_id"]]):
            charged = len(charged_calls(case.asked[order.name], attempt))
            if case.bills[row["task_id"], attempt] < charged:
                billed = case.bills[row["task_id"], attempt]
                yield f"{order.name}, attempt {attempt}: {charged} charged, {billed} billed"


def told_attempts(moves: list[dict[str, Any]]) -> set[int]:
    """Return the attempts whose agent lived to say how they ended."""
    told = set()
    for move in moves:
        if move["before"] != "running":
            continue
        reason = move["error"] or ""
        ended = move["after"] in STORED_ENDS
        again = move["after"] in {"waiting", "queued", "dead"} and not reason.startswith(LOST)
        if ended or (again and not reason.startswith("poison")):
            told.add(move["attempt"])
    return told


def charged_calls(asked: list[Asked], attempt: int | None = None) -> list[Asked]:
    """Return the calls that the provider answered with 200 and would charge for."""
    return [
        one
        for one in asked
        if one.call.outcome is Outcome.ANSWERED
        and one.call.status == 200
        and (attempt is None or one.attempt == attempt)
    ]


def late_calls_are_billed(case: Case) -> Iterator[str]:
    """An attempt that was taken from its agent has a row for each call that it lived to tell."""
    for order, row in case.tasks():
        if order.kind != PAID:
            continue
        task_id = row["task_id"]
        for attempt, worker_id in late_attempts(case.moves[task_id]).items():
            calls = [one for one in case.asked[order.name] if one.attempt == attempt]
            due, billed = len(owed(calls, worker_id, case.evidence)), case.bills[task_id, attempt]
            if billed < due:
                yield f"{order.name}, attempt {attempt}: {due} paid and told, {billed} billed"


def repetitions_have_a_cause(case: Case) -> Iterator[str]:
    """Each further call for an order that had its answer comes of a fault that touched its run."""
    faults = Faults(case.evidence.strikes, case.crashes())
    for name, order in case.orders.items():
        rows = case.by_name[name]
        history = History(
            order=order,
            calls=sorted(case.asked[name], key=lambda one: one.call.arrived_unix_s),
            moves=[move for row in rows for move in case.moves[row["task_id"]]],
            events=case.events[name],
            estimated=frozenset().union(*(case.estimated[row["task_id"]] for row in rows)),
        )
        yield from unexplained(history, faults)


def direct_callers_have_one_answer(case: Case) -> Iterator[str]:
    """A direct caller has an answer of his own, or was refused or cut off while a fault lasted."""
    for order in case.evidence.orders:
        if not order.direct:
            continue
        events = case.events[order.name]
        if not events:
            continue
        answers = [event for event in events if event["event"] == "answered"]
        if any(event["lead_id"] != order.name for event in answers):
            yield f"{order.name}: got {answers[0]['lead_id']}"
        ends = [one for one in events if one["event"] in {"answered", "refused", "broken"}]
        sent = [one for one in events if one["event"] == "sent"]
        if len(ends) != len(sent):
            yield f"{order.name}: sent {len(sent)} times, {len(ends)} answers"
        for one in ends:
            if one["event"] == "answered" or one.get("status") == 504:
                continue
            if not case.struck_between(one["at"] - AFTERMATH_S, one["at"]):
                yield f"{order.name}: {one}"


def nothing_leaks(case: Case) -> Iterator[str]:
    """No process that lived for long has grown by more than the slack."""
    for size in case.evidence.sizes:
        if size.age_s < SETTLED_AGE_S:
            continue
        grown = size.memory_after - size.memory_before
        if grown > MEMORY_GROWTH_BYTES:
            yield f"{size.role}: {grown / 2**20:.0f} MiB more in {size.age_s:.0f} s"
        if size.files_after - size.files_before > FILES_GROWTH:
            more = size.files_after - size.files_before
            yield f"{size.role}: {more} descriptors more in {size.age_s:.0f} s"


def harness_kept_its_word(case: Case) -> Iterator[str]:
    """Every fault was done and undone, every order sent, every process came back."""
    yield from case.evidence.failures


RULES: Mapping[str, Callable[[Case], Iterator[str]]] = {
    rule.__name__: rule
    for rule in (
        every_promise_ends,
        one_terminal_state,
        one_task_a_key,
        result_of_its_own_task,
        result_of_its_attempt,
        only_killers_are_poison,
        innocents_survive_crashes,
        ends_are_asked_for,
        every_end_is_told,
        every_end_is_received,
        no_lease_left,
        no_lease_comes_back,
        claims_are_leased,
        nothing_is_billed_without_a_task,
        nothing_is_billed_twice,
        answered_calls_are_billed,
        late_calls_are_billed,
        repetitions_have_a_cause,
        direct_callers_have_one_answer,
        nothing_leaks,
        harness_kept_its_word,
    )
}


def judge(evidence: Evidence) -> list[Violation]:
    """Return every broken promise."""
    case = Case(evidence)
    return [Violation(name, what) for name, rule in RULES.items() for what in rule(case)]
