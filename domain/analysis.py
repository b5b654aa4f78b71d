"""What an analysis of a lead says: the number, its reasons, and what to do next."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from domain.lead import Channel, Frozen, Lead
from domain.usage import UsageSummary

ANALYSIS_SCHEMA_VERSION = 1


class Grade(StrEnum):
    """Call order in one letter: A first, D not at all."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Qualification(StrEnum):
    """What the seller should make of the lead."""

    QUALIFIED = "qualified"
    NURTURE = "nurture"
    NEEDS_INFO = "needs_info"
    DISQUALIFIED = "disqualified"


class Gate(StrEnum):
    """A rule that answers before any scoring or paid call; each can be undone by a person."""

    SPAM = "spam"
    SOLICITATION = "solicitation"
    DUPLICATE = "duplicate"
    OUT_OF_AREA = "out_of_area"
    WRONG_JOB_TYPE = "wrong_job_type"
    UNCONTACTABLE = "uncontactable"
    OPTED_OUT = "opted_out"


class DisqualificationReason(StrEnum):
    """Why a lead is not worth a call."""

    SPAM = "SPAM"
    SOLICITATION = "SOLICITATION"
    GEO_MISMATCH = "GEO_MISMATCH"
    WRONG_JOB_TYPE = "WRONG_JOB_TYPE"
    UNCONTACTABLE = "UNCONTACTABLE"
    OPTED_OUT = "OPTED_OUT"


class Override(Frozen):
    """A person's word against a gate."""

    gate: Gate
    undone: bool = Field(default=True, description="True undoes the gate; false lets it act again.")
    by: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Who decided.")
    reason: Annotated[str, Field(max_length=500)] = ""
    at: AwareDatetime


class GateFinding(Frozen):
    """A gate that closed, what it saw, and whether a person undid it."""

    gate: Gate
    evidence: str = Field(description="What the gate saw, in words or as a quote.")
    undone: bool = False


class Direction(StrEnum):
    """Which way a reason moves the score."""

    UP = "up"
    DOWN = "down"
    NEUTRAL = "neutral"


class Reason(Frozen):
    """One term of the additive model; the contributions of all reasons sum to the logit."""

    feature: str
    value: JsonValue
    contribution: float = Field(description="Log-odds.")
    direction: Direction
    evidence: str | None = Field(
        default=None, description="A verbatim quote of the message, or the field's name."
    )
    checked: bool = Field(
        default=True,
        description="False where it rests on a fact that no parser of ours could confirm; all such"
        " reasons together move the logit by a small, bounded amount only.",
    )


class Fact(Frozen):
    """Something read from the message, with the quote its value follows from."""

    name: str = Field(description="For example area_m2, budget, decision_role.")
    value: JsonValue
    quote: str = Field(description="A verbatim substring of the message.")
    start: Annotated[int, Field(ge=0)] = Field(
        description="Where the quote starts, in characters of the message."
    )
    checked: bool = Field(
        default=True,
        description="Whether our own parser reads the value from the quote; false where a model"
        " read it in words no table of ours knows.",
    )


class BantItem(Frozen):
    """One of budget, authority, need and timeline."""

    known: bool
    value: str | None = None
    evidence: str | None = None


class Bant(Frozen):
    """The salesperson's view: budget, authority, need, timeline."""

    budget: BantItem
    authority: BantItem
    need: BantItem
    timeline: BantItem


class ActionKind(StrEnum):
    """What to do next."""

    CALL = "call"
    WRITE = "write"
    SEND_PROPOSAL = "send_proposal"
    ASK_QUESTIONS = "ask_questions"
    REFER_TO_PARTNER = "refer_to_partner"
    NONE = "none"


class NextBestAction(Frozen):
    """What to do next, by when, how."""

    kind: ActionKind
    due_by: AwareDatetime | None = None
    channel: Channel | None = None
    text: str = Field(description="One sentence for the seller.")
    questions: tuple[str, ...] = Field(default=(), description="What to ask, most useful first.")


class Route(StrEnum):
    """How the answer came about."""

    LOCAL = "local"
    MODEL = "model"
    CACHE = "cache"
    DEGRADED = "degraded"


class Calibration(StrEnum):
    """Whether the probability has been fitted to outcomes, or rests on the scorecard alone."""

    PRIOR = "prior"
    CALIBRATED = "calibrated"


class Confidence(Frozen):
    """How much of what matters is known."""

    level: Literal["low", "medium", "high"]
    value: Annotated[float, Field(ge=0, le=1)]
    basis: str = Field(description="What the figure rests on, in words.")


class ModelVersion(Frozen):
    """What made the number."""

    scorer: str
    version: str
    llm: str | None = None
    prompt_version: str | None = None


class LeadAnalysis(Frozen):
    """The analysis of one lead at one time."""

    schema_version: int = ANALYSIS_SCHEMA_VERSION
    lead_id: str
    lead_version: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Version of the lead that was read."
    )
    analysed_at: AwareDatetime
    score: Annotated[int, Field(ge=0, le=100)]
    probability: Annotated[float, Field(ge=0, le=1)] = Field(
        description="Probability that the lead is won."
    )
    logit: float = Field(
        description="Log-odds of the probability; the sum of the reasons' contributions."
    )
    grade: Grade
    fit_score: Annotated[int, Field(ge=0, le=100)] = Field(
        description="How well the job suits the business."
    )
    engagement_score: Annotated[int, Field(ge=0, le=100)] = Field(
        description="How much the person wants it now."
    )
    qualification: Qualification
    disqualification_reason: DisqualificationReason | None = None
    gates: tuple[GateFinding, ...] = ()
    duplicate_of: str | None = Field(
        default=None, description="The first lead of the same person and job."
    )
    reasons: tuple[Reason, ...] = Field(description="Strongest first; the base rate last.")
    facts: tuple[Fact, ...] = ()
    dropped_facts: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        description="How many facts of the model were dropped, by the reason's name.",
    )
    missing: tuple[str, ...] = Field(
        default=(), description="Facts worth asking for, most useful first."
    )
    bant: Bant
    next_best_action: NextBestAction
    open_channels: tuple[Channel, ...] = Field(
        default=(), description="Ways the person may be reached, best first."
    )
    call_priority: float | None = Field(
        default=None,
        description="Sort key of the call list, higher first; null where nobody should call.",
    )
    confidence: Confidence
    calibration: Calibration = Calibration.PRIOR
    flags: tuple[str, ...] = Field(default=(), description="Faults and warnings by name, sorted.")
    route: Route = Route.LOCAL
    degraded_because: str | None = Field(
        default=None, description="Why the model gave no facts, where one was asked."
    )
    model: ModelVersion
    usage: UsageSummary = UsageSummary()
    latency_ms: Annotated[float, Field(ge=0)] = 0.0


class FirstLead(Frozen):
    """What a duplicate needs to know of the lead it repeats."""

    lead_id: str
    grade: Grade | None = Field(
        default=None, description="None until the first lead has been analysed."
    )
    qualification: Qualification | None = None


class AnalysisInput(Frozen):
    """What the lead analysis agent receives: the payload of a ``lead_analysis`` task."""

    lead: Lead
    lead_version: int = 1
    overrides: tuple[Override, ...] = ()
    first: FirstLead | None = Field(default=None, description="Set where the lead is a duplicate.")
