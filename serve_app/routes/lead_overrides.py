"""The resource ``/v1/leads/{id}/overrides``: a person's word against a gate."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import Field

from domain.analysis import Gate, Override
from domain.lead import Frozen
from domain.ports import LeadRecord
from serve_app.json_route import JsonRoute
from serve_app.problems import documented
from serve_app.routes.call import ChangeCall
from serve_app.routes.examples import OVERRIDE_EXAMPLES
from serve_app.routes.leads import LeadPath, change_lead
from serve_app.routes.person import Person
from serve_app.routes.views import LeadChanged

router = APIRouter(prefix="/v1/leads", tags=["leads"], route_class=JsonRoute)


class OverrideInput(Frozen):
    """What a person decided about a gate."""

    gate: Gate
    undone: bool = Field(default=True, description="True undoes the gate; false lets it act again.")
    by: Person = Field(description="Who decided.")
    reason: Annotated[str, Field(max_length=500)] = ""


@router.post(
    "/{lead_id:path}/overrides",
    operation_id="overrideGate",
    summary="Undo a gate, or let it act again",
    status_code=202,
    responses=documented(404, 413, 415, 429),
)
async def override(
    call: ChangeCall,
    lead_id: LeadPath,
    word: Annotated[OverrideInput, Body(openapi_examples=OVERRIDE_EXAMPLES)],
) -> LeadChanged:
    """Store a person's word against a gate and analyse the lead again.

    The newest word about a gate replaces the one before; the same word again changes nothing.
    """
    spoken = Override(**word.model_dump(), at=call.services.now())

    def apply(record: LeadRecord) -> LeadRecord:
        if any(old.model_copy(update={"at": spoken.at}) == spoken for old in record.overrides):
            return record
        others = tuple(old for old in record.overrides if old.gate is not spoken.gate)
        return replace(record, overrides=(*others, spoken))

    return await change_lead(call, lead_id, apply)
