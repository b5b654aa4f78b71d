"""The queue in Postgres does what the model says, in every order of calls; cripples are caught."""

import asyncio
import json
import re
import time
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis.errors import Flaky

from domain.ids import AgentKind, TaskId, TenantId, WorkerId
from domain.task import TaskState
from postgres import queries, task_queue
from postgres.dead_letter_store import PostgresDeadLetterStore
from postgres.pool import Database, open_database
from postgres.task_queue import PostgresTaskQueue
from postgres.task_store import PostgresTaskStore
from tests.database import SETTINGS, run_sql
from tests.fakes.lead_model import SeenLead
from tests.fakes.queue_caller import KIND, WORKER_LOSSES_AT_MOST, Run, Subject
from tests.fakes.queue_machine import check_queue
from tests.fakes.queue_model import EndedAttempt, Seen, SeenTask

COMPLETE, RELEASE, REPLAY = "queue_complete", "queue_release", "dead_letter_replay"
ON_CONFLICT = (
    "on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing"
)

NEWER_ONLY = (
    "and (l.analysed_version, l.analysed_from)"
    " <= ((n.result ->> 'lead_version')::int, n.started_at)"
)
ANALYSES_TWICE = "alter table analyses drop constraint analyses_pkey"
"""Else a statement fails before a rule is broken."""

TASKS = """
select task_id, tenant_id, state, attempt, max_attempts, crashes, worker_losses, direct, claimed_by,
    not_before is not null as waits, error, result::text as result, idempotency_key
from tasks
"""
ATTEMPTS = """
select task_id, attempt, worker_id, state, error, crashed from task_attempts order by attempt
"""
WORKERS = "select worker_id, lease_until > clock_timestamp() as alive from workers"
LEADS = "select tenant_id, lead_id, version, analysed_version, analysis_id from leads"
BILLS = "select task_id, attempt, call from usage"

PASS_TIME = (
    "update workers set lease_until = lease_until - $1 * interval '1 second'",
    "update leads set analysed_from = analysed_from - $1 * interval '1 second'",
    """
    update tasks set not_before = not_before - $1 * interval '1 second',
        started_at = started_at - $1 * interval '1 second',
        finished_at = finished_at - $1 * interval '1 second',
        deadline_at = deadline_at - $1 * interval '1 second',
        enqueued_at = enqueued_at - $1 * interval '1 second',
        order_key = order_key - $1 * interval '1 second'
    """,
)


class Rows:
    """The real queue; time passes by moving its rows' timestamps back."""

    def __init__(self, database: Database) -> None:
        """Use a database that nothing else uses."""
        self.database = database
        self.queue = PostgresTaskQueue(database, _announce)
        self.tasks = PostgresTaskStore(database, [KIND])
        self._letters = PostgresDeadLetterStore(database, _announce)

    async def reset(self) -> None:
        """Delete every row."""
        async with self.database.transaction() as connection:
            for table in ("tasks", "leads", "workers", "usage", "task_events"):
                await connection.execute(f"delete from {table}")  # noqa: S608 - the names above

    async def replay(
        self, tenant_id: TenantId, task_id: TaskId, deadline_at: datetime | None
    ) -> object:
        """Replay a task."""
        return await self._letters.replay(tenant_id, task_id, deadline_at=deadline_at)

    async def pass_time(self, seconds: float) -> None:
        """Move every time back."""
        async with self.database.transaction() as connection:
            for statement in PASS_TIME:
                await connection.execute(statement, seconds)

    async def seen(self) -> Seen:
        """Read the tables, without the code under test."""
        async with self.database.transaction() as connection:
            tasks, attempts, workers, bills, leads = [
                await connection.fetch(sql) for sql in (TASKS, ATTEMPTS, WORKERS, BILLS, LEADS)
            ]
        kept: dict[TaskId, list[EndedAttempt]] = {}
        for a in attempts:
            one = EndedAttempt(
                a["attempt"], a["worker_id"], TaskState(a["state"]), a["error"], a["crashed"]
            )
            kept.setdefault(a["task_id"], []).append(one)
        return Seen(
            {
                TaskId(t["task_id"]): SeenTask(
                    TenantId(t["tenant_id"]),
                    TaskState(t["state"]),
                    t["attempt"],
                    t["max_attempts"],
                    t["crashes"],
                    t["worker_losses"],
                    t["direct"],
                    t["claimed_by"],
                    t["waits"],
                    t["error"],
                    _packed(t["result"]),
                    t["idempotency_key"],
                    tuple(kept.get(t["task_id"], ())),
                )
                for t in tasks
            },
            frozenset(WorkerId(one["worker_id"]) for one in workers if one["alive"]),
            frozenset(WorkerId(one["worker_id"]) for one in workers if not one["alive"]),
            frozenset((TaskId(one["task_id"]), one["attempt"], one["call"]) for one in bills),
            {
                (TenantId(one["tenant_id"]), one["lead_id"]): SeenLead(
                    one["version"], one["analysed_version"], one["analysis_id"]
                )
                for one in leads
            },
        )

    def now_unix_s(self) -> float:
        """Return the wall time: the rows move, the clock does not."""
        return time.time()


