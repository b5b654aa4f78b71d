"""What happens to tasks, as watchers and webhooks are told: ids and states, nothing personal."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.errors import InvalidInputError
from domain.lead import Frozen

OLDEST_WORD = "oldest"
_POSITION = re.compile(r"([0-9]{1,9})-([0-9]{1,19})-([0-9]{1,18})")


class EventType(StrEnum):
    """What an event says; each but the last names the state that a task has now."""

    QUEUED = "task.queued"
    WAITING = "task.waiting"
    RUNNING = "task.running"
    SUCCEEDED = "task.succeeded"
    FAILED = "task.failed"
    CANCELLED = "task.cancelled"
    EXPIRED = "task.expired"
    DEAD = "task.dead"
    ABANDONED = "task.abandoned"
    DELETED = "task.deleted"

    @property
    def is_end(self) -> bool:
        """Whether nothing follows for the task, replay apart."""
        return self not in {EventType.QUEUED, EventType.WAITING, EventType.RUNNING}


END_TYPES = tuple(one for one in EventType if one.is_end)


@dataclass(frozen=True, slots=True, order=True)
class EventPosition:
    """A place in the history of events; opaque to callers, who hand it back as text.

    Attributes:
        stream: Which history: a restored database or a new leader starts another.
        xid: Transaction that wrote the event, 64 bits.
        number: Grows with every event; alone it orders the events of one task.
    """

    stream: int
    xid: int
    number: int

    def __str__(self) -> str:
        return f"{self.stream}-{self.xid}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "EventPosition":
        """Return the position that a caller hands back, or :data:`OLDEST` for that word.

        Raises:
            InvalidInputError: It is none of ours.
        """
        if text == OLDEST_WORD:
            return OLDEST
        match = _POSITION.fullmatch(text)
        if match is None or int(match[2]) >= 2**63:
            raise InvalidInputError("Last-Event-ID", text[:60], "the id of an event")
        return cls(int(match[1]), int(match[2]), int(match[3]))


OLDEST = EventPosition(0, 0, 0)
"""Before all that is kept; histories are numbered from 1."""


class TaskEvent(Frozen):
    """One event; everything else about the task is read by its id."""

    id: Annotated[str, Field(description="Opaque; hand it back as `Last-Event-ID`.")]
    tenant_id: str
    type: EventType
    task_id: UUID
    kind: str
    state: str = Field(description="The task's state after the event, or `deleted`.")
    attempt: int
    error_code: str | None = Field(default=None, description="Name of the failure, no sentence.")
    sequence: int = Field(description="Grows with the events of one task.")
    at: AwareDatetime

    @property
    def position(self) -> EventPosition:
        """Where the event stands."""
        return EventPosition.parse(self.id)
