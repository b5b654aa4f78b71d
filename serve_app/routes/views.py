"""What answers look like: stored things as JSON."""

from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from domain.analysis import LeadAnalysis, Override
from domain.follow_up import FollowUpRecord
from domain.ids import TaskId
from domain.lead import Lead
from domain.ports import LeadRecord
from domain.task import Task
from serve_app.routes.call import task_address

LEAD_INPUT = "LeadInput"
"""Component of the OpenAPI document: a lead as a sender may post it."""

LEAD_MARK = "x-component"
"""Marks where the document refers to that component; the framework renames titles."""

LeadObject = Annotated[dict[str, Any], WithJsonSchema({"type": "object", LEAD_MARK: LEAD_INPUT})]
"""A lead as it came, before intake read it."""

ItemT = TypeVar("ItemT")


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class PageView(View, Generic[ItemT]):
    """One page of a list."""

    items: tuple[ItemT, ...]
    next_cursor: str | None = Field(
        description="Give it as `cursor` for the next page; null on the last."
    )


class LeadView(View):
    """A stored lead with its newest analysis."""

    lead: Lead
    version: int = Field(description="Grows by one with every change.")
    received_at: AwareDatetime
    updated_at: AwareDatetime
    overrides: tuple[Override, ...] = ()
    duplicate_of: str | None = Field(default=None, description="The first lead of the person.")
    analysis: LeadAnalysis | None = Field(
        default=None, description="Null until the lead has been analysed."
    )

    @classmethod
    def of(cls, record: LeadRecord) -> Self:
        """Return the view of a stored lead."""
        return cls(**cls.values(record))

    @staticmethod
    def values(record: LeadRecord) -> dict[str, Any]:
        """Return the fields that a stored lead gives."""
        return {
            "lead": record.lead,
            "version": record.version,
            "received_at": record.received_at,
            "updated_at": record.updated_at,
            "overrides": record.overrides,
            "duplicate_of": record.duplicate_of,
            "analysis": record.analysis,
        }


class LeadDetail(LeadView):
    """A stored lead with everything known about it; each list newest first."""

    analyses: tuple[LeadAnalysis, ...]
    drafts: tuple[FollowUpRecord, ...]
    tasks: tuple[Task, ...]


class TaskReference(View):
    """A task that was accepted: it is stored and will be done."""

    task_id: UUID
    href: str = Field(description="Where to read the task.", examples=["/v1/tasks/0199…"])
    created: bool = Field(
        default=True, description="False where the Idempotency-Key was known already."
    )

    @classmethod
    def of(cls, task_id: TaskId, *, created: bool = True) -> Self:
        """Return the reference to a task."""
        return cls(task_id=task_id, href=task_address(task_id), created=created)


class LeadAccepted(View):
    """A lead that is stored, and the task that analyses it."""

    lead: Lead
    version: int
    task: TaskReference


class LeadChanged(LeadView):
    """A lead after a change, and the task that analyses it again."""

    task: TaskReference | None = Field(description="Null where the change altered nothing.")
