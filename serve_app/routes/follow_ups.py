"""The resource ``/v1/follow-ups``: ask for a draft, read it, approve, reject or edit it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.errors import ConflictError
from domain.follow_up import Body as DraftBody
from domain.follow_up import (
    DraftState,
    FollowUp,
    FollowUpRecord,
    FollowUpRequest,
    Subject,
)
from domain.ids import LeadId, TaskId
from domain.lead import Frozen, Lead, LeadIdText
from domain.task import FOLLOW_UP, TaskState
from serve_app.approval import Check, Checked, Text, Word, approve, edit, reject
from serve_app.json_route import JsonRoute
from serve_app.problems import documented
from serve_app.routes.call import (
    DEFAULT_PAGE,
    MAX_PAGE,
    AskCall,
    Call,
    ChangeCall,
    ReadCall,
    digest_of,
)
from serve_app.routes.direct import TASK_HEADER, code_and_sentence, result_of
from serve_app.routes.examples import (
    APPROVE_EXAMPLES,
    EDIT_EXAMPLES,
    FOLLOW_UP_EXAMPLES,
    REJECT_EXAMPLES,
)
from serve_app.routes.person import Person, readable
from serve_app.routes.views import PageView
from serve_app.services import Answer

router = APIRouter(prefix="/v1/follow-ups", tags=["follow-ups"], route_class=JsonRoute)

REFUSALS = frozenset({"channel_closed", "no_channel", "lead_disqualified"})
"""Codes of the agent that speak of the lead, not of a fault: nobody should write to it."""

FollowUpPath = Annotated[UUID, Path(description="The draft's id, a UUID: that of its task.")]

SeenVersion = Annotated[
    int | None,
    Field(
        ge=1,
        description="The `version` the person saw; where the draft is at another, 409 and nothing"
        " changes.",
    ),
]


class FollowUpQuery(BaseModel):
    """Which drafts to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: DraftState | None = None
    lead_id: LeadIdText | None = None
    cursor: str | None = Field(default=None, max_length=512, description="From the page before.")
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE)


class ApproveInput(Frozen):
    """A person's approval."""

    by: Person = Field(description="Who approves.")
    version: SeenVersion = None
    reason: Annotated[str, Field(max_length=400)] = ""
    despite_findings: bool = Field(
        default=False,
        description="True where the person saw blocking findings and approves all the same. A"
        " channel that the lead closed is not approved even so.",
    )


class RejectInput(Frozen):
    """A person's rejection."""

    by: Person = Field(description="Who rejects.")
    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(readable)]
    version: SeenVersion = None


class EditInput(Frozen):
    """A person's text in the place of the one before."""

    by: Person = Field(description="Who edits.")
    subject: Subject | None = Field(
        default=None, description="E-mail only; the one before stays where it is absent."
    )
    body: Annotated[DraftBody, AfterValidator(readable)]
    version: SeenVersion = None


@router.post(
    "",
    operation_id="createFollowUp",
    summary="Draft a follow-up now",
    status_code=201,
    responses=documented(404, 409, 413, 415, 429, 502),
)
async def create(
    call: AskCall,
    request: Annotated[FollowUpRequest, Body(openapi_examples=FOLLOW_UP_EXAMPLES)],
    response: Response,
) -> FollowUpRecord:
    """Draft a message to a stored lead and keep it until a person decides; nothing is sent.

    Refused with 409 where the lead closed the channel, has none that is open, or is disqualified.
    """
    payload = request.model_dump_json().encode()
    submission = call.submission(
        FOLLOW_UP,
        lead_id=LeadId(request.lead_id),
        payload=payload,
        direct=True,
        deadline_unix_s=call.deadline_unix_s if call.names_deadline else None,
        request_digest=digest_of("follow-up", request.model_dump(mode="json")),
    )
    answer = await call.services.engine.answer(submission)
    _refuse(answer, request.lead_id)
    result_of(answer, what="the draft", deadline_unix_s=call.deadline_unix_s)
    record = await call.services.follow_ups.get(call.tenant_id, answer.task_id)
    response.headers["Location"] = f"/v1/follow-ups/{record.follow_up_id}"
    response.headers[TASK_HEADER] = str(answer.task_id)
    return record


def _refuse(answer: Answer, lead_id: str) -> None:
    """Raise ConflictError where the agent says that nobody should write to the lead."""
    code, sentence = code_and_sentence(answer.error)
    if answer.state is TaskState.FAILED and code in REFUSALS:
        raise ConflictError("lead", lead_id, sentence)


