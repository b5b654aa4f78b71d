"""Events as bytes of a stream (HTML Living Standard, section 9.2)."""

from typing import Any

import orjson
from fastapi.sse import format_sse_event

from domain.events import EventPosition, TaskEvent

KEEP_ALIVE = b": keep-alive\n\n"
CAUGHT_UP = "caught up"
RESET = "reset"


def opening(retry_ms: int) -> bytes:
    """Return what a stream begins with, so that proxies pass its head on at once."""
    return format_sse_event(comment="gardenos events", retry=retry_ms)


def caught_up(position: EventPosition | None) -> bytes:
    """Return what tells that everything until now was told.

    Its id makes a reader that was told nothing yet come back to this place. It is no event:
    browsers and libraries note the id and stay silent.
    """
    return format_sse_event(comment=CAUGHT_UP, id=None if position is None else str(position))


def frame_of(event: TaskEvent) -> bytes:
    """Return one event; its name is the event's type."""
    document = event.model_dump(mode="json", exclude={"tenant_id"})
    return _frame(str(event.type), document, event.id)


def reset(now: EventPosition, reason: str) -> bytes:
    """Return what tells a reader that it may have missed events and must read the tasks anew."""
    return _frame(RESET, {"reason": reason}, str(now))


def _frame(name: str, document: dict[str, Any], position: str) -> bytes:
    return format_sse_event(event=name, data_str=orjson.dumps(document).decode(), id=position)
