"""How a lead ended: what the scoring model learns from."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from domain.lead import Frozen, LeadIdText


class OutcomeKind(StrEnum):
    """Won or lost."""

    WON = "won"
    LOST = "lost"


class Outcome(Frozen):
    """The end of a lead, as the seller reports it."""

    lead_id: LeadIdText
    kind: OutcomeKind
    at: AwareDatetime
    amount: Annotated[float, Field(ge=0, le=1e9)] | None = Field(
        default=None, description="Value of the order."
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
