"""The resource ``/v1/dead-letters``: tasks that ended without a result, and their replay."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from domain.errors import InvalidInputError
from domain.ids import AgentKind, LeadId, TaskId
from domain.lead import LeadIdText
from domain.moment import Moment
from domain.ports import DeadLetterFilter
from domain.task import Task, TaskState
from serve_app.json_route import MAX_DEADLINE_MS, JsonRoute
from serve_app.problems import documented
from serve_app.routes.call import DEFAULT_PAGE, MAX_PAGE, Call, OperateCall, ReadCall
from serve_app.routes.examples import REPLAY_EXAMPLES, REPLAY_ONE_EXAMPLES
from serve_app.routes.tasks import TaskPath
from serve_app.routes.views import PageView, TaskReference, View

router = APIRouter(prefix="/v1", tags=["tasks"], route_class=JsonRoute)

MAX_REPLAYED = 1000
"""Most tasks that one request replays."""

Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
DeadlineMs = Annotated[
    int | None,
    Field(
        ge=1,
        le=MAX_DEADLINE_MS,
        description="The new deadline, in milliseconds from now; none where it is absent.",
    ),
]


class DeadLetterChoice(BaseModel):
    """Which dead letters; what is absent does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Literal["dead", "failed", "expired"] | None = None
    kind: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    code: Code | None = Field(
        default=None, description="First word of the error.", examples=["poison"]
    )
    lead_id: LeadIdText | None = None
    since: Moment | None = Field(default=None, description="Ended then or later.")
    until: Moment | None = Field(default=None, description="Ended before.")

    def filter(self) -> DeadLetterFilter:
        """Return the filter of the store.

        Raises:
            InvalidInputError: Nothing can be between the two times.
        """
        if self.since and self.until and self.until <= self.since:
            raise InvalidInputError("until", self.until.isoformat(), "a time after since")
        return DeadLetterFilter(
            state=None if self.state is None else TaskState(self.state),
            kind=None if self.kind is None else AgentKind(self.kind),
            code=self.code,
            lead_id=None if self.lead_id is None else LeadId(self.lead_id),
            since=self.since,
            until=self.until,
        )


class DeadLetterQuery(DeadLetterChoice):
    """A page of dead letters."""

    cursor: str | None = Field(default=None, max_length=512, description="From the page before.")
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE)


class ReplayInput(DeadLetterChoice):
    """Which dead letters to queue again."""

    deadline_ms: DeadlineMs = None
    limit: int = Field(default=100, ge=1, le=MAX_REPLAYED)
    dry_run: bool = Field(default=False, description="Say which, and replay none.")


class ReplayOneInput(BaseModel):
    """How to queue a task again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deadline_ms: DeadlineMs = None


class Replayed(View):
    """Tasks that are queued again, or that a dry run would queue."""

    dry_run: bool
    count: int
    has_more: bool = Field(description="Whether more of the same may be left: ask again.")
    tasks: tuple[TaskReference, ...] = Field(description="Oldest first; newest first when dry.")


@router.get(
    "/dead-letters",
    operation_id="listDeadLetters",
    summary="List tasks that ended without a result",
    responses=documented(),
)
async def list_dead_letters(
    call: ReadCall, query: Annotated[DeadLetterQuery, Query()]
) -> PageView[Task]:
    """Return a page of dead, failed and expired tasks, newest first; `error` says why.

    `GET /v1/tasks/{task_id}` shows every attempt of one.
    """
    page = await call.services.dead_letters.list(
        call.tenant_id, query.filter(), cursor=query.cursor, limit=query.limit
    )
    return PageView(items=page.items, next_cursor=page.next_cursor)


@router.post(
    "/dead-letters/replay",
    operation_id="replayDeadLetters",
    summary="Queue many dead letters again",
    responses=documented(413, 415),
)
async def replay_many(
    call: OperateCall, asked: Annotated[ReplayInput, Body(openapi_examples=REPLAY_EXAMPLES)]
) -> Replayed:
    """Queue the oldest that match again, each as `POST /v1/tasks/{task_id}/replay` does."""
    letters = call.services.dead_letters
    if asked.dry_run:
        page = await letters.list(call.tenant_id, asked.filter(), cursor=None, limit=asked.limit)
        found, more = page.items, page.next_cursor is not None
    else:
        found = await letters.replay_many(
            call.tenant_id,
            asked.filter(),
            deadline_at=_deadline_at(call, asked.deadline_ms),
            limit=asked.limit,
        )
        more = len(found) == asked.limit
    tasks = tuple(TaskReference.of(TaskId(task.task_id), created=False) for task in found)
    return Replayed(dry_run=asked.dry_run, count=len(tasks), has_more=more, tasks=tasks)


@router.post(
    "/tasks/{task_id}/replay",
    operation_id="replayTask",
    summary="Queue a dead letter again",
    responses=documented(404, 409, 413, 415),
)
async def replay(
    call: OperateCall,
    task_id: TaskPath,
    asked: Annotated[ReplayOneInput | None, Body(openapi_examples=REPLAY_ONE_EXAMPLES)] = None,
) -> TaskReference:
    """Queue a dead, failed or expired task again under the same id, with new attempts.

    Attempts made so far stay. A task that was direct is a queued one now: nobody is on the line.
    Refused with 409 where it is open, has a result, was cancelled or abandoned.
    """
    task = await call.services.dead_letters.replay(
        call.tenant_id,
        TaskId(task_id),
        deadline_at=_deadline_at(call, asked.deadline_ms if asked else None),
    )
    return TaskReference.of(TaskId(task.task_id), created=False)


def _deadline_at(call: Call, deadline_ms: int | None) -> datetime | None:
    if deadline_ms is None:
        return None
    return call.services.now() + timedelta(milliseconds=deadline_ms)
