"""The resource ``/v1/tasks``: queue work, watch it, cancel it."""

import time
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import GardenosError, InvalidInputError
from domain.follow_up import FollowUpRequest
from domain.ids import AgentKind, LeadId, TaskId
from domain.lead import LeadIdText, typed_lead_id
from domain.moment import Moment
from domain.task import FOLLOW_UP, LEAD_ANALYSIS, Priority, Submission, Task, TaskState
from serve_app.json_route import DEADLINE_HEADER, MAX_DEADLINE_MS, JsonRoute
from serve_app.problems import documented, refused_field
from serve_app.routes.call import (
    DEFAULT_PAGE,
    MAX_PAGE,
    Call,
    ChangeCall,
    IdempotencyKey,
    ReadCall,
    WriteCall,
    digest_of,
)
from serve_app.routes.examples import TASK_EXAMPLES
from serve_app.routes.views import LeadObject, PageView, TaskReference

router = APIRouter(prefix="/v1/tasks", tags=["tasks"], route_class=JsonRoute)

MAX_WAIT_S = 60.0
"""Longest long poll."""

TaskPath = Annotated[UUID, Path(description="The task's id, a UUID.")]


class TaskInput(BaseModel):
    """A task to queue: about a stored lead, with a new lead, or with a payload of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default=LEAD_ANALYSIS, description="Which agent; see `GET /v1/agents`."
    )
    lead: LeadObject | None = Field(default=None, description="Stored together with the task.")
    replace: bool = Field(
        default=False,
        description="Whether a stored lead of the same `lead_id` and other content is replaced; it"
        " is refused otherwise.",
    )
    lead_id: LeadIdText | None = Field(default=None, description="A lead that is stored already.")
    payload: dict[str, Any] | None = Field(
        default=None,
        description="For agents that need more than a stored lead: for `follow_up` stage, channel,"
        " tone and language, as `POST /v1/follow-ups` takes them.",
    )
    priority: Priority = Priority.NORMAL
    deadline_at: Moment | None = Field(
        default=None, description="The task expires where it is not finished by then."
    )
    deadline_ms: int | None = Field(
        default=None,
        ge=1,
        le=MAX_DEADLINE_MS,
        description=f"The same in milliseconds from now. Of this, `deadline_at` and the header"
        f" `{DEADLINE_HEADER}` the earliest holds.",
    )
    idempotency_key: IdempotencyKey | None = Field(
        default=None,
        description="The task's own, in the place of the one its request's header gives it.",
    )


class TaskQuery(BaseModel):
    """Which tasks to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: TaskState | None = None
    kind: str | None = Field(default=None, max_length=64)
    lead_id: LeadIdText | None = None
    cursor: str | None = Field(default=None, max_length=512, description="From the page before.")
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE)


def read_task(call: Call, item: TaskInput, idempotency_key: str | None) -> Submission:
    """Return the submission that an item asks for.

    Raises:
        InvalidInputError: The item's parts do not fit its kind, or its lead cannot be one.
    """
    kind = call.check_kind(item.kind, "kind")
    payload = item.payload
    if kind == LEAD_ANALYSIS:
        _need_one_lead(item)
    elif kind == FOLLOW_UP:
        payload = _follow_up_payload(item)
    if item.lead is not None and item.lead_id is not None:
        raise InvalidInputError("lead_id", "both lead and lead_id", "one of them")
    if item.replace and item.lead is None:
        raise InvalidInputError("replace", "true", "true only together with lead")
    lead = None if item.lead is None else call.services.read_lead(item.lead, call.services.now())
    lead_id = LeadId(item.lead_id) if item.lead_id else None
    return call.submission(
        kind,
        priority=item.priority,
        payload=None if payload is None else orjson.dumps(payload),
        lead=lead,
        lead_id=lead_id if lead is None else typed_lead_id(lead),
        replace=item.replace,
        deadline_unix_s=_deadline_unix_s(item, call.work_deadline_unix_s),
        idempotency_key=item.idempotency_key or idempotency_key,
        request_digest=digest_of("task", _request_of(item)),
    )


