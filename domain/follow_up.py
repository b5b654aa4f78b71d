"""What the follow-up agent is asked for and answers, and what people make of its drafts."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.analysis import LeadAnalysis, ModelVersion, Route
from domain.lead import Channel, Frozen, Lead, LeadIdText
from domain.usage import UsageSummary

FOLLOW_UP_SCHEMA_VERSION = 1

Subject = Annotated[str, Field(min_length=1, max_length=200)]
Body = Annotated[str, Field(min_length=1, max_length=8000)]
PersonName = Annotated[str, Field(min_length=1, max_length=200)]


class Tone(StrEnum):
    """How the draft speaks."""

    FORMAL = "formal"
    FRIENDLY = "friendly"
    CASUAL = "casual"


class Stage(StrEnum):
    """Where in the conversation the draft stands."""

    FIRST_REPLY = "first_reply"
    SECOND_TOUCH = "second_touch"
    QUOTE_REMINDER = "quote_reminder"
    BREAKUP = "breakup"


class Language(StrEnum):
    """Languages in which drafts are written."""

    ENGLISH = "en"
    GERMAN = "de"


class DraftState(StrEnum):
    """A draft may be sent only after a person approved it."""

    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    REJECTED = "rejected"


class FollowUpRequest(Frozen):
    """Ask for a draft to a lead; whatever is absent is chosen from the lead and its analysis."""

    lead_id: LeadIdText
    stage: Stage = Stage.FIRST_REPLY
    channel: Channel | None = Field(
        default=None, description="Phone gives a script to read; absent: the best open one."
    )
    tone: Tone | None = None
    language: Language | None = None


class FollowUpInput(Frozen):
    """What the follow-up agent receives: the payload of a ``follow_up`` task."""

    request: FollowUpRequest
    lead: Lead
    lead_version: int = 1
    analysis: LeadAnalysis | None = Field(
        default=None, description="The lead's newest analysis, None before the first."
    )


class Severity(StrEnum):
    """What a finding means for the person who approves."""

    BLOCKING = "blocking"
    WARNING = "warning"


class DraftFinding(Frozen):
    """Something a check saw in a draft."""

    check: str = Field(description="Name of the check, for example foreign_link or too_long.")
    severity: Severity
    found: str = Field(max_length=200, description="What it saw, shortened.")
    allowed: str = Field(max_length=300, description="What would pass.")


class FollowUp(Frozen):
    """A draft for a person to approve."""

    schema_version: int = FOLLOW_UP_SCHEMA_VERSION
    lead_id: str
    lead_version: Annotated[int, Field(ge=1)] = 1
    channel: Channel
    language: Language
    tone: Tone
    stage: Stage
    subject: Subject | None = Field(default=None, description="E-mail only.")
    body: Body
    sms_segments: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="SMS only: how many messages the text is billed as."
    )
    send_not_before: AwareDatetime = Field(
        description="Earliest time outside the quiet hours at the lead's place."
    )
    drafted_at: AwareDatetime
    findings: tuple[DraftFinding, ...] = Field(
        default=(), description="What the checks of the final text saw; empty where all passed."
    )
    flags: tuple[str, ...] = ()
    route: Route = Route.LOCAL
    degraded_because: str | None = Field(
        default=None, description="Why the model did not write it, where one was asked."
    )
    model: ModelVersion
    usage: UsageSummary = UsageSummary()
    latency_ms: Annotated[float, Field(ge=0)] = 0.0


class FollowUpEdit(Frozen):
    """A person's change of a draft's text; every one is kept."""

    by: PersonName
    at: AwareDatetime
    subject: Subject | None = None
    body: Body
    sms_segments: Annotated[int, Field(ge=1)] | None = None
    findings: tuple[DraftFinding, ...] = ()


class Decision(Frozen):
    """A person's word on a draft."""

    state: DraftState
    by: PersonName
    at: AwareDatetime
    reason: Annotated[str, Field(max_length=500)] = ""


class FollowUpRecord(Frozen):
    """A stored draft with everything people did to it.

    ``subject`` and ``body`` of the newest edit, or of the draft where there is none, are what an
    approval approves.
    """

    follow_up_id: UUID
    version: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Grows by one with every edit and decision."
    )
    state: DraftState = DraftState.AWAITING_APPROVAL
    draft: FollowUp
    edits: tuple[FollowUpEdit, ...] = Field(default=(), description="Oldest first.")
    decisions: tuple[Decision, ...] = Field(default=(), description="Oldest first.")
