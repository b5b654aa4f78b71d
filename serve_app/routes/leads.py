"""The resource ``/v1/leads``: take in, answer now, list, read, change, delete."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.analysis import Grade, LeadAnalysis, Qualification
from domain.caller import Scope
from domain.errors import GardenosError
from domain.lead import LeadIdText, LeadStatus, typed_lead_id
from domain.ports import LeadFilter, LeadRecord
from domain.task import LEAD_ANALYSIS
from serve_app.json_route import JsonRoute
from serve_app.merge_patch import patched
from serve_app.problems import documented
from serve_app.routes.call import (
    DEFAULT_PAGE,
    MAX_PAGE,
    AskCall,
    Call,
    ChangeCall,
    DeleteCall,
    ReadCall,
    WriteCall,
    digest_of,
    task_address,
    typed_id,
)
from serve_app.routes.direct import TASK_HEADER, result_of
from serve_app.routes.examples import LEAD_EXAMPLES, PATCH_EXAMPLES
from serve_app.routes.views import (
    LeadAccepted,
    LeadChanged,
    LeadDetail,
    LeadObject,
    LeadView,
    PageView,
    TaskReference,
)

router = APIRouter(prefix="/v1/leads", tags=["leads"], route_class=JsonRoute)

DETAIL_LIMIT = 50
"""Most analyses, drafts and tasks that come with one lead."""

LeadBody = Annotated[LeadObject, Body(openapi_examples=LEAD_EXAMPLES)]
LeadPath = Annotated[LeadIdText, Path(description="The lead's id.", examples=["web-2026-1042"])]


class Sort(StrEnum):
    """Orders of the list."""

    CALL_FIRST = "call_first"
    NEWEST = "newest"


class LeadQuery(BaseModel):
    """Which leads to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sort: Sort = Field(
        default=Sort.NEWEST,
        description="`call_first`: whom to call, best first; leaves out whom nobody should call.",
    )
    status: LeadStatus | None = None
    grade: Grade | None = None
    qualification: Qualification | None = None
    cursor: str | None = Field(default=None, max_length=512, description="From the page before.")
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE)


@router.post(
    "/analyze",
    operation_id="analyzeLead",
    summary="Score a lead now",
    response_model=LeadAnalysis,
    responses=documented(409, 413, 415, 429, 502),
)
async def analyze(call: AskCall, raw: LeadBody) -> Response:
    """Store the lead, analyse it, and answer with the analysis.

    A stored lead of the same `lead_id` is replaced. The header `Gardenos-Task-Id` names the task.
    The analysis tells what is known of the person already, so that the caller must be allowed to
    read; one who may only write brings leads by `POST /v1/leads`.
    """
    lead = call.services.read_lead(raw, call.services.now())
    submission = call.submission(
        lead=lead,
        lead_id=typed_lead_id(lead),
        replace=True,
        direct=True,
        deadline_unix_s=call.deadline_unix_s if call.names_deadline else None,
        request_digest=digest_of("analyze", raw),
    )
    answer = await call.services.engine.answer(submission)
    return Response(
        result_of(answer, what="the analysis", deadline_unix_s=call.deadline_unix_s),
        media_type="application/json",
        headers={TASK_HEADER: str(answer.task_id), "Location": task_address(answer.task_id)},
    )


@router.post(
    "",
    operation_id="createLead",
    summary="Take in a lead",
    status_code=202,
    responses=documented(409, 413, 415, 429),
)
async def create(call: WriteCall, raw: LeadBody, response: Response) -> LeadAccepted:
    """Store a lead and queue its analysis; both are safe when the answer comes."""
    lead = call.services.read_lead(raw, call.services.now())
    submission = call.submission(
        lead=lead, lead_id=typed_lead_id(lead), request_digest=digest_of("lead", raw)
    )
    (admission,) = await call.services.engine.submit([submission])
    if isinstance(admission, GardenosError):
        raise admission
    version = admission.lead_version or 1
    if not admission.created and admission.lead_id is not None:
        if call.caller.lacks(Scope.READ):  # what became of the lead since is not for this caller
            lead = lead.model_copy(update={"lead_id": admission.lead_id})
        else:
            record = await call.services.leads.get(call.tenant_id, admission.lead_id)
            lead, version = record.lead, record.version
    response.headers["Location"] = f"/v1/leads/{lead.lead_id}"
    task = TaskReference.of(admission.task_id, created=admission.created)
    return LeadAccepted(lead=lead, version=version, task=task)