@pytest.fixture
def real(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Subject, Run]]:
    """Give the queue on a real server and the loop on which it lives."""
    monkeypatch.setattr(task_queue, "WORKER_LOSSES_AT_MOST", WORKER_LOSSES_AT_MOST)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        database = runner.run(stack.enter_async_context(open_database(lambda: dsn, SETTINGS)))
        yield Rows(database), runner.run
        runner.run(stack.aclose())


@dataclass(frozen=True, slots=True)
class Cripple:
    """A guard taken out.

    Attributes:
        breaks: A word of the rule that must be found broken, a pattern.
        cuts: Query, text in it, and what stands there instead.
        schema: What of the database goes with it.
        attributes: Of :mod:`postgres.task_queue`, what they are instead.
    """

    breaks: str
    cuts: tuple[tuple[str, str, str], ...] = ()
    schema: str = "select 1"
    attributes: tuple[tuple[str, object], ...] = ()


RACE = "an end and a cancellation both won"
ENDED_TWICE = f"other ends were stored|{RACE}"
GIVEN_BACK_TWICE = "other attempts were given back"
NOT_ITS_ROW = "a row is not as modelled"
MOVED_OTHERS = f"recovery moved others|{NOT_ITS_ROW}"
LOST = "queue_recover_lost"
OLDER_LEAD = "a lead shows another|went back"
NO_TURN, NOT_FOR_IT = "claimed out of its turn", "claimed what was not for this worker"

CRIPPLES = {
    "completion_without_fence": Cripple(
        ENDED_TWICE, ((COMPLETE, " and t.attempt = e.attempt", ""),)
    ),
    "completion_of_the_finished": Cripple(
        ENDED_TWICE, ((COMPLETE, " and t.finished_at is null", ""),), ANALYSES_TWICE
    ),
    "older_versions_of_a_lead_shown": Cripple(OLDER_LEAD, ((COMPLETE, NEWER_ONLY, ""),)),
    "analyses_begun_earlier_shown": Cripple(
        OLDER_LEAD,
        ((COMPLETE, NEWER_ONLY, NEWER_ONLY.replace(", n.started_at)", ", now())")),),
    ),
    "begun_earlier_shown_of_ends_stored_together": Cripple(
        OLDER_LEAD, ((COMPLETE, "d.started_at desc", "d.started_at"),)
    ),
    "release_without_fence": Cripple(
        GIVEN_BACK_TWICE, ((RELEASE, " and t.attempt = r.attempt", ""),)
    ),
    "release_of_the_finished": Cripple(
        GIVEN_BACK_TWICE, ((RELEASE, " and t.finished_at is null and t.state = 'running'", ""),)
    ),
    "replay_under_the_old_number": Cripple(
        "replayed under a number", ((REPLAY, "attempt = attempt + 1, max", "max"),)
    ),
    "replay_of_anything": Cripple(
        "replayed what may not be",
        ((REPLAY, " and state in ('dead', 'failed', 'expired')", ""),),
        ANALYSES_TWICE,
    ),
    "idempotency_keys_unguarded": Cripple(
        "one key (has two tasks|took two requests)|two tasks have one idempotency key",
        (
            ("admit_known_keys", "where t.task_id not in", "where false and t.task_id not in"),
            ("admit_tasks", ON_CONFLICT, ""),
        ),
        "drop index tasks_idempotency",
    ),
    "keys_of_the_undone_kept": Cripple(
        "one key has two tasks|a row is not as modelled",
        (("admit_known_keys", "and t.direct and t.state in", "and false and t.state in"),),
    ),
    "cancelling_the_finished": Cripple(
        f"cancelled what may not be|{RACE}", (("task_cancel", " and finished_at is null", ""),)
    ),
    "other_tenants_cancelled": Cripple(
        "cancelled what may not be", (("task_cancel", "tenant_id = $1 and", "$1 <> '' and"),)
    ),
    "claim_without_lease": Cripple(
        NOT_FOR_IT, (("queue_claim", " and lease_until > clock_timestamp()", ""),)
    ),
    "lease_that_comes_back": Cripple(
        "a dead worker's lease came back",
        (("queue_renew", "where w.lease_until > clock_timestamp()", "where true"),),
    ),
    "forgotten_lease_that_comes_back": Cripple(
        "a dead worker's lease came back", (("queue_renew", "where $3", "where $3 or true"),)
    ),
    "recovery_from_the_living": Cripple(
        MOVED_OTHERS, ((LOST, " or w.lease_until <= clock_timestamp()", " or true"),)
    ),
    "no_recovery_from_the_dead": Cripple(
        "recovery moved others|a dead worker's task still runs|a row is not as modelled",
        ((LOST, " or w.lease_until <= clock_timestamp()", ""),),
    ),
    "losses_without_bound": Cripple(NOT_ITS_ROW, ((LOST, ">= $2", ">= $2 + 1000"),)),
    "recovery_of_claims_on_their_way": Cripple(
        MOVED_OTHERS,
        (("queue_recover_unheld", "interval '15 seconds'", "interval '0 seconds'"),),
    ),
    "recovery_of_what_is_held": Cripple(
        MOVED_OTHERS,
        (("queue_recover_unheld", "task_id <> all($3::uuid[])", "$3::uuid[] is not null"),),
    ),
    "free_attempts_counted": Cripple(
        f"{NOT_ITS_ROW}|handed out as", ((RELEASE, " + (not r.counts)::int", ""),)
    ),
    "crashes_uncounted": Cripple(
        f"{NOT_ITS_ROW}|handed out as", ((RELEASE, "t.crashes + r.crashed::int", "t.crashes"),)
    ),
    "suspects_beside_others": Cripple(
        "a suspect runs beside others", attributes=(("CRASHES_BEFORE_ALONE", 1000),)
    ),
    "attempts_forgotten": Cripple(NOT_ITS_ROW, schema="drop trigger tasks_keep_attempts on tasks"),
    "attempts_without_end": Cripple(
        "a row is not as modelled|waits for attempt",
        ((RELEASE, "r.counts and t.attempt >= t.max_attempts", "false"),),
    ),
    "back_off_ignored": Cripple(
        f"{MOVED_OTHERS}|claimed what was not for this worker",
        (("queue_recover_due", " and not_before <= clock_timestamp()", ""),),
    ),
    "waiting_claimed": Cripple(
        f"{NOT_FOR_IT}|with a back-off",
        (("queue_claim", "t.state = 'queued'", "t.state in ('queued', 'waiting')"),),
    ),
    "running_expired": Cripple(
        "recovery moved others|expired in the name of",
        (("queue_recover_expired", " and state in ('queued', 'waiting')", ""),),
    ),
    "priorities_ignored": Cripple(
        NO_TURN, (("queue_claim", "order by t.order_key, t.task_id", "order by t.task_id"),)
    ),
    "head_starts_reversed": Cripple(
        NO_TURN, (("admit_tasks", "() - s.boost_s", "() + s.boost_s"),)
    ),
    "express_for_all": Cripple(
        NOT_FOR_IT, attributes=(("EXPRESS_CLAIM", queries.load("queue_claim")),)
    ),
    "claims_of_one_row_by_two": Cripple(
        "claimed what was not|two attempts have one number|handed out as|a row is not as modelled",
        (
            ("queue_claim", "for update skip locked", ""),
            ("queue_claim", " and t.state = 'queued'\nreturning", "\nreturning"),
        ),
    ),
}
SLOWLY_FOUND = {
    "claim_without_lease",
    "attempts_without_end",
    "back_off_ignored",
    "completion_without_fence",
    "claims_of_one_row_by_two",
    "head_starts_reversed",
    "losses_without_bound",
    "other_tenants_cancelled",
    "priorities_ignored",
    "running_expired",
    "waiting_claimed",
}
"""Found after more than three seconds, or where two statements happen to meet."""


