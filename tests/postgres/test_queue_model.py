"""The queue in Postgres does what the model says, in every order of calls; cripples are caught."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

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
from tests.fakes.queue_caller import KIND, WORKER_LOSSES_AT_MOST, Run, Subject
from tests.fakes.queue_machine import check_queue
from tests.fakes.queue_model import EndedAttempt, Seen, SeenTask

COMPLETE, RELEASE, REPLAY = "queue_complete", "queue_release", "dead_letter_replay"
ON_CONFLICT = (
    "on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing"
)

TASKS = """
select task_id, tenant_id, state, attempt, max_attempts, crashes, worker_losses, direct, claimed_by,
    not_before is not null as waits, error, result::text as result, idempotency_key
from tasks
"""
ATTEMPTS = """
select task_id, attempt, worker_id, state, error, crashed from task_attempts order by attempt
"""
WORKERS = "select worker_id, lease_until > clock_timestamp() as alive from workers"
BILLS = "select task_id, attempt, call from usage"

PASS_TIME = (
    "update workers set lease_until = lease_until - $1 * interval '1 second'",
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
            for table in ("tasks", "workers", "usage", "task_events"):
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
            tasks, attempts, workers, bills = [
                await connection.fetch(sql) for sql in (TASKS, ATTEMPTS, WORKERS, BILLS)
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
    """A guard taken out: texts of queries replaced, and what of the schema goes with them."""

    cuts: tuple[tuple[str, str, str], ...] = ()
    schema: str = "select 1"


CRIPPLES = {
    "completion_without_fence": Cripple(((COMPLETE, " and t.attempt = e.attempt", ""),)),
    "idempotency_keys_unguarded": Cripple(
        (
            ("admit_known_keys", "where t.task_id not in", "where false and t.task_id not in"),
            ("admit_tasks", ON_CONFLICT, ""),
        ),
        "drop index tasks_idempotency",
    ),
    "release_without_fence": Cripple(((RELEASE, " and t.attempt = r.attempt", ""),)),
    "completion_of_the_finished": Cripple(((COMPLETE, " and t.finished_at is null", ""),)),
    "release_of_the_finished": Cripple(
        ((RELEASE, " and t.finished_at is null and t.state = 'running'", ""),)
    ),
    "cancelling_the_finished": Cripple((("task_cancel", " and finished_at is null", ""),)),
    "claim_without_lease": Cripple((("queue_claim", " and lease_until > clock_timestamp()", ""),)),
    "lease_that_comes_back": Cripple(
        (("queue_renew", "where w.lease_until > clock_timestamp()", "where true"),)
    ),
    "recovery_from_the_living": Cripple(
        (("queue_recover_lost", " or w.lease_until <= clock_timestamp()", " or true"),)
    ),
    "losses_without_bound": Cripple((("queue_recover_lost", ">= $2", ">= $2 + 1000"),)),
    "recovery_of_claims_on_their_way": Cripple(
        (("queue_recover_unheld", "interval '15 seconds'", "interval '0 seconds'"),)
    ),
    "replay_under_the_old_number": Cripple(((REPLAY, "attempt = attempt + 1, max", "max"),)),
    "replay_of_anything": Cripple(((REPLAY, " and state in ('dead', 'failed', 'expired')", ""),)),
    "free_attempts_counted": Cripple(((RELEASE, " + (not r.counts)::int", ""),)),
    "attempts_forgotten": Cripple(schema="drop trigger tasks_keep_attempts on tasks"),
    "other_tenants_cancelled": Cripple((("task_cancel", "tenant_id = $1 and", "$1 <> '' and"),)),
    "claims_of_one_row_by_two": Cripple(
        (
            ("queue_claim", "for update skip locked", ""),
            ("queue_claim", " and t.state = 'queued'\nreturning", "\nreturning"),
        )
    ),
}
SLOWLY_FOUND = {
    "claims_of_one_row_by_two",
    "losses_without_bound",
    "other_tenants_cancelled",
    "recovery_of_claims_on_their_way",
    "release_without_fence",
    "replay_under_the_old_number",
}
"""Found after seconds, or where two statements happen to meet; all others at once, every time."""


@pytest.mark.timeout(300)  # a failure is made small first
def test_the_queue_is_as_modelled(real: tuple[Subject, Run]) -> None:
    check_queue(*real, examples=150, steps=40, shrink=True)


@pytest.mark.slow
def test_the_queue_is_as_modelled_in_many_more_orders(real: tuple[Subject, Run]) -> None:
    check_queue(*real, examples=3000, steps=60, shrink=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in SLOWLY_FOUND else name
        for name in CRIPPLES
    ],
)
def test_a_queue_without_one_of_its_guards_is_caught(
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

    with pytest.raises((AssertionError, Flaky)):  # two statements may meet once only
        check_queue(subject, run, examples=400, steps=40, shrink=False)


def _announce(_kind: AgentKind) -> None:
    """Wake nobody."""


def _packed(text: str | None) -> bytes | None:
    return None if text is None else json.dumps(json.loads(text), separators=(",", ":")).encode()
