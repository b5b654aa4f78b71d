"""Leads in Postgres: read, changed under a lock, deleted with everything derived from them."""

from collections.abc import Callable, Sequence
from datetime import datetime

import asyncpg

from domain.analysis import LeadAnalysis
from domain.duplicates import EarlierLead, contact_keys, first_of
from domain.errors import NotFoundError
from domain.ids import AgentKind, LeadId, TaskId, TenantId, WorkerId
from domain.lead import Lead, LeadStatus
from domain.ports import LeadFilter, LeadRecord, Page
from domain.task import LEAD_ANALYSIS, Submission
from postgres import queries
from postgres.admission import OVERRIDES, admit
from postgres.cursors import decode_cursor, decode_moment, encode_cursor
from postgres.documents import read_document, read_documents
from postgres.name_locks import contact_names, lead_name, lock_names, names_of
from postgres.pool import Connection, Database
from postgres.retries import RaceLostError, in_transaction


class PostgresLeadStore:
    """Implements :class:`domain.ports.LeadStore`."""

    def __init__(
        self,
        database: Database,
        announce: Callable[[AgentKind], None],
        new_task_id: Callable[[], TaskId],
        nobody: WorkerId,
    ) -> None:
        """Store in ``database``.

        Args:
            database: Where the leads are.
            announce: Called with the kind of every task queued here, after the commit.
            new_task_id: Makes the ids of rescoring tasks.
            nobody: Stands as worker of admissions that claim nothing.
        """
        self._database = database
        self._announce = announce
        self._new_task_id = new_task_id
        self._nobody = nobody

    async def get(self, tenant_id: TenantId, lead_id: LeadId) -> LeadRecord:
        """Return a lead; see the port."""
        async with self._database.connection() as connection:
            return await _get(connection, tenant_id, lead_id)

    async def list(
        self, tenant_id: TenantId, leads: LeadFilter, *, cursor: str | None, limit: int
    ) -> Page[LeadRecord]:
        """Return leads by call priority or newest first; see the port."""
        query = "lead_list_call_first" if leads.call_first else "lead_list_newest"
        after = _position(cursor, leads)
        rows = await self._database.fetch(
            queries.load(query),
            tenant_id,
            leads.status,
            leads.grade,
            leads.qualification,
            *after,
            limit + 1,
        )
        records = tuple(_record(row) for row in rows[:limit])
        if len(rows) <= limit:
            return Page(records, None)
        last = rows[limit - 1]
        place = last["call_priority"] if leads.call_first else last["received_at"].isoformat()
        return Page(records, encode_cursor(place, last["lead_id"]))

    async def change(
        self,
        tenant_id: TenantId,
        lead_id: LeadId,
        change: Callable[[LeadRecord], LeadRecord],
        rescore: Submission | None,
    ) -> LeadRecord:
        """Apply a pure change to a locked lead and queue its analysis; see the port."""

        async def apply(connection: Connection) -> tuple[LeadRecord, bool]:
            return await self._change(connection, (tenant_id, lead_id), change, rescore)

        changed, queued = await in_transaction(self._database, apply, what="change")
        if queued and rescore is not None:
            self._announce(rescore.kind)
        return changed

    async def _change(
        self,
        connection: Connection,
        key: tuple[TenantId, LeadId],
        change: Callable[[LeadRecord], LeadRecord],
        rescore: Submission | None,
    ) -> tuple[LeadRecord, bool]:
        """Return the record as it is now, and whether anything changed.

        The names to lock follow from the change, and the change from what is stored: it is tried
        first without locks, and done under those of its outcome.
        """
        tenant_id, _ = key
        guess = change(await _get(connection, *key))
        known = (await _get(connection, *key)).lead.contact
        names = {lead_name(*key), *contact_names(tenant_id, guess.lead.contact)}
        names.update(contact_names(tenant_id, known))
        await lock_names(connection, names | names_of([rescore] if rescore else []))
        await connection.execute(queries.load("lead_lock_family"), *key)
        before = await _get(connection, *key)
        after = change(before)
        if after.lead == before.lead and after.overrides == before.overrides:
            return before, False
        if not names.issuperset(contact_names(tenant_id, after.lead.contact)):
            raise RaceLostError
        await self._write_change(connection, tenant_id, before, after)
        if rescore is not None:
            await admit(connection, [rescore], self._nobody)
        if _decide_links(before.lead) != _decide_links(after.lead):
            rows = await connection.fetch(queries.load("lead_duplicates"), *key)
            await self._relink(connection, tenant_id, rows, stays_with=key[1])
        return await _get(connection, *key), True

    async def _write_change(
        self, connection: Connection, tenant_id: TenantId, before: LeadRecord, after: LeadRecord
    ) -> None:
        keys = contact_keys(after.lead.contact)
        link = before.duplicate_of
        if _decide_links(before.lead) != _decide_links(after.lead):
            link = await self._link(connection, tenant_id, after.lead, before.received_at)
        await connection.execute(
            queries.load("admit_leads"),
            [tenant_id],
            [before.lead.lead_id],
            [before.version + 1],
            [after.lead.model_dump_json()],
            [after.lead.status.value],
            [after.lead.service],
            [before.received_at],
            [link],
            [before.version],
        )
        await connection.execute(
            queries.load("admit_contact_keys"),
            [tenant_id],
            [before.lead.lead_id],
            [tenant_id for _ in keys],
            [before.lead.lead_id for _ in keys],
            list(keys),
        )
        if after.overrides != before.overrides:
            await connection.execute(
                queries.load("lead_change_overrides"),
                tenant_id,
                before.lead.lead_id,
                OVERRIDES.dump_json(after.overrides).decode(),
                before.version + 1,
            )

    async def _link(
        self, connection: Connection, tenant_id: TenantId, lead: Lead, received_at: datetime
    ) -> LeadId | None:
        keys = contact_keys(lead.contact)
        tenants = [tenant_id for _ in keys]
        if not keys:
            return None
        rows = await connection.fetch(
            queries.load("admit_earlier_leads"), tenants, list(keys), [], []
        )
        others = {row["lead_id"]: row for row in rows if row["lead_id"] != lead.lead_id}
        earlier = [
            EarlierLead(
                LeadId(lead_id),
                row["received_at"],
                LeadStatus(row["status"]),
                row["service"],
                row["duplicate_of"],
            )
            for lead_id, row in others.items()
        ]
        return first_of(earlier, service=lead.service, received_at=received_at)

    async def delete(self, tenant_id: TenantId, lead_id: LeadId) -> Sequence[TaskId]:
        """Delete a lead with everything derived from it; see the port."""

        async def remove(connection: Connection) -> tuple[Sequence[LeadId], Sequence[TaskId]]:
            return await self._delete(connection, tenant_id, lead_id)

        relinked, ended = await in_transaction(self._database, remove, what="deletion")
        if relinked:
            self._announce(LEAD_ANALYSIS)
        return ended

    async def _delete(
        self, connection: Connection, tenant_id: TenantId, lead_id: LeadId
    ) -> tuple[Sequence[LeadId], Sequence[TaskId]]:
        contact = (await _get(connection, tenant_id, lead_id)).lead.contact
        names = {lead_name(tenant_id, lead_id), *contact_names(tenant_id, contact)}
        await lock_names(connection, names)
        await connection.execute(queries.load("lead_lock_family"), tenant_id, lead_id)
        tasks = await connection.fetch(queries.load("lead_lock_tasks"), tenant_id, lead_id)
        if (await _get(connection, tenant_id, lead_id)).lead.contact != contact:
            raise RaceLostError
        orphans = await connection.fetch(queries.load("lead_duplicates"), tenant_id, lead_id)
        repeated = [row["lead_id"] for row in orphans]
        await connection.execute(queries.load("lead_forget_first"), tenant_id, repeated, lead_id)
        await connection.execute(queries.load("lead_delete"), tenant_id, lead_id)
        ended = [TaskId(task["task_id"]) for task in tasks if task["is_open"]]
        return await self._relink(connection, tenant_id, orphans, stays_with=None), ended

    async def _relink(
        self,
        connection: Connection,
        tenant_id: TenantId,
        rows: Sequence[asyncpg.Record],
        *,
        stays_with: LeadId | None,
    ) -> Sequence[LeadId]:
        """Decide the links of duplicates anew; queue and return those that left ``stays_with``."""
        left: list[LeadId] = []
        for row in rows:
            lead = read_document(Lead, row["document"])
            link = await self._link(connection, tenant_id, lead, row["received_at"])
            if link is None or link != stays_with:
                await connection.execute(queries.load("lead_relink"), tenant_id, lead.lead_id, link)
                left.append(LeadId(lead.lead_id))
        rescores = [
            Submission(self._new_task_id(), tenant_id, LEAD_ANALYSIS, lead_id=one) for one in left
        ]
        await admit(connection, rescores, self._nobody)
        return left


def _decide_links(lead: Lead) -> tuple[object, ...]:
    """Return what of a lead decides whether it repeats another, or another repeats it."""
    return lead.contact, lead.service, lead.status


async def _get(connection: Connection, tenant_id: TenantId, lead_id: LeadId) -> LeadRecord:
    row = await connection.fetchrow(queries.load("lead_get"), tenant_id, lead_id)
    if row is None:
        raise NotFoundError("lead", lead_id)
    return _record(row)


def _record(row: asyncpg.Record) -> LeadRecord:
    analysis = row["analysis"]
    return LeadRecord(
        lead=read_document(Lead, row["document"]),
        version=row["version"],
        received_at=row["received_at"],
        updated_at=row["updated_at"],
        overrides=read_documents(OVERRIDES, row["overrides"]),
        duplicate_of=row["duplicate_of"],
        analysis=read_document(LeadAnalysis, analysis) if analysis else None,
    )


def _position(cursor: str | None, leads: LeadFilter) -> tuple[datetime | float | None, str | None]:
    if cursor is None:
        return None, None
    if leads.call_first:
        priority, lead_id = decode_cursor(cursor, float, str)
        return float(priority), str(lead_id)
    return decode_moment(cursor)