@router.get("", operation_id="listFollowUps", summary="List drafts", responses=documented())
async def list_follow_ups(
    call: ReadCall, query: Annotated[FollowUpQuery, Query()]
) -> PageView[FollowUpRecord]:
    """Return a page of drafts, newest first; `state=awaiting_approval` is the list of work."""
    page = await call.services.follow_ups.list(
        call.tenant_id,
        state=query.state,
        lead_id=LeadId(query.lead_id) if query.lead_id else None,
        cursor=query.cursor,
        limit=query.limit,
    )
    return PageView(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/{follow_up_id}",
    operation_id="getFollowUp",
    summary="Read a draft",
    responses=documented(404),
)
async def read(call: ReadCall, follow_up_id: FollowUpPath) -> FollowUpRecord:
    """Return a draft with every edit and decision, oldest first."""
    return await call.services.follow_ups.get(call.tenant_id, TaskId(follow_up_id))


@router.post(
    "/{follow_up_id}/approve",
    operation_id="approveFollowUp",
    summary="Approve a draft",
    responses=documented(404, 409, 413, 415),
)
async def approve_draft(
    call: ChangeCall,
    follow_up_id: FollowUpPath,
    told: Annotated[ApproveInput, Body(openapi_examples=APPROVE_EXAMPLES)],
) -> FollowUpRecord:
    """Approve the text as it stands: the newest edit, or the draft. Final.

    The checks look at it again, with the lead as it is now. Refused with 409 where the channel is
    closed to the lead, and, without `despite_findings`, where they see something blocking.
    """
    word = Word(told.by, call.services.now(), told.reason, told.version)
    check = await _check(call, TaskId(follow_up_id))

    def apply(record: FollowUpRecord, lead: Lead) -> FollowUpRecord:
        return approve(record, lead, word, check=check, despite_findings=told.despite_findings)

    return await call.services.follow_ups.change(call.tenant_id, TaskId(follow_up_id), apply)


@router.post(
    "/{follow_up_id}/reject",
    operation_id="rejectFollowUp",
    summary="Reject a draft",
    responses=documented(404, 409, 413, 415),
)
async def reject_draft(
    call: ChangeCall,
    follow_up_id: FollowUpPath,
    told: Annotated[RejectInput, Body(openapi_examples=REJECT_EXAMPLES)],
) -> FollowUpRecord:
    """Reject a draft, with the reason. Final; ask for a new one where another is wanted."""
    word = Word(told.by, call.services.now(), told.reason, told.version)
    return await call.services.follow_ups.change(
        call.tenant_id, TaskId(follow_up_id), lambda record, _: reject(record, word)
    )


@router.post(
    "/{follow_up_id}/edit",
    operation_id="editFollowUp",
    summary="Change a draft's text",
    responses=documented(404, 409, 413, 415),
)
async def edit_draft(
    call: ChangeCall,
    follow_up_id: FollowUpPath,
    told: Annotated[EditInput, Body(openapi_examples=EDIT_EXAMPLES)],
) -> FollowUpRecord:
    """Put a person's text in the place of the draft's; the one before is kept.

    The checks look at it again and their findings are shown; they do not stop an edit. The same
    text again changes nothing.
    """
    word = Word(told.by, call.services.now(), version=told.version)
    text = Text(told.subject, told.body)
    check = await _check(call, TaskId(follow_up_id))

    def apply(record: FollowUpRecord, lead: Lead) -> FollowUpRecord:
        return edit(record, lead, word, text=text, check=check)

    return await call.services.follow_ups.change(call.tenant_id, TaskId(follow_up_id), apply)


async def _check(call: Call, follow_up_id: TaskId) -> Check:
    """Return the check of a draft's texts, with the analysis of the lead as it is now.

    One of an older version says nothing of what was written since; patterns read that instead.
    """
    record = await call.services.follow_ups.get(call.tenant_id, follow_up_id)
    stored = await call.services.leads.get(call.tenant_id, LeadId(record.draft.lead_id))
    newest = stored.analysis

    def check(draft: FollowUp, lead: Lead, seen: Text) -> Checked:
        is_current = newest is not None and newest.lead_version == stored.version
        analysis = newest if is_current and lead == stored.lead else None
        return call.services.check_draft(draft, lead, analysis, seen)

    return check