@pytest.mark.timeout(300)  # a failure is made small first
def test_the_queue_is_as_modelled(real: tuple[Subject, Run]) -> None:
    check_queue(*real, examples=100, steps=40, shrink=True)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_queue_is_as_modelled_in_many_more_orders(real: tuple[Subject, Run]) -> None:
    check_queue(*real, examples=300, steps=50, shrink=True)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in SLOWLY_FOUND else name
        for name in CRIPPLES
    ],
)
def test_a_queue_without_one_of_its_guards_breaks_a_rule(
    name: str, real: tuple[Subject, Run], dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cripple = CRIPPLES[name]
    crippled = dict(queries.QUERIES)
    for query, guard, instead in cripple.cuts:
        assert guard in crippled[query], "the guard is written otherwise by now"
        crippled[query] = crippled[query].replace(guard, instead)
    subject, run = real
    run(run_sql(dsn, cripple.schema))
    monkeypatch.setattr(queries, "QUERIES", crippled)
    for attribute, instead_of_it in cripple.attributes:
        monkeypatch.setattr(task_queue, attribute, instead_of_it)

    failures: list[Exception] = []

    def watched(call: Coroutine[Any, Any, Any]) -> Any:
        try:
            return run(call)
        except Exception as error:
            failures.append(error)
            raise

    with pytest.raises((AssertionError, Flaky)) as caught:  # two statements may meet once only
        check_queue(subject, watched, examples=400, steps=40, shrink=False)

    assert failures == [], "a statement failed: no rule was broken"
    broken = [str(one) for one in _leaves(caught.value) if isinstance(one, AssertionError)]
    if broken or not isinstance(caught.value, Flaky):  # else rules broke, each run at another place
        assert any(re.search(cripple.breaks, one) for one in broken), broken


def _leaves(error: BaseException) -> list[BaseException]:
    """Return what was raised, without the groups around it."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]


def _announce(_kind: AgentKind) -> None:
    """Wake nobody."""


def _packed(text: str | None) -> bytes | None:
    if text is None:
        return None
    return json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True).encode()