def _request_of(item: TaskInput) -> dict[str, Any]:
    """Return what makes two requests the same; fields that later versions add change nothing."""
    return item.model_dump(mode="json", exclude={"idempotency_key"}, exclude_defaults=True)


def _need_one_lead(item: TaskInput) -> None:
    if item.payload is not None:
        raise InvalidInputError("payload", "an object", f"nothing for {LEAD_ANALYSIS}")
    if item.lead is None and item.lead_id is None:
        raise InvalidInputError("lead_id", "nothing", "lead or lead_id")


def _follow_up_payload(item: TaskInput) -> dict[str, Any]:
    """Return the request for a draft that a task carries, whole and with its lead."""
    if item.lead is not None:
        raise InvalidInputError("lead", "an object", "lead_id of a lead that is stored already")
    if item.lead_id is None:
        raise InvalidInputError("lead_id", "nothing", "the id of a stored lead")
    given = item.payload or {}
    if given.get("lead_id", item.lead_id) != item.lead_id:
        raise InvalidInputError("payload.lead_id", "another id", "nothing, or the task's lead_id")
    try:
        request = FollowUpRequest.model_validate({**given, "lead_id": item.lead_id})
    except ValidationError as error:
        raise refused_field(error, "payload") from error
    return request.model_dump(mode="json")


def _deadline_unix_s(item: TaskInput, of_request: float | None) -> float | None:
    """Return the earliest of the deadlines that are named, or None where none is."""
    now_unix_s = time.time()
    named = [] if of_request is None else [of_request]
    if item.deadline_ms is not None:
        named.append(now_unix_s + item.deadline_ms / 1000)
    if item.deadline_at is not None:
        named.append(item.deadline_at.timestamp())
        if named[-1] <= now_unix_s:
            raise InvalidInputError("deadline_at", item.deadline_at.isoformat(), "a time to come")
    return min(named, default=None)


@router.post(
    "",
    operation_id="createTask",
    summary="Queue a task",
    status_code=202,
    responses=documented(404, 409, 413, 415, 429),
)
async def create(
    call: WriteCall,
    item: Annotated[TaskInput, Body(openapi_examples=TASK_EXAMPLES)],
    response: Response,
) -> TaskReference:
    """Queue a task; it is stored when the answer comes and will be done."""
    submission = read_task(call, item, call.idempotency_key)
    (admission,) = await call.services.engine.submit([submission])
    if isinstance(admission, GardenosError):
        raise admission
    reference = TaskReference.of(admission.task_id, created=admission.created)
    response.headers["Location"] = reference.href
    return reference


@router.get("", operation_id="listTasks", summary="List tasks", responses=documented())
async def list_tasks(call: ReadCall, query: Annotated[TaskQuery, Query()]) -> PageView[Task]:
    """Return a page of tasks, newest first."""
    page = await call.services.tasks.list(
        call.tenant_id,
        state=query.state,
        kind=AgentKind(query.kind) if query.kind else None,
        lead_id=LeadId(query.lead_id) if query.lead_id else None,
        cursor=query.cursor,
        limit=query.limit,
    )
    return PageView(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/{task_id}",
    operation_id="getTask",
    summary="Read a task, or wait for its end",
    responses=documented(404),
)
async def read(
    call: ReadCall,
    task_id: TaskPath,
    wait_s: Annotated[
        float,
        Query(ge=0, le=MAX_WAIT_S, description="Answer when it is finished, or after so long."),
    ] = 0.0,
) -> Task:
    """Return a task; with `wait_s`, as soon as it is finished or when that time is over."""
    if wait_s == 0:
        return await call.services.tasks.get(call.tenant_id, TaskId(task_id))
    return await call.services.engine.wait_finished(
        call.tenant_id, TaskId(task_id), until_unix_s=call.polls_until_unix_s(wait_s)
    )


@router.post(
    "/{task_id}/cancel",
    operation_id="cancelTask",
    summary="Cancel an open task",
    responses=documented(404, 409),
)
async def cancel(call: ChangeCall, task_id: TaskPath) -> Task:
    """Cancel a task that is not finished; a late result of it is refused."""
    return await call.services.engine.cancel(call.tenant_id, TaskId(task_id))
