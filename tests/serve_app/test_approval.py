"""Claims about the rules by which people decide on drafts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.errors import ConflictError, InvalidInputError
from domain.follow_up import DraftFinding, DraftState, FollowUp, FollowUpRecord, Severity
from domain.lead import Channel, Consent, Contact, EventType, Lead, LeadEvent
from serve_app.approval import (
    CHANNEL_CLOSED,
    MAX_EDITS,
    Check,
    Checked,
    Text,
    Word,
    approve,
    current_text,
    edit,
    reject,
)
from tests.serve_app.specimens import NOW, a_draft, a_finding

ID = UUID(int=7)
WORD = Word("marta", NOW)
LEAD = Lead(lead_id="a-1", created_at=NOW)
BLOCKED = a_finding(Severity.BLOCKING)
WARNED = a_finding(Severity.WARNING, "long")


def a_record(state: DraftState = DraftState.AWAITING_APPROVAL, **draft: Any) -> FollowUpRecord:
    """Return a stored draft at version 3."""
    return FollowUpRecord(follow_up_id=ID, version=3, state=state, draft=a_draft(**draft))


def nothing_seen(draft: FollowUp, lead: Lead, text: Text) -> Checked:
    """Find nothing."""
    return Checked((), None)


def seeing(*findings: DraftFinding) -> Check:
    """Find always the same."""

    def check(draft: FollowUp, lead: Lead, text: Text) -> Checked:
        return Checked(findings, None)

    return check


def do_approve(record: FollowUpRecord, word: Word) -> FollowUpRecord:
    """Approve."""
    return approve(record, LEAD, word, check=nothing_seen, despite_findings=False)


def do_edit(record: FollowUpRecord, word: Word) -> FollowUpRecord:
    """Edit."""
    return edit(record, LEAD, word, text=Text(None, "New text."), check=nothing_seen)


RULES = [do_approve, reject, do_edit]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("state", [DraftState.APPROVED, DraftState.REJECTED])
def test_what_is_decided_stays_decided(
    rule: Callable[[FollowUpRecord, Word], FollowUpRecord], state: DraftState
) -> None:
    with pytest.raises(ConflictError, match=f"it is {state}.*final"):
        rule(a_record(state), WORD)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("seen", "passes"), [(None, True), (3, True), (2, False), (4, False)])
def test_a_word_counts_for_the_version_that_was_seen_only(
    rule: Callable[[FollowUpRecord, Word], FollowUpRecord],
    seen: int | None,
    passes: bool,  # noqa: FBT001 - a table
) -> None:
    word = replace(WORD, version=seen)
    if passes:
        assert rule(a_record(), word) != a_record()
    else:
        with pytest.raises(ConflictError, match=r"version \d was seen and it is at 3"):
            rule(a_record(), word)


@pytest.mark.parametrize(
    ("rule", "state"), [(do_approve, DraftState.APPROVED), (reject, DraftState.REJECTED)]
)
def test_a_decision_is_kept_with_who_when_and_why(
    rule: Callable[[FollowUpRecord, Word], FollowUpRecord], state: DraftState
) -> None:
    after = rule(a_record(), replace(WORD, reason="we spoke"))
    (decision,) = after.decisions
    assert after.state is decision.state is state
    assert (decision.by, decision.at, decision.reason) == ("marta", NOW, "we spoke")


@pytest.mark.parametrize(
    ("lead", "channel", "passes"),
    [
        (LEAD, Channel.EMAIL, True),
        (LEAD.model_copy(update={"consent": Consent(email=False)}), Channel.EMAIL, False),
        (LEAD.model_copy(update={"consent": Consent(email=False)}), Channel.PHONE, True),
        (
            LEAD.model_copy(
                update={"events": (LeadEvent(type=EventType.OPT_OUT, at=NOW),)},
            ),
            Channel.PHONE,
            False,
        ),
        (
            LEAD.model_copy(
                update={"events": (LeadEvent(type=EventType.UNSUBSCRIBED, at=NOW),)},
            ),
            Channel.EMAIL,
            False,
        ),
    ],
)
@pytest.mark.parametrize("despite", [False, True])
def test_nothing_is_approved_for_a_channel_that_the_person_closed_since(
    lead: Lead,
    channel: Channel,
    passes: bool,  # noqa: FBT001 - a table
    despite: bool,  # noqa: FBT001 - a table
) -> None:
    record = a_record(channel=channel)
    if passes:
        approved = approve(record, lead, WORD, check=nothing_seen, despite_findings=despite)
        assert approved.state is DraftState.APPROVED
    else:
        with pytest.raises(ConflictError, match=f"must not be reached by {channel}"):
            approve(record, lead, WORD, check=nothing_seen, despite_findings=despite)


@pytest.mark.parametrize("despite", [False, True])
def test_nothing_is_approved_where_the_checks_see_the_channel_closed(
    despite: bool,  # noqa: FBT001 - a table
) -> None:
    check = seeing(a_finding(check=CHANNEL_CLOSED))
    with pytest.raises(ConflictError, match="must not be reached by email"):
        approve(a_record(), LEAD, WORD, check=check, despite_findings=despite)


@pytest.mark.parametrize(
    ("findings", "despite", "passes", "reason"),
    [
        ((), False, True, ""),
        ((WARNED,), False, True, ""),
        ((BLOCKED,), False, False, ""),
        ((BLOCKED, WARNED), True, True, "despite findings: foreign_link."),
        ((), True, True, ""),
    ],
)
def test_blocking_findings_are_approved_only_by_saying_so_and_the_record_keeps_which(
    findings: tuple[DraftFinding, ...],
    despite: bool,  # noqa: FBT001 - a table
    passes: bool,  # noqa: FBT001 - a table
    reason: str,
) -> None:
    record, check = a_record(), seeing(*findings)
    if passes:
        approved = approve(record, LEAD, WORD, check=check, despite_findings=despite)
        assert approved.decisions[0].reason == reason
    else:
        with pytest.raises(ConflictError, match="foreign_link"):
            approve(record, LEAD, WORD, check=check, despite_findings=despite)


def test_a_long_reason_beside_the_findings_still_fits() -> None:
    long = replace(WORD, reason="x" * 500)
    approved = approve(a_record(), LEAD, long, check=seeing(BLOCKED), despite_findings=True)
    assert len(approved.decisions[0].reason) == 500


def test_an_approval_looks_at_the_text_as_it_stands_with_the_lead_as_it_is_now() -> None:
    seen: list[tuple[Lead, Text]] = []

    def check(draft: FollowUp, lead: Lead, text: Text) -> Checked:
        seen.append((lead, text))
        return Checked((), None)

    record = a_record(findings=(BLOCKED,))
    edited = edit(record, LEAD, WORD, text=Text(None, "Clean."), check=nothing_seen)
    renamed = LEAD.model_copy(update={"contact": Contact(full_name="Anna Berg")})
    approved = approve(edited, renamed, WORD, check=check, despite_findings=False)
    assert seen == [(renamed, Text("Your garden", "Clean."))]
    assert approved.state is DraftState.APPROVED


def test_every_edit_is_kept_and_the_newest_is_the_text() -> None:
    first = edit(a_record(), LEAD, WORD, text=Text("New", "One."), check=nothing_seen)
    second = edit(first, LEAD, WORD, text=Text(None, "Two."), check=nothing_seen)
    assert [one.body for one in second.edits] == ["One.", "Two."]
    assert current_text(second) == Text("New", "Two.")
    assert second.draft == a_record().draft


def test_an_edit_is_checked_with_the_lead_as_it_is_now() -> None:
    seen: list[tuple[Lead, Text]] = []

    def check(draft: FollowUp, lead: Lead, text: Text) -> Checked:
        seen.append((lead, text))
        return Checked((BLOCKED,), 2)

    record = a_record(channel=Channel.SMS, subject=None)
    after = edit(record, LEAD, WORD, text=Text(None, "Short."), check=check)
    assert seen == [(LEAD, Text(None, "Short."))]
    assert (after.edits[0].findings, after.edits[0].sms_segments) == ((BLOCKED,), 2)
    assert after.state is DraftState.AWAITING_APPROVAL


@pytest.mark.parametrize("subject", [None, "Your garden"])
def test_the_same_text_again_changes_nothing(subject: str | None) -> None:
    record = a_record()
    text = Text(subject, record.draft.body)
    assert edit(record, LEAD, WORD, text=text, check=nothing_seen) is record


def test_only_an_email_has_a_subject() -> None:
    record = a_record(channel=Channel.SMS, subject=None)
    with pytest.raises(InvalidInputError, match="subject"):
        edit(record, LEAD, WORD, text=Text("Hello", "Text."), check=nothing_seen)


def test_a_draft_is_not_edited_without_end() -> None:
    record = a_record()
    for number in range(MAX_EDITS):
        record = edit(record, LEAD, WORD, text=Text(None, str(number)), check=nothing_seen)
    with pytest.raises(ConflictError, match=f"edited {MAX_EDITS} times"):
        do_edit(record, WORD)
