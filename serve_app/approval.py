"""The rules by which people approve, reject and edit drafts. Pure.

A draft waits until a person decides. Approved and rejected are final: what was decided about is
what was seen, so a later change of mind is a new draft, not a change of the old one. An approval
looks at the text once more, with the lead as it is now: it may have changed since the draft was
written. A channel that is closed by then is never approved. Other blocking findings are: whoever
approves may know better than a check, but must say ``despite_findings``, and the record keeps which
they were.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import ConflictError, InvalidInputError
from domain.follow_up import (
    Decision,
    DraftFinding,
    DraftState,
    FollowUp,
    FollowUpEdit,
    FollowUpRecord,
    Severity,
)
from domain.lead import Channel, Lead, closed_channels

MAX_EDITS = 100
"""Edits kept of one draft; one more is refused."""

MAX_REASON_CHARACTERS = 500

WHAT = "follow-up"

CHANNEL_CLOSED = "channel_closed"
"""The check that nobody may overrule: by the lead's own word, or for want of an address."""


@dataclass(frozen=True, slots=True)
class Word:
    """A person's word on a draft, as it came.

    Attributes:
        version: The version the person saw, or None where the caller does not say.
    """

    by: str
    at: datetime
    reason: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a draft as it stands; ``subject`` is None where the channel has none."""

    subject: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks say of a text; ``sms_segments`` is None where it is no SMS."""

    findings: tuple[DraftFinding, ...]
    sms_segments: int | None


Check = Callable[[FollowUp, Lead, Text], Checked]
"""Looks at a person's text in the place of the draft's own."""


def current_text(record: FollowUpRecord) -> Text:
    """Return what an approval approves: the newest edit, or the draft where there is none."""
    newest = record.edits[-1] if record.edits else record.draft
    return Text(newest.subject, newest.body)


def approve(
    record: FollowUpRecord, lead: Lead, word: Word, *, check: Check, despite_findings: bool
) -> FollowUpRecord:
    """Return the draft approved.

    Args:
        record: The draft.
        lead: As it is now, not as it was when the draft was written.
        word: Who approves, and which version.
        check: Looks at the text as it stands.
        despite_findings: The person saw the blocking findings and approves all the same.

    Raises:
        ConflictError: It is decided already, another version than the one seen, by a channel
            that is closed to the lead, or it has blocking findings that nobody spoke about.
    """
    _check_open(record, word)
    channel = record.draft.channel
    findings = check(record.draft, lead, current_text(record)).findings
    blocking = {one.check for one in findings if one.severity is Severity.BLOCKING}
    if channel in closed_channels(lead) or CHANNEL_CLOSED in blocking:
        why = f"{lead.lead_id!r} must not be reached by {channel} any more; reject the draft"
        raise _conflict(record, why)
    names = ", ".join(sorted(blocking))
    if blocking and not despite_findings:
        why = (
            f"it has blocking findings ({names}); edit it, or approve it despite them"
            " (despite_findings, on the command line --despite-findings)"
        )
        raise _conflict(record, why)
    reason = f"despite findings: {names}. {word.reason}".strip() if blocking else word.reason
    return _decided(record, DraftState.APPROVED, word, reason[:MAX_REASON_CHARACTERS])


def reject(record: FollowUpRecord, word: Word) -> FollowUpRecord:
    """Return the draft rejected.

    Raises:
        ConflictError: It is decided already, or another version than the one seen.
    """
    _check_open(record, word)
    return _decided(record, DraftState.REJECTED, word, word.reason)


def edit(
    record: FollowUpRecord, lead: Lead, word: Word, *, text: Text, check: Check
) -> FollowUpRecord:
    """Return the draft with a person's text, checked anew; the text before is kept.

    A subject that is left out stays as it is. The same text again changes nothing.

    Args:
        record: The draft.
        lead: As it is now.
        word: Who edits, and which version was seen.
        text: The new text.
        check: Looks at the new text.

    Raises:
        ConflictError: It is decided already, another version than the one seen, or edited
            :data:`MAX_EDITS` times.
        InvalidInputError: A subject for a channel that has none.
    """
    _check_open(record, word)
    before = current_text(record)
    if text.subject is not None and record.draft.channel is not Channel.EMAIL:
        allowed = f"nothing: a draft for {record.draft.channel} has none"
        raise InvalidInputError("subject", "a subject", allowed)
    after = Text(before.subject if text.subject is None else text.subject, text.body)
    if after == before:
        return record
    if len(record.edits) >= MAX_EDITS:
        raise _conflict(record, f"it was edited {MAX_EDITS} times; ask for a new draft")
    checked = check(record.draft, lead, after)
    added = FollowUpEdit(
        by=word.by,
        at=word.at,
        subject=after.subject,
        body=after.body,
        sms_segments=checked.sms_segments,
        findings=checked.findings,
    )
    return record.model_copy(update={"edits": (*record.edits, added)})


def _check_open(record: FollowUpRecord, word: Word) -> None:
    if record.state is not DraftState.AWAITING_APPROVAL:
        last = record.decisions[-1] if record.decisions else None
        who = f" by {last.by} on {last.at:%Y-%m-%d}" if last else ""
        raise _conflict(record, f"it is {record.state}{who}, which is final; ask for a new draft")
    if word.version is not None and word.version != record.version:
        why = f"version {word.version} was seen and it is at {record.version} now; read it again"
        raise _conflict(record, why)


def _decided(record: FollowUpRecord, state: DraftState, word: Word, reason: str) -> FollowUpRecord:
    decision = Decision(state=state, by=word.by, at=word.at, reason=reason)
    return record.model_copy(update={"state": state, "decisions": (*record.decisions, decision)})


def _conflict(record: FollowUpRecord, why: str) -> ConflictError:
    return ConflictError(WHAT, str(record.follow_up_id), why)
