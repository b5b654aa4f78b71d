"""What the checks say of a person's text, held against the lead as it is now."""

from typing import Any

import pytest

from actors.settings import WritingSettings
from domain.intake import read_lead
from domain.lead import Channel
from scoring.settings import ScoringSettings
from serve_app.approval import CHANNEL_CLOSED, Text
from serve_app.draft_check import draft_check
from tests.serve_app.specimens import NOW, a_draft

CHECK = draft_check(WritingSettings(), ScoringSettings().profile)
LEAD = {
    "lead_id": "a-1",
    "contact": {"full_name": "Dana Reed", "email": "dana@example.com"},
    "message": "We want a new lawn.",
}


def found(text: str, *, channel: Channel = Channel.EMAIL, **changes: Any) -> set[str]:
    """Return the names of the checks that see something."""
    raw = {**LEAD, **changes}
    lead = read_lead(raw, received_at=NOW, new_lead_id="a-1", countries=lambda _place: ("US",))
    draft = a_draft(channel=channel)
    return {one.check for one in CHECK(draft, lead, None, Text("Your garden", text)).findings}


@pytest.mark.parametrize(
    ("changes", "closed"),
    [
        ({}, False),
        ({"message": "Please do not contact me again. Unsubscribe me from everything."}, True),
        ({"message": "Do not e-mail me, and do not call."}, True),
        ({"consent": {"email": False}}, True),
        ({"events": [{"type": "opt_out", "at": "2026-11-22T12:00:00Z"}]}, True),
        ({"contact": {"full_name": "Dana Reed", "phone": "+15035550133"}}, True),
    ],
)
def test_a_channel_is_closed_by_whatever_way_the_person_closed_it(
    changes: dict[str, Any],
    closed: bool,  # noqa: FBT001 - a table
) -> None:
    assert (CHANNEL_CLOSED in found("Hello Dana, thank you for writing.", **changes)) == closed


def test_a_text_that_greets_somebody_else_by_now_is_seen() -> None:
    text = "Hello Dana, thank you for writing."
    assert "wrong_name" not in found(text)
    renamed = {"full_name": "Anna Berg", "email": "dana@example.com"}
    assert "wrong_name" in found(text, contact=renamed)


def test_messages_of_an_sms_are_counted_and_of_nothing_else() -> None:
    lead = read_lead(LEAD, received_at=NOW, new_lead_id="a-1", countries=lambda _place: ("US",))
    text = Text(None, "x" * 161)
    assert CHECK(a_draft(channel=Channel.SMS), lead, None, text).sms_segments == 2
    assert CHECK(a_draft(channel=Channel.PHONE), lead, None, text).sms_segments is None
