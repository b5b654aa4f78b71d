"""Events of tasks in Postgres: read in an order that no later commit can change."""

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from domain.errors import NotFoundError
from domain.event_ports import Horizon, TaskEnd
from domain.events import END_TYPES, EventPosition, TaskEvent
from domain.ids import TaskId, TenantId
from postgres import queries
from postgres.pool import Database


class PostgresEventStore:
    """Implements :class:`domain.event_ports.EventStore`."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def horizon(self) -> Horizon:
        """Return where the history stands; see the port."""
        row = await self._stands()
        if not (row["same_system"] and row["same_timeline"]):
            await self._start_another(row["stream"], restored=not row["same_system"])
            row = await self._stands()
        return Horizon(
            EventPosition(row["stream"], int(row["xid"]), 0),
            EventPosition(row["stream"], int(row["deleted_xid"]), row["deleted_number"]),
        )

    async def _stands(self) -> asyncpg.Record:
        (row,) = await self._database.fetch(queries.load("event_horizon"))
        return row

    async def _start_another(self, stream: int, *, restored: bool) -> None:
        async with self._database.transaction() as connection:
            status = await connection.execute(queries.load("event_new_stream"), stream)
            if restored and status == "UPDATE 1":
                await connection.execute(queries.load("event_forget_all"))

    async def after(
        self, tenants: Mapping[TenantId, EventPosition], *, limit: int
    ) -> tuple[TaskEvent, ...]:
        """Return final events after a position; see the port."""
        rows = await self._database.fetch(
            queries.load("event_after"),
            list(tenants),
            [str(one.xid) for one in tenants.values()],
            [one.number for one in tenants.values()],
            limit,
        )
        return tuple(_event(row) for row in rows)

    async def of_tasks(
        self, tasks: Mapping[tuple[TenantId, TaskId], int], *, limit: int
    ) -> tuple[TaskEvent, ...]:
        """Return events of tasks after a number; see the port."""
        rows = await self._database.fetch(
            queries.load("event_of_tasks"),
            [tenant for tenant, _ in tasks],
            [task for _, task in tasks],
            list(tasks.values()),
            limit,
        )
        return tuple(_event(row) for row in rows)

    async def end_of(self, tenant_id: TenantId, task_id: TaskId) -> TaskEnd:
        """Return whether a task has ended and was told so; see the port."""
        (row,) = await self._database.fetch(
            queries.load("event_end_of_task"), tenant_id, task_id, list(END_TYPES)
        )
        if row["finished"] is None and not row["noted"]:
            raise NotFoundError("task", str(task_id))
        return TaskEnd(row["told"], row["finished"] is not False)

    async def delete_old(self, *, older_than_s: float, keep: int, limit: int) -> int:
        """Delete the oldest events past age or count; see the port."""
        (row,) = await self._database.fetch(
            queries.load("event_delete_old"), older_than_s, keep, limit
        )
        return int(row["deleted"])


def _event(row: asyncpg.Record) -> TaskEvent:
    at: datetime = row["at"]
    return TaskEvent(
        id=str(EventPosition(row["stream"], int(row["xid"]), row["number"])),
        tenant_id=row["tenant_id"],
        type=row["type"],
        task_id=row["task_id"],
        kind=row["kind"],
        state=row["state"],
        attempt=row["attempt"],
        error_code=row["error_code"],
        sequence=row["number"],
        at=at,
    )
