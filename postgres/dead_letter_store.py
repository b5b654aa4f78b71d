"""Tasks that ended without a result, in Postgres: found, and queued again."""

from collections.abc import Callable
from datetime import datetime

from domain.errors import ConflictError, NotFoundError
from domain.ids import AgentKind, TaskId, TenantId
from domain.ports import DeadLetterFilter, Page
from domain.task import BOOST_S, DEFAULT_MAX_ATTEMPTS, REPLAYABLE_STATES, Task
from postgres import queries
from postgres.cursors import encode_cursor
from postgres.pool import Database
from postgres.task_store import task_id_in, task_of

_BOOSTS = (list(BOOST_S), list(BOOST_S.values()))
"""Priorities and their head starts, as the statement takes them."""


class PostgresDeadLetterStore:
    """Implements :class:`domain.ports.DeadLetterStore`."""

    def __init__(self, database: Database, announce: Callable[[AgentKind], None]) -> None:
        """Use ``database``; call ``announce`` after commit with each kind that got queued tasks."""
        self._database = database
        self._announce = announce

    async def list(
        self, tenant_id: TenantId, letters: DeadLetterFilter, *, cursor: str | None, limit: int
    ) -> Page[Task]:
        """Return a page, newest first; see the port."""
        below = task_id_in(cursor) if cursor else None
        rows = await self._database.fetch(
            queries.load("dead_letter_list"), tenant_id, *_filter(letters), below, limit + 1
        )
        tasks = tuple(task_of(row) for row in rows[:limit])
        more = encode_cursor(str(tasks[-1].task_id)) if len(rows) > limit else None
        return Page(tasks, more)

    async def replay(
        self, tenant_id: TenantId, task_id: TaskId, *, deadline_at: datetime | None = None
    ) -> Task:
        """Queue a task again; see the port."""
        row = await self._database.fetchrow(
            queries.load("dead_letter_replay"),
            tenant_id,
            [task_id],
            DEFAULT_MAX_ATTEMPTS,
            deadline_at,
            *_BOOSTS,
        )
        if row is not None:
            self._announce(AgentKind(row["kind"]))
            return task_of(row)
        row = await self._database.fetchrow(queries.load("task_get"), tenant_id, task_id)
        if row is None:
            raise NotFoundError("task", str(task_id))
        allowed = ", ".join(sorted(REPLAYABLE_STATES))
        why = f"it is {row['state']}; only these can be replayed: {allowed}"
        raise ConflictError("task", str(task_id), why)

    async def replay_many(
        self,
        tenant_id: TenantId,
        letters: DeadLetterFilter,
        *,
        deadline_at: datetime | None,
        limit: int,
    ) -> tuple[Task, ...]:
        """Queue tasks again, oldest first; see the port."""
        found = await self._database.fetch(
            queries.load("dead_letter_oldest"), tenant_id, *_filter(letters), limit
        )
        rows = await self._database.fetch(
            queries.load("dead_letter_replay"),
            tenant_id,
            [row["task_id"] for row in found],
            DEFAULT_MAX_ATTEMPTS,
            deadline_at,
            *_BOOSTS,
        )
        for kind in {AgentKind(row["kind"]) for row in rows}:
            self._announce(kind)
        return tuple(task_of(row) for row in rows)


def _filter(letters: DeadLetterFilter) -> tuple[object, ...]:
    return (
        letters.state,
        letters.kind,
        letters.code,
        letters.lead_id,
        letters.since,
        letters.until,
    )
