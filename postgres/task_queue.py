"""The durable queue in Postgres: admission, claim, fenced completion, recovery."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from domain.errors import ConflictError, GardenosError
from domain.ids import AgentKind, TaskId, TenantId, WorkerId
from domain.task import (
    ENVELOPE_SCHEMA_VERSION,
    LEAD_ANALYSIS,
    Admission,
    Completion,
    Priority,
    Release,
    Submission,
    TaskEnvelope,
    Worker,
)
from domain.usage import Usage
from postgres import queries
from postgres.admission import admit
from postgres.pool import Connection, Database
from postgres.retries import again, in_transaction

CRASHES_BEFORE_ALONE = 2
"""A task present at so many crashes runs next with nothing beside it."""

WORKER_LOSSES_AT_MOST = 20
"""A task that was held by so many orchestrators when they died ends as dead.

An orchestrator holds hundreds of tasks, so its death is hardly ever one task's doing; a storm of
kills must end none of the innocent, and one that does kill them must not go round for ever.
"""

MAX_ERROR_CHARACTERS = 1000

EXPRESS_CLAIM = queries.load("queue_claim").replace(
    "t.state = 'queued'", "t.state = 'queued' and t.priority in ('urgent', 'high')"
)
"""The claim over the index ``tasks_express`` alone, whose predicate this repeats."""


class PostgresTaskQueue:
    """Implements :class:`domain.ports.TaskQueue`.

    Holds one cursor per kind and lane, so that its claims go round the tenants; two orchestrators
    go round independently.
    """

    def __init__(self, database: Database, announce: Callable[[AgentKind], None]) -> None:
        """Use ``database``; call ``announce`` after commit with each kind that got queued tasks."""
        self._database = database
        self._announce = announce
        self._cursors: dict[tuple[AgentKind, bool], str] = {}

    async def admit(
        self,
        submissions: Sequence[Submission],
        worker: WorkerId,
        *,
        refused: Mapping[TaskId, GardenosError] | None = None,
    ) -> list[Admission | GardenosError]:
        """Store tasks with the leads they bring; see the port."""

        async def store(connection: Connection) -> list[Admission | GardenosError]:
            return await admit(connection, submissions, worker, refused=refused)

        answers = await in_transaction(self._database, store, what="admission")
        self._announce_queued(submissions, answers)
        return answers

    def _announce_queued(
        self, submissions: Sequence[Submission], answers: Sequence[Admission | GardenosError]
    ) -> None:
        queued = {
            one.kind
            for one, answer in zip(submissions, answers, strict=True)
            if isinstance(answer, Admission) and answer.created and not one.direct
        }
        self._announce_all(queued)

    def _announce_all(self, kinds: Iterable[AgentKind]) -> None:
        for kind in set(kinds):
            self._announce(kind)

    async def claim(
        self, kind: AgentKind, worker: WorkerId, *, limit: int, express: bool = False
    ) -> list[TaskEnvelope]:
        """Take up to ``limit`` tasks; see the port."""
        if limit < 1:
            return []
        query = EXPRESS_CLAIM if express else queries.load("queue_claim")
        cursor = self._cursors.get((kind, express), "")
        rows = await self._database.fetch(query, kind, worker, limit, cursor)
        if rows:
            last = max(rows, key=lambda row: int(row["seat"]))["tenant_id"]
            self._cursors[kind, express] = last
        return [_envelope(row) for row in rows]

    async def complete(self, completions: Sequence[Completion]) -> frozenset[TaskId]:
        """Finish attempts and store their usage; see the port."""
        if not completions:
            return frozenset()
        ordered = sorted(completions, key=lambda one: one.task_id)
        columns = (
            [one.task_id for one in ordered],
            [one.attempt for one in ordered],
            [one.state.value for one in ordered],
            [one.result.decode() if one.result is not None else None for one in ordered],
            [_storable(one.error) for one in ordered],
        )
        rows = await self._with_usage("queue_complete", columns, ordered)
        if any(row["followers"] for row in rows):
            self._announce(LEAD_ANALYSIS)
        return frozenset(TaskId(row["task_id"]) for row in rows)

    async def release(self, releases: Sequence[Release]) -> frozenset[TaskId]:
        """Give tasks back to the queue; see the port."""
        if not releases:
            return frozenset()
        ordered = sorted(releases, key=lambda one: one.task_id)
        columns = (
            [one.task_id for one in ordered],
            [one.attempt for one in ordered],
            [one.wait_s for one in ordered],
            [_storable(one.error) for one in ordered],
            [one.crashed for one in ordered],
            [one.count_attempt for one in ordered],
        )
        rows = await self._with_usage("queue_release", columns, ordered)
        self._announce_all(AgentKind(row["kind"]) for row in rows if row["state"] == "queued")
        return frozenset(TaskId(row["task_id"]) for row in rows)

    async def _with_usage(
        self,
        query: str,
        columns: tuple[list[Any], ...],
        ends: Sequence[Completion | Release],
    ) -> Sequence[asyncpg.Record]:
        calls = [(one, call) for one in ends for call in one.usage]

        async def alone() -> Sequence[asyncpg.Record]:
            return await self._database.fetch(queries.load(query), *columns)

        async def with_calls(connection: Connection) -> Sequence[asyncpg.Record]:
            await _store_usage(connection, calls)
            return await connection.fetch(queries.load(query), *columns)

        if not calls:
            return await again(alone, what="completion")
        return await in_transaction(self._database, with_calls, what="completion")

    async def renew(self, worker: WorkerId, *, lease_s: float, is_new: bool = False) -> Worker:
        """Renew or make the worker's lease; see the port."""
        row = await self._database.fetchrow(queries.load("queue_renew"), worker, lease_s, is_new)
        if row is None:
            raise ConflictError("worker", str(worker), "its lease has run out")
        return Worker(worker, row["lease_until"])

    async def recover(
        self, *, limit: int, worker: WorkerId | None = None, holds: Sequence[TaskId] = ()
    ) -> int:
        """Move on what nobody holds; see the port."""

        async def move(connection: Connection) -> list[asyncpg.Record]:
            moved: list[asyncpg.Record] = []
            moved += await connection.fetch(
                queries.load("queue_recover_lost"), limit, WORKER_LOSSES_AT_MOST
            )
            for query in ("queue_recover_due", "queue_recover_expired"):
                moved += await connection.fetch(queries.load(query), limit)
            if worker is not None:
                unheld = queries.load("queue_recover_unheld")
                moved += await connection.fetch(unheld, limit, worker, list(holds))
            await connection.execute(queries.load("queue_forget_workers"))
            return moved

        moved = await in_transaction(self._database, move, what="recovery")
        self._announce_all(AgentKind(row["kind"]) for row in moved if row["state"] == "queued")
        return min(limit, len(moved))


