"""Tasks as callers see them, in Postgres."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

import asyncpg

from domain.errors import ConflictError, InvalidInputError, NotFoundError
from domain.ids import AgentKind, LeadId, TaskId, TenantId
from domain.ports import Page, QueueDepth
from domain.task import Priority, Task, TaskAttempt, TaskState
from postgres import queries
from postgres.cursors import decode_cursor, encode_cursor
from postgres.pool import Database


class PostgresTaskStore:
    """Implements :class:`domain.ports.TaskStore`."""

    def __init__(self, database: Database, kinds: Sequence[AgentKind]) -> None:
        """Read from ``database``; ``kinds`` are the agent pools whose depths are counted."""
        self._database = database
        self._kinds = tuple(kinds)

    async def get(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Return a task; see the port."""
        row = await self._database.fetchrow(queries.load("task_get"), tenant_id, task_id)
        if row is None:
            raise NotFoundError("task", str(task_id))
        rows = await self._database.fetch(queries.load("task_attempts"), tenant_id, task_id)
        attempts = tuple(TaskAttempt.model_validate(dict(one)) for one in rows)
        return task_of(row).model_copy(update={"attempts": attempts})

    async def list(
        self,
        tenant_id: TenantId,
        *,
        state: TaskState | None,
        kind: AgentKind | None,
        lead_id: LeadId | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Task]:
        """Return tasks, newest first; see the port."""
        below = task_id_in(cursor) if cursor else None
        rows = await self._database.fetch(
            queries.load("task_list"), tenant_id, state, kind, lead_id, below, limit + 1
        )
        tasks = tuple(task_of(row) for row in rows[:limit])
        more = encode_cursor(str(tasks[-1].task_id)) if len(rows) > limit else None
        return Page(tasks, more)

    async def cancel(self, tenant_id: TenantId, task_id: TaskId) -> Task:
        """Cancel an open task; see the port."""
        row = await self._database.fetchrow(queries.load("task_cancel"), tenant_id, task_id)
        if row is not None:
            return task_of(row)
        task = await self.get(tenant_id, task_id)
        why = f"it is {task.state}; only open tasks can be cancelled"
        raise ConflictError("task", str(task_id), why)

    async def finished(self, task_ids: Sequence[TaskId]) -> frozenset[TaskId]:
        """Return which of the tasks are finished; see the port."""
        rows = await self._database.fetch(queries.load("task_finished"), list(task_ids))
        return frozenset(TaskId(row["task_id"]) for row in rows)

    async def get_many(self, tenant_id: TenantId, task_ids: Sequence[TaskId]) -> tuple[Task, ...]:
        """Return those of the tasks that the tenant has, in the order asked for."""
        rows = await self._database.fetch(queries.load("task_get_many"), tenant_id, list(task_ids))
        return tuple(task_of(row) for row in rows)

    async def depths(
        self, *, cap: int, tenant_id: TenantId | None = None
    ) -> Mapping[AgentKind, QueueDepth]:
        """Count per kind what waits and runs; see the port."""
        kinds = list(self._kinds)
        if tenant_id is None:
            rows = await self._database.fetch(queries.load("task_depths"), kinds, cap)
        else:
            query = queries.load("task_depths_of_tenant")
            rows = await self._database.fetch(query, kinds, cap, tenant_id)
        return MappingProxyType(
            {
                AgentKind(row["kind"]): QueueDepth(
                    row["queued"],
                    row.get("waiting", 0),
                    row.get("running", 0),
                    {Priority(name): n for name, n in json.loads(row["by_priority"]).items()},
                    row["oldest_s"],
                )
                for row in rows
            }
        )

    async def delete_finished(self, *, older_than_s: float, limit: int) -> int:
        """Delete finished tasks past their retention; see the port."""
        async with self._database.connection() as connection:
            status = await connection.execute(
                queries.load("task_delete_finished"), older_than_s, limit
            )
        return int(status.rsplit(" ", 1)[-1])


def task_id_in(cursor: str) -> UUID:
    """Return the task that a page ended with."""
    (text,) = decode_cursor(cursor, str)
    try:
        return UUID(str(text))
    except ValueError as error:
        raise InvalidInputError("cursor", cursor, "the next_cursor of an earlier page") from error


def task_of(row: asyncpg.Record) -> Task:
    """Return a task as callers see it from its row."""
    fields = dict(row)
    if fields["result"] is not None:
        fields["result"] = json.loads(fields["result"])
    return Task.model_validate(fields)
