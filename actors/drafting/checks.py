"""What every draft must pass, whoever wrote it: a model, a template or a person."""

from collections.abc import Iterator
from dataclasses import dataclass

from actors.settings import WritingSettings
from domain.analysis import LeadAnalysis
from domain.follow_up import DraftFinding, Language, Severity
from domain.lead import Channel, Lead
from scoring.settings import BusinessProfile


@dataclass(frozen=True, slots=True)
class DraftText:
    """A text as the person would receive it.

    Attributes:
        subject: E-mail only, None otherwise.
        body: Greeting, signature, address and opt-out line included.
    """

    channel: Channel
    language: Language
    subject: str | None
    body: str


def check_text(
    text: DraftText,
    *,
    lead: Lead,
    analysis: LeadAnalysis | None,
    writing: WritingSettings,
    profile: BusinessProfile,
) -> tuple[DraftFinding, ...]:
    """Return what the checks see in a text, blocking findings first; empty where all pass.

    Args:
        text: What would be sent.
        lead: As it is now.
        analysis: The lead's newest, whose checked facts the text may use; None reads the message
            by patterns.
        writing: Who signs, and what may be said.
        profile: The business.
    """
    _ = lead, analysis, writing, profile
    return tuple(_check_subject(text))


def _check_subject(text: DraftText) -> Iterator[DraftFinding]:
    if text.channel is Channel.EMAIL and not (text.subject or "").strip():
        yield _blocking("subject_missing", "no subject", "a subject for an e-mail")
    if text.channel is not Channel.EMAIL and text.subject is not None:
        yield _blocking("subject_present", text.subject[:200], "no subject but for an e-mail")


def _blocking(check: str, found: str, allowed: str) -> DraftFinding:
    return DraftFinding(check=check, severity=Severity.BLOCKING, found=found, allowed=allowed)
