"""The addresses ``/v1/events`` and ``/v1/tasks/{task_id}/events``: server-sent events."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.routing import APIRoute

from domain.caller import Scope
from domain.events import EventPosition, EventType
from domain.ids import TaskId
from serve_app.auth.gate import admit, needed_by, still_admits
from serve_app.events.hub import Wish
from serve_app.events.stream import MEDIA_TYPE, EventStream
from serve_app.json_route import refuse_zeros
from serve_app.problems import documented
from serve_app.routes.call import ReadCall
from serve_app.routes.tasks import TaskPath


class StreamRoute(APIRoute):
    """A route whose answer lasts: checks the caller first, and sets no deadline."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind our checks of the request."""
        handle = super().get_route_handler()
        needed = needed_by(self.dependant)

        async def checked(request: Request) -> Response:
            request.state.deadline_unix_s = float("inf")
            request.state.work_deadline_unix_s = None
            await admit(request, needed)
            refuse_zeros(request)
            return await handle(request)

        return checked


router = APIRouter(prefix="/v1", tags=["tasks"], route_class=StreamRoute)

LastHeader = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=60,
        description="The id of the last event you have; what follows it is told. `oldest` asks for"
        " all that is kept.",
    ),
]
LastQuery = Annotated[
    str | None, Query(max_length=60, description="The same, for tools that set no headers.")
]
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `id`, `event` (the type) and `data` (JSON).",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}


def position_of(header: str | None, query: str | None) -> EventPosition | None:
    """Return after which event to begin, or None.

    Raises:
        InvalidInputError: It is no id of ours.
    """
    text = header or query
    return None if text is None else EventPosition.parse(text)


@router.get(
    "/events",
    operation_id="followEvents",
    summary="Follow what happens to all tasks",
    response_class=Response,
    responses={**documented(429), **STREAM},
)
async def follow(
    call: ReadCall,
    request: Request,
    kind: Annotated[list[str] | None, Query(description="Only of these kinds.")] = None,
    type_: Annotated[list[EventType] | None, Query(alias="type")] = None,
    last_event_id: LastHeader = None,
    last_event: LastQuery = None,
) -> Response:
    """Stream the tenant's events from now on, or after `Last-Event-ID`: each exactly once.

    The comment `caught up` tells that what there was at the start has been told.

    An id that is too old, or of a history before a fail-over, is answered with an event `reset`:
    events may have been missed, so read the tasks anew and go on. A stream ends now and then;
    clients reconnect with the last id by themselves.
    """
    for one in kind or ():
        call.check_kind(one, "kind")
    wish = Wish(call.tenant_id, None, frozenset(kind or ()), frozenset(type_ or ()))
    last = position_of(last_event_id, last_event)
    may_go_on = still_admits(request, Scope.READ)
    return EventStream(call.services.event_hub, wish, last, may_go_on=may_go_on)


@router.get(
    "/tasks/{task_id}/events",
    operation_id="followTask",
    summary="Follow one task to its end",
    response_class=Response,
    responses={**documented(404, 429), **STREAM},
)
async def follow_task(
    call: ReadCall,
    request: Request,
    task_id: TaskPath,
    last_event_id: LastHeader = None,
    last_event: LastQuery = None,
) -> Response:
    """Stream a task's events from its first, or after `Last-Event-ID`; closes after its end.

    Answers 204, which tells a browser to stop, where the last event was its end.
    """
    hub, last = call.services.event_hub, position_of(last_event_id, last_event)
    end = await hub.store.end_of(call.tenant_id, TaskId(task_id))
    if last is not None and end.ended and end.told is not None and last.number >= end.told:
        return Response(status_code=204)
    wish, may_go_on = Wish(call.tenant_id, TaskId(task_id)), still_admits(request, Scope.READ)
    return EventStream(hub, wish, last, may_go_on=may_go_on)
