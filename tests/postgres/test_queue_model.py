"""The queue in Postgres does what the model says, in every order of calls; cripples are caught."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from types import MappingProxyType

import pytest

from domain.ids import AgentKind, TaskId, TenantId, WorkerId
from domain.task import TaskState
from postgres import queries, task_queue
from postgres.pool import Database, open_database
from postgres.task_queue import PostgresTaskQueue
from postgres.task_store import PostgresTaskStore
from tests.database import SETTINGS
from tests.fakes.queue_machine import KIND, WORKER_LOSSES_AT_MOST, Run, Subject, check_queue
from tests.fakes.queue_model import EndedAttempt, Seen, SeenTask

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

    async def reset(self) -> None:
        """Delete every row."""
        async with self.database.transaction() as connection:
            await connection.execute("delete from tasks; delete from workers; delete from usage")

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


def test_the_queue_is_as_modelled(real: tuple[Subject, Run]) -> None:
    check_queue(*real, examples=60, steps=40, shrink=True)


def _announce(_kind: AgentKind) -> None:
    """Wake nobody."""


def _packed(text: str | None) -> bytes | None:
    return None if text is None else json.dumps(json.loads(text), separators=(",", ":")).encode()
