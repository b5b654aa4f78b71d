"""Drafts in Postgres: read, listed, and changed under a lock; what people did is only appended."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from domain.errors import InvalidInputError, NotFoundError
from domain.follow_up import Decision, DraftState, FollowUp, FollowUpEdit, FollowUpRecord
from domain.ids import LeadId, TaskId, TenantId
from domain.lead import Lead
from domain.ports import Page
from postgres import queries
from postgres.cursors import decode_moment, encode_cursor
from postgres.documents import read_document, read_documents
from postgres.pool import Connection, Database
from postgres.retries import in_transaction

EDITS: TypeAdapter[tuple[FollowUpEdit, ...]] = TypeAdapter(tuple[FollowUpEdit, ...])
DECISIONS: TypeAdapter[tuple[Decision, ...]] = TypeAdapter(tuple[Decision, ...])


class PostgresFollowUpStore:
    """Implements :class:`domain.ports.FollowUpStore`."""

    def __init__(self, database: Database) -> None:
        """Store in ``database``."""
        self._database = database

    async def get(self, tenant_id: TenantId, follow_up_id: TaskId) -> FollowUpRecord:
        """Return a draft; see the port."""
        async with self._database.connection() as connection:
            return _record(await _read(connection, tenant_id, follow_up_id))

    async def list(
        self,
        tenant_id: TenantId,
        *,
        state: DraftState | None,
        lead_id: LeadId | None,
        cursor: str | None,
        limit: int,
    ) -> Page[FollowUpRecord]:
        """Return drafts, newest first; see the port."""
        after = _position(cursor) if cursor is not None else (None, None)
        rows = await self._database.fetch(
            queries.load("follow_up_list"), tenant_id, state, lead_id, *after, limit + 1
        )
        records = tuple(_record(row) for row in rows[:limit])
        if len(rows) <= limit:
            return Page(records, None)
        last = rows[limit - 1]
        place = encode_cursor(last["drafted_at"].isoformat(), str(last["follow_up_id"]))
        return Page(records, place)

    async def change(
        self,
        tenant_id: TenantId,
        follow_up_id: TaskId,
        change: Callable[[FollowUpRecord, Lead], FollowUpRecord],
    ) -> FollowUpRecord:
        """Apply a pure change to a locked draft; see the port.

        Raises:
            ValueError: The change took back or altered what was there; it may only append.
        """

        async def apply(connection: Connection) -> FollowUpRecord:
            await connection.execute(queries.load("follow_up_lock"), tenant_id, follow_up_id)
            row = await _read(connection, tenant_id, follow_up_id)
            before = _record(row)
            after = change(before, read_document(Lead, row["lead"]))
            if after.model_copy(update={"version": before.version}) == before:
                return before
            after = after.model_copy(update={"version": before.version + 1})
            await _write(connection, tenant_id, before, after)
            return after

        return await in_transaction(self._database, apply, what="change of the draft")


async def _read(
    connection: Connection, tenant_id: TenantId, follow_up_id: TaskId
) -> asyncpg.Record:
    row = await connection.fetchrow(queries.load("follow_up_get"), tenant_id, follow_up_id)
    if row is None:
        raise NotFoundError("follow-up", str(follow_up_id))
    return row


async def _write(
    connection: Connection, tenant_id: TenantId, before: FollowUpRecord, after: FollowUpRecord
) -> None:
    added = appended(before, after)
    await connection.execute(
        queries.load("follow_up_change"),
        tenant_id,
        before.follow_up_id,
        after.state.value,
        after.version,
        len(before.edits) + len(before.decisions),
        ["edit" if isinstance(one, FollowUpEdit) else "decision" for one in added],
        [one.model_dump_json() for one in added],
    )


def appended(before: FollowUpRecord, after: FollowUpRecord) -> tuple[FollowUpEdit | Decision, ...]:
    """Return the edits and decisions that a change added, edits first.

    Raises:
        ValueError: Something else changed than the state and the ends of the two lists.
    """
    edits, decisions = len(before.edits), len(before.decisions)
    kept = before.model_copy(update={"state": after.state, "version": after.version})
    rest = after.model_copy(
        update={"edits": after.edits[:edits], "decisions": after.decisions[:decisions]}
    )
    if kept != rest:
        raise ValueError("a change of a draft may only append edits and decisions, and set a state")
    return (*after.edits[edits:], *after.decisions[decisions:])


def _record(row: asyncpg.Record) -> FollowUpRecord:
    return FollowUpRecord(
        follow_up_id=row["follow_up_id"],
        version=row["version"],
        state=row["state"],
        draft=read_document(FollowUp, row["document"]),
        edits=read_documents(EDITS, row["edits"]),
        decisions=read_documents(DECISIONS, row["decisions"]),
    )


def _position(cursor: str) -> tuple[datetime, UUID]:
    drafted_at, follow_up_id = decode_moment(cursor)
    try:
        return drafted_at, UUID(follow_up_id)
    except ValueError as error:
        allowed = "the next_cursor of an earlier page"
        raise InvalidInputError("cursor", cursor[:60], allowed) from error
