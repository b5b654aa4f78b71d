"""Complete values of the nouns, as tests of the HTTP face need them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from actors.prices import PriceTable
from domain.analysis import (
    ActionKind,
    Bant,
    BantItem,
    Confidence,
    Grade,
    LeadAnalysis,
    ModelVersion,
    NextBestAction,
    Qualification,
)
from domain.follow_up import (
    DraftFinding,
    FollowUp,
    FollowUpRecord,
    Language,
    Severity,
    Stage,
    Tone,
)
from domain.lead import Channel
from domain.usage import Price

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def an_analysis(lead_id: str, *, grade: Grade = Grade.A, score: int = 91) -> LeadAnalysis:
    """Return a complete analysis."""
    item = BantItem(known=False)
    return LeadAnalysis(
        lead_id=lead_id,
        analysed_at=NOW,
        score=score,
        probability=score / 100,
        logit=2.3,
        grade=grade,
        fit_score=80,
        engagement_score=70,
        qualification=Qualification.QUALIFIED,
        reasons=(),
        bant=Bant(budget=item, authority=item, need=item, timeline=item),
        next_best_action=NextBestAction(kind=ActionKind.CALL, due_by=NOW, text="Call now."),
        confidence=Confidence(level="high", value=0.9, basis="most fields are known"),
        model=ModelVersion(scorer="scorecard", version="1"),
    )


PRICES = PriceTable(
    {
        "gpt-4o": Price(
            model="gpt-4o",
            input_nanousd_per_mtok=2_500_000_000,
            cached_input_nanousd_per_mtok=1_250_000_000,
            output_nanousd_per_mtok=10_000_000_000,
            as_of="2026-11-01",
            source="a list",
        ),
        "gpt-5": Price(
            model="gpt-5",
            input_nanousd_per_mtok=1_250_000_000,
            cached_input_nanousd_per_mtok=125_000_000,
            output_nanousd_per_mtok=10_000_000_000,
            as_of="2026-11-01",
            source="a list",
        ),
    },
    "gpt-4o",
)


def a_draft(lead_id: str = "a-1", **changes: Any) -> FollowUp:
    """Return a draft of an e-mail; ``changes`` replace fields of it."""
    draft = FollowUp(
        lead_id=lead_id,
        channel=Channel.EMAIL,
        language=Language.ENGLISH,
        tone=Tone.FRIENDLY,
        stage=Stage.FIRST_REPLY,
        subject="Your garden",
        body="Hello Dana,\n\nthank you for writing.",
        send_not_before=NOW,
        drafted_at=NOW,
        model=ModelVersion(scorer="template", version="1"),
    )
    return draft.model_copy(update=changes)


def a_record(task_id: UUID | None = None, **changes: Any) -> FollowUpRecord:
    """Return a stored draft that nobody has touched; ``changes`` go into the draft."""
    return FollowUpRecord(follow_up_id=task_id or uuid7(), draft=a_draft(**changes))


def a_finding(severity: Severity = Severity.BLOCKING, check: str = "foreign_link") -> DraftFinding:
    """Return what a check saw."""
    return DraftFinding(check=check, severity=severity, found="x", allowed="y")