async def _store_usage(
    connection: Connection, calls: Sequence[tuple[Completion | Release, Usage]]
) -> None:
    await connection.execute(
        queries.load("queue_usage"),
        [end.task_id for end, _ in calls],
        [end.attempt for end, _ in calls],
        [call.call for _, call in calls],
        [call.model for _, call in calls],
        [call.prompt_tokens for _, call in calls],
        [call.cached_prompt_tokens for _, call in calls],
        [call.completion_tokens for _, call in calls],
        [call.cost_nanousd for _, call in calls],
        [call.estimated for _, call in calls],
        [call.priced for _, call in calls],
        [call.at for _, call in calls],
        [end.tenant_id for end, _ in calls],
        [end.kind for end, _ in calls],
    )


def _envelope(row: asyncpg.Record) -> TaskEnvelope:
    deadline = row["deadline_at"]
    return TaskEnvelope(
        schema_version=ENVELOPE_SCHEMA_VERSION,
        task_id=TaskId(row["task_id"]),
        tenant_id=TenantId(row["tenant_id"]),
        kind=AgentKind(row["kind"]),
        attempt=row["attempt"],
        priority=Priority(row["priority"]),
        deadline_unix_s=deadline.timestamp() if deadline else None,
        payload=(row["payload"] or "null").encode(),
        max_attempts=row["max_attempts"],
        crashes=row["crashes"],
        alone=row["crashes"] >= CRASHES_BEFORE_ALONE,
    )


def _storable(error: str | None) -> str | None:
    """Return an error text that a column takes: an agent's words may hold anything."""
    if error is None:
        return None
    return error.replace("\x00", "").encode("utf-8", "replace").decode()[:MAX_ERROR_CHARACTERS]