@router.get(
    "", operation_id="listLeads", summary="List leads, or whom to call", responses=documented()
)
async def list_leads(call: ReadCall, query: Annotated[LeadQuery, Query()]) -> PageView[LeadView]:
    """Return a page of leads with their newest analysis."""
    wanted = LeadFilter(
        status=query.status,
        grade=query.grade,
        qualification=query.qualification,
        call_first=query.sort is Sort.CALL_FIRST,
    )
    page = await call.services.leads.list(
        call.tenant_id, wanted, cursor=query.cursor, limit=query.limit
    )
    return PageView(
        items=tuple(LeadView.of(record) for record in page.items), next_cursor=page.next_cursor
    )


@router.get(
    "/{lead_id:path}",
    operation_id="getLead",
    summary="Read a lead with all that is known about it",
    responses=documented(404),
)
async def read(call: ReadCall, lead_id: LeadPath) -> LeadDetail:
    """Return a lead with its analyses, drafts and tasks, each newest first."""
    services, name = call.services, typed_id(lead_id)
    record = await services.leads.get(call.tenant_id, name)
    tasks = await services.tasks.list(
        call.tenant_id, state=None, kind=None, lead_id=name, cursor=None, limit=DETAIL_LIMIT
    )
    drafts = await services.follow_ups.list(
        call.tenant_id, state=None, lead_id=name, cursor=None, limit=DETAIL_LIMIT
    )
    return LeadDetail(
        **LeadView.values(record),
        analyses=await services.analyses.list_for_lead(call.tenant_id, name, limit=DETAIL_LIMIT),
        drafts=drafts.items,
        tasks=tasks.items,
    )


@router.patch(
    "/{lead_id:path}",
    operation_id="changeLead",
    summary="Change a lead",
    responses=documented(404, 409, 413, 415, 429),
)
async def change(
    call: ChangeCall,
    lead_id: LeadPath,
    patch: Annotated[dict[str, Any], Body(openapi_examples=PATCH_EXAMPLES)],
) -> LeadChanged:
    """Apply a JSON merge patch (RFC 7396): null removes, lists are replaced; analyse it again.

    `lead_id`, `created_at`, `flags` and `set_aside` cannot be changed.
    """

    def apply(record: LeadRecord) -> LeadRecord:
        raw = patched(record.lead, patch)
        return replace(record, lead=call.services.read_lead(raw, record.received_at))

    return await change_lead(call, lead_id, apply)


@router.delete(
    "/{lead_id:path}",
    operation_id="deleteLead",
    summary="Delete a lead with everything derived from it",
    status_code=204,
    responses=documented(404),
)
async def delete(call: DeleteCall, lead_id: LeadPath) -> None:
    """Delete the lead, its analyses, drafts, outcomes and tasks; costs stay, without the lead.

    What runs about it is stopped at once; a direct call that waits for it is answered 409.
    """
    ended = await call.services.leads.delete(call.tenant_id, typed_id(lead_id))
    call.services.engine.forget(ended)


async def change_lead(
    call: Call,
    lead_id: LeadIdText,
    apply: Callable[[LeadRecord], LeadRecord],
    *,
    must_be_heard: bool = False,
) -> LeadChanged:
    """Change a stored lead and queue its analysis where that altered something.

    Args:
        call: Whose lead.
        lead_id: Which.
        apply: The change.
        must_be_heard: Whether it is made even where the queue is full: an opt-out is never refused.

    Raises:
        OverloadedError: The queue has no room for the analysis; nothing was changed.
    """
    if not must_be_heard:
        await call.services.engine.make_room(LEAD_ANALYSIS, call.tenant_id)
    versions_before: list[int] = []

    def watched(record: LeadRecord) -> LeadRecord:
        versions_before.append(record.version)
        return apply(record)

    rescore = call.submission(lead_id=typed_id(lead_id))
    record = await call.services.leads.change(call.tenant_id, typed_id(lead_id), watched, rescore)
    altered = record.version != versions_before[-1]
    task = TaskReference.of(rescore.task_id) if altered else None
    return LeadChanged(**LeadView.values(record), task=task)
