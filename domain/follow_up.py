"""What the follow-up agent is asked for and answers."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from domain.analysis import ModelVersion, Route
from domain.lead import Channel, Frozen, LeadIdText
from domain.usage import UsageSummary


class Tone(StrEnum):
    """How the draft speaks."""

    FORMAL = "formal"
    FRIENDLY = "friendly"
    CASUAL = "casual"


class Stage(StrEnum):
    """Where in the conversation the draft stands."""

    FIRST_CONTACT = "first_contact"
    QUESTIONS = "questions"
    REMINDER = "reminder"
    PROPOSAL = "proposal"


class DraftState(StrEnum):
    """A draft is sent only after a person approved it."""

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    SENT = "sent"


class FollowUpRequest(Frozen):
    """Ask for a draft to a lead; whatever is absent is chosen from the lead and its analysis."""

    lead_id: LeadIdText
    channel: Channel | None = None
    tone: Tone | None = None
    stage: Stage = Stage.FIRST_CONTACT
    locale: Annotated[str, Field(max_length=35)] | None = None


class FollowUp(Frozen):
    """A draft for a person to approve."""

    lead_id: str
    channel: Channel
    locale: str
    tone: Tone
    stage: Stage
    subject: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="E-mail only."
    )
    body: Annotated[str, Field(min_length=1, max_length=8000)]
    state: DraftState = DraftState.DRAFT
    drafted_at: AwareDatetime
    flags: tuple[str, ...] = ()
    route: Route = Route.LOCAL
    model: ModelVersion
    usage: UsageSummary = UsageSummary()
