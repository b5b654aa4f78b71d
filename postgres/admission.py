"""Admission in one transaction: idempotency keys, leads and their duplicates, tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
from pydantic import TypeAdapter

from domain.admission import stored_form
from domain.analysis import AnalysisInput, FirstLead, Override
from domain.duplicates import EarlierLead, contact_keys, first_of
from domain.errors import (
    ConflictError,
    GardenosError,
    IdempotencyConflictError,
    NotFoundError,
)
from domain.ids import LeadId, TaskId, WorkerId
from domain.lead import Lead, LeadStatus
from domain.task import (
    BOOST_S,
    ENVELOPE_SCHEMA_VERSION,
    Admission,
    Submission,
    TaskEnvelope,
)
from postgres import queries
from postgres.documents import read_document, read_documents
from postgres.name_locks import lock_names, names_of
from postgres.pool import Connection
from postgres.retries import RaceLostError

LeadKey = tuple[str, str]
OVERRIDES: TypeAdapter[tuple[Override, ...]] = TypeAdapter(tuple[Override, ...])


@dataclass(slots=True)
class _Stored:
    """A lead as it will stand at commit; ``read_version`` is 0 where it was not stored yet."""

    lead: Lead
    version: int
    received_at: datetime
    duplicate_of: LeadId | None
    overrides_json: str = "[]"
    read_version: int = 0
    changed: bool = False


@dataclass(slots=True)
class _Plan:
    """What one batch will write."""

    answers: list[Admission | GardenosError | None]
    leads: dict[LeadKey, _Stored] = field(default_factory=dict)
    tasks: list[int] = field(default_factory=list)
    followers: dict[int, int] = field(default_factory=dict)


async def admit(
    connection: Connection,
    submissions: Sequence[Submission],
    worker: WorkerId,
    *,
    refused: Mapping[TaskId, GardenosError] | None = None,
) -> list[Admission | GardenosError]:
    """Store a batch inside the caller's transaction; one answer each, in order.

    Those in ``refused`` are answered so unless their idempotency key is known.

    Raises:
        RaceLostError: A key or a lead's id was taken while this ran; roll back and run again.
    """
    await lock_names(connection, names_of(submissions))
    plan = _Plan(answers=[None] * len(submissions))
    await _answer_known_keys(connection, submissions, plan)
    _refuse(submissions, plan, refused or {})
    await _plan_leads(connection, submissions, plan)
    _refuse_followers(plan)
    await _write_leads(connection, plan)
    await _write_tasks(connection, submissions, plan, worker)
    if any(isinstance(answer, Admission) and not answer.created for answer in plan.answers):
        await connection.execute(queries.load("admit_known_wait"))
    return [answer for answer in plan.answers if answer is not None]


async def _answer_known_keys(
    connection: Connection, submissions: Sequence[Submission], plan: _Plan
) -> None:
    keys = [(one.tenant_id, one.idempotency_key) for one in submissions if one.idempotency_key]
    known: dict[tuple[str, str], tuple[TaskId, bytes, str | None]] = {}
    if keys:
        rows = await connection.fetch(
            queries.load("admit_known_keys"),
            [key[0] for key in keys],
            [key[1] for key in keys],
            [one.request_digest for one in submissions if one.idempotency_key],
        )
        for row in rows:
            known[row["tenant_id"], row["idempotency_key"]] = (
                row["task_id"],
                row["request_digest"],
                row["lead_id"],
            )
    leaders: dict[tuple[str, str], int] = {}
    for index, one in enumerate(submissions):
        if not one.idempotency_key:
            continue
        key = (one.tenant_id, one.idempotency_key)
        if key not in known:
            known[key] = (one.task_id, one.request_digest, _lead_id_of(one))
            leaders[key] = index
            continue
        task_id, digest, lead_id = known[key]
        if digest == one.request_digest:
            lead = LeadId(lead_id) if lead_id else None
            plan.answers[index] = Admission(task_id, None, created=False, lead_id=lead)
            if key in leaders:
                plan.followers[index] = leaders[key]
        else:
            plan.answers[index] = IdempotencyConflictError(
                "idempotency key", one.idempotency_key, "it was used for another request"
            )


def _refuse(
    submissions: Sequence[Submission], plan: _Plan, refused: Mapping[TaskId, GardenosError]
) -> None:
    for index, one in enumerate(submissions):
        if plan.answers[index] is None:
            plan.answers[index] = refused.get(one.task_id)


def _refuse_followers(plan: _Plan) -> None:
    """Refuse what repeats a submission of this batch that was refused: there is no first task."""
    for follower, leader in plan.followers.items():
        refusal = plan.answers[leader]
        if isinstance(refusal, GardenosError):
            plan.answers[follower] = refusal


def _lead_id_of(one: Submission) -> str | None:
    return one.lead.lead_id if one.lead else one.lead_id


async def _plan_leads(
    connection: Connection, submissions: Sequence[Submission], plan: _Plan
) -> None:
    open_indexes = [index for index, answer in enumerate(plan.answers) if answer is None]
    brought = [submissions[i] for i in open_indexes if submissions[i].lead]
    keys = sorted({(one.tenant_id, key) for one in brought for key in _keys(one.lead)})
    await _load_stored(connection, [submissions[i] for i in open_indexes], plan)
    earlier, first_leads = await _load_earlier(connection, keys, plan)
    analyses = await _load_analyses(connection, [submissions[i] for i in open_indexes])
    received_at: datetime = (
        await connection.fetchval("select clock_timestamp()") if brought else datetime.now(UTC)
    )
    for place, index in enumerate(open_indexes):
        one = submissions[index]
        try:
            _plan_one(one, plan, earlier, received_at + timedelta(microseconds=place))
        except ConflictError as refusal:
            plan.answers[index] = refusal
            continue
        lead_id = _lead_id_of(one)
        stored = plan.leads.get((one.tenant_id, lead_id)) if lead_id else None
        if lead_id and stored is None:
            plan.answers[index] = NotFoundError("lead", lead_id)
            continue
        plan.tasks.append(index)
        plan.answers[index] = Admission(
            one.task_id,
            _envelope(one, _payload(one, stored, first_leads, analyses)) if one.direct else None,
            created=True,
            lead_id=LeadId(lead_id) if lead_id else None,
            lead_version=stored.version if stored else None,
        )


def _keys(lead: Lead | None) -> tuple[str, ...]:
    return contact_keys(lead.contact) if lead else ()


async def _load_stored(
    connection: Connection, submissions: Sequence[Submission], plan: _Plan
) -> None:
    wanted = sorted(
        {(one.tenant_id, lead_id) for one in submissions if (lead_id := _lead_id_of(one))}
    )
    if not wanted:
        return
    rows = await connection.fetch(
        queries.load("admit_stored_leads"), [key[0] for key in wanted], [key[1] for key in wanted]
    )
    for row in rows:
        plan.leads[row["tenant_id"], row["lead_id"]] = _Stored(
            read_document(Lead, row["document"]),
            row["version"],
            row["received_at"],
            row["duplicate_of"],
            row["overrides"],
            read_version=row["version"],
        )


async def _load_analyses(
    connection: Connection, submissions: Sequence[Submission]
) -> dict[LeadKey, str]:
    """Return the newest analyses, as JSON, of leads that direct tasks with a payload are about."""
    wanted = sorted(
        {
            (one.tenant_id, lead_id)
            for one in submissions
            if one.direct and one.payload is not None and (lead_id := _lead_id_of(one))
        }
    )
    if not wanted:
        return {}
    rows = await connection.fetch(
        queries.load("admit_analyses"), [key[0] for key in wanted], [key[1] for key in wanted]
    )
    return {(row["tenant_id"], row["lead_id"]): row["document"] for row in rows}


async def _load_earlier(
    connection: Connection, keys: Sequence[LeadKey], plan: _Plan
) -> tuple[dict[LeadKey, dict[LeadId, EarlierLead]], dict[LeadKey, FirstLead]]:
    links = [
        (tenant, lead.duplicate_of) for (tenant, _), lead in plan.leads.items() if lead.duplicate_of
    ]
    earlier: dict[LeadKey, dict[LeadId, EarlierLead]] = {}
    first_leads: dict[LeadKey, FirstLead] = {}
    if not keys and not links:
        return earlier, first_leads
    rows: list[asyncpg.Record] = await connection.fetch(
        queries.load("admit_earlier_leads"),
        [key[0] for key in keys],
        [key[1] for key in keys],
        [link[0] for link in links],
        [link[1] for link in links],
    )
    for row in rows:
        tenant, lead_id = row["tenant_id"], LeadId(row["lead_id"])
        first_leads[tenant, lead_id] = FirstLead(
            lead_id=lead_id, grade=row["grade"], qualification=row["qualification"]
        )
        if row["contact_key"] is not None:
            earlier.setdefault((tenant, row["contact_key"]), {})[lead_id] = EarlierLead(
                lead_id,
                row["received_at"],
                LeadStatus(row["status"]),
                row["service"],
                row["duplicate_of"],
            )
    return earlier, first_leads


def _plan_one(
    one: Submission,
    plan: _Plan,
    earlier: dict[LeadKey, dict[LeadId, EarlierLead]],
    received_at: datetime,
) -> None:
    if one.lead is None:
        return
    key = (one.tenant_id, one.lead.lead_id)
    stored = plan.leads.get(key)
    lead = stored_form(one.lead, stored.lead if stored else None, replace=one.replace)
    if stored and lead == stored.lead:
        return
    link = stored.duplicate_of if stored else None
    received = stored.received_at if stored else received_at
    if stored is None or stored.lead.contact != lead.contact:
        link = _link(one.tenant_id, lead, earlier, received)
    version = stored.version + 1 if stored else 1
    overrides = stored.overrides_json if stored else "[]"
    plan.leads[key] = _Stored(
        lead,
        version,
        received,
        link,
        overrides,
        read_version=stored.read_version if stored else 0,
        changed=True,
    )
    lead_id = LeadId(lead.lead_id)
    for contact_key in contact_keys(lead.contact):
        earlier.setdefault((one.tenant_id, contact_key), {})[lead_id] = EarlierLead(
            lead_id, received, lead.status, lead.service, link
        )


def _link(
    tenant_id: str,
    lead: Lead,
    earlier: dict[LeadKey, dict[LeadId, EarlierLead]],
    received_at: datetime,
) -> LeadId | None:
    candidates = {
        lead_id: other
        for contact_key in contact_keys(lead.contact)
        for lead_id, other in earlier.get((tenant_id, contact_key), {}).items()
        if lead_id != lead.lead_id
    }
    return first_of(candidates.values(), service=lead.service, received_at=received_at)


def _payload(
    one: Submission,
    stored: _Stored | None,
    first_leads: dict[LeadKey, FirstLead],
    analyses: dict[LeadKey, str],
) -> bytes:
    """Return what the agent gets, as the claim joins it for tasks that nobody waits for."""
    if stored is None:
        return one.payload or b""
    if one.payload is not None:
        analysis = analyses.get((one.tenant_id, stored.lead.lead_id), "null")
        return b'{"request":%b,"lead":%b,"lead_version":%d,"analysis":%b}' % (
            one.payload,
            stored.lead.model_dump_json().encode(),
            stored.version,
            analysis.encode(),
        )
    link = stored.duplicate_of
    first = first_leads.get((one.tenant_id, link)) or FirstLead(lead_id=link) if link else None
    return analysis_input(stored.lead, stored.version, stored.overrides_json, first)


def _envelope(one: Submission, payload: bytes) -> TaskEnvelope:
    return TaskEnvelope(
        schema_version=ENVELOPE_SCHEMA_VERSION,
        task_id=one.task_id,
        tenant_id=one.tenant_id,
        kind=one.kind,
        attempt=1,
        priority=one.priority,
        deadline_unix_s=one.deadline_unix_s,
        payload=payload,
        max_attempts=one.max_attempts,
        direct=True,
    )


def analysis_input(lead: Lead, version: int, overrides_json: str, first: FirstLead | None) -> bytes:
    """Return the JSON of the AnalysisInput that the lead analysis agent reads."""
    overrides = read_documents(OVERRIDES, overrides_json) if overrides_json != "[]" else ()
    value = AnalysisInput(lead=lead, lead_version=version, overrides=overrides, first=first)
    return value.model_dump_json().encode()


async def _write_leads(connection: Connection, plan: _Plan) -> None:
    changed = [(key, stored) for key, stored in plan.leads.items() if stored.changed]
    if not changed:
        return
    written = await connection.fetch(
        queries.load("admit_leads"),
        [tenant for (tenant, _), _ in changed],
        [lead_id for (_, lead_id), _ in changed],
        [stored.version for _, stored in changed],
        [stored.lead.model_dump_json() for _, stored in changed],
        [stored.lead.status.value for _, stored in changed],
        [stored.lead.service for _, stored in changed],
        [stored.received_at for _, stored in changed],
        [stored.duplicate_of for _, stored in changed],
        [stored.read_version for _, stored in changed],
    )
    if len(written) < len(changed):
        raise RaceLostError
    keys = [
        (tenant, lead_id, contact_key)
        for (tenant, lead_id), stored in changed
        for contact_key in contact_keys(stored.lead.contact)
    ]
    await connection.execute(
        queries.load("admit_contact_keys"),
        [tenant for (tenant, _), _ in changed],
        [lead_id for (_, lead_id), _ in changed],
        [key[0] for key in keys],
        [key[1] for key in keys],
        [key[2] for key in keys],
    )


async def _write_tasks(
    connection: Connection, submissions: Sequence[Submission], plan: _Plan, worker: WorkerId
) -> None:
    tasks = [submissions[index] for index in plan.tasks]
    if not tasks:
        return
    rows = await connection.fetch(
        queries.load("admit_tasks"),
        [one.task_id for one in tasks],
        [one.tenant_id for one in tasks],
        [one.kind for one in tasks],
        [one.priority.value for one in tasks],
        [BOOST_S[one.priority] for one in tasks],
        [_lead_id_of(one) for one in tasks],
        [one.payload.decode() if one.payload is not None else None for one in tasks],
        [one.max_attempts for one in tasks],
        [one.direct for one in tasks],
        [_time(one.deadline_unix_s) for one in tasks],
        [one.idempotency_key for one in tasks],
        [one.request_digest or None for one in tasks],
        worker,
    )
    if len(rows) < len(tasks):
        raise RaceLostError


def _time(unix_s: float | None) -> datetime | None:
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC)
