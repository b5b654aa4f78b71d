"""The resource ``/v1/leads/{id}/events``: what the person did or asked for since."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import Field

from domain.errors import InvalidInputError
from domain.lead import MAX_EVENTS, Channel, EventType, Frozen, LeadEvent
from domain.moment import Moment
from domain.ports import LeadRecord
from serve_app.json_route import JsonRoute
from serve_app.problems import documented
from serve_app.routes.call import ChangeCall
from serve_app.routes.examples import EVENT_EXAMPLES
from serve_app.routes.leads import LeadPath, change_lead
from serve_app.routes.views import LeadChanged

router = APIRouter(prefix="/v1/leads", tags=["leads"], route_class=JsonRoute)


class EventInput(Frozen):
    """Something that happened to a lead."""

    type: EventType
    at: Moment | None = Field(default=None, description="When; now where it is absent.")
    channel: Channel | None = Field(
        default=None, description="Narrows an opt-out; without it every channel is meant."
    )


@router.post(
    "/{lead_id:path}/events",
    operation_id="addLeadEvent",
    summary="Tell what the person did",
    status_code=202,
    responses=documented(404, 413, 415),
)
async def add(
    call: ChangeCall,
    lead_id: LeadPath,
    event: Annotated[EventInput, Body(openapi_examples=EVENT_EXAMPLES)],
) -> LeadChanged:
    """Add a reply, a visit, an opt-out or another event, and analyse the lead again.

    The same event again changes nothing.
    """
    at: datetime = event.at or call.services.now()
    added = LeadEvent(type=event.type, at=at, channel=event.channel)

    def apply(record: LeadRecord) -> LeadRecord:
        events = record.lead.events
        if added in events:
            return record
        if len(events) >= MAX_EVENTS:
            raise InvalidInputError("events", f"{len(events) + 1} events", f"at most {MAX_EVENTS}")
        return replace(record, lead=record.lead.model_copy(update={"events": (*events, added)}))

    return await change_lead(call, lead_id, apply, must_be_heard=True)
