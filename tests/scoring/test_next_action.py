"""What to do next: at once, at the hour that was asked for, by a channel that is open."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from domain.analysis import ActionKind, Grade
from domain.lead import Channel
from scoring.known import CallWindow, know
from scoring.settings import BusinessProfile
from tests.scoring.leads import CREATED, NOW, analysed, fact, good_fields, lead, leads

PHONE_ONLY = {"email": False, "sms": False, "whatsapp": False}


def test_a_hot_lead_is_called_within_five_minutes() -> None:
    analysis = analysed(lead(**good_fields()))

    assert analysis.grade is Grade.A
    assert analysis.next_best_action.kind is ActionKind.CALL
    assert analysis.next_best_action.channel is Channel.PHONE
    assert analysis.next_best_action.due_by == NOW + timedelta(minutes=5)


def test_a_hot_lead_at_night_waits_for_the_opening_where_the_profile_says_so() -> None:
    night = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    profile = BusinessProfile(calls_hot_leads_at_once=False)

    waiting = analysed(lead(**good_fields()), as_of=night, profile=profile).next_best_action
    at_once = analysed(lead(**good_fields()), as_of=night).next_best_action

    opening = datetime(2026, 11, 24, 8, 5, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert waiting.due_by == opening
    assert at_once.due_by == night + timedelta(minutes=5)
    assert "outside opening hours" in at_once.text


def test_a_hot_lead_whose_phone_is_closed_is_written_to() -> None:
    subject = lead(**{**good_fields(), "consent": {"email": True, "phone": False}})

    action = analysed(subject).next_best_action

    assert (action.kind, action.channel) == (ActionKind.WRITE, Channel.EMAIL)


@pytest.mark.parametrize(
    ("message", "locale", "country", "zone"),
    [
        (
            "Wir suchen Pflege für den Garten. Rückruf bitte nach 17 Uhr.",
            "de-DE",
            "DE",
            "Europe/Berlin",
        ),
        ("Please call me after 5 pm about our garden.", "en-GB", "GB", "Europe/London"),
        ("Please call me after 5pm about our garden.", "en-US", "US", "America/Los_Angeles"),
    ],
)
def test_a_stated_hour_of_call_is_kept_in_the_leads_own_time(
    message: str, locale: str, country: str, zone: str
) -> None:
    fields = {
        **good_fields(),
        "message": message,
        "locale": locale,
        "location": {"country": country},
    }

    action = analysed(lead(**fields), as_of=datetime(2026, 11, 24, 12, tzinfo=UTC)).next_best_action

    assert action.kind is ActionKind.CALL
    assert action.due_by == datetime(2026, 11, 24, 17, 30, tzinfo=ZoneInfo(zone))
    assert "17:00" in action.text


@pytest.mark.parametrize("role", ["committee", "property_manager"])
def test_a_body_that_decides_on_a_day_gets_the_proposal_before_it(role: str) -> None:
    message = "Our board votes on 10 December on the contract for the coming year, two others bid."
    subject = lead(**{**good_fields(), "decision_role": role, "message": message})

    action = analysed(subject).next_best_action

    assert action.kind is ActionKind.SEND_PROPOSAL
    assert action.channel is Channel.EMAIL
    assert action.due_by is not None
    assert NOW < action.due_by < datetime(2026, 12, 10, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert "10 December 2026" in action.text


def test_a_day_of_decision_that_is_over_no_longer_counts() -> None:
    message = "Our board votes on 10 December on the contract for the coming year, two others bid."
    subject = lead(**{**good_fields(), "decision_role": "committee", "message": message})

    action = analysed(subject, as_of=datetime(2027, 2, 1, 18, tzinfo=UTC)).next_best_action

    assert action.kind is ActionKind.CALL


def test_a_bare_question_is_answered_with_two_questions_in_its_language() -> None:
    fields = {
        "contact": {"email": "ada@example.com"},
        "service": "lawn_care",
        "location": {"postal_code": "10405", "country": "DE"},
        "locale": "de-DE",
        "message": "Was kostet Rasenmähen?",
    }

    analysis = analysed(lead(**fields))

    assert analysis.next_best_action.kind is ActionKind.ASK_QUESTIONS
    assert analysis.next_best_action.questions == (
        "Welches Budget haben Sie vorgesehen?",
        "Wann soll die Arbeit beginnen?",
    )
    assert analysis.missing[:2] == ("budget", "timeline")


@pytest.mark.parametrize("status", ["won", "lost", "closed"])
def test_a_lead_that_is_closed_needs_nothing(status: str) -> None:
    analysis = analysed(lead(**{**good_fields(), "status": status}))

    assert analysis.next_best_action.kind is ActionKind.NONE
    assert analysis.call_priority is None


def test_out_of_area_goes_to_a_partner_only_where_there_are_some() -> None:
    subject = lead(**{**good_fields(), "location": {"postal_code": "89101", "country": "US"}})
    alone = BusinessProfile(refers_to_partners=False)

    assert analysed(subject).next_best_action.kind is ActionKind.REFER_TO_PARTNER
    assert analysed(subject, profile=alone).next_best_action.kind is ActionKind.NONE


@given(leads())
def test_no_action_goes_through_a_closed_channel(raw: dict[str, Any]) -> None:
    analysis = analysed(lead(**raw))
    action = analysis.next_best_action

    assert action.channel is None or action.channel in analysis.open_channels
    assert (action.channel is None) == (action.kind is ActionKind.NONE)
    assert (action.due_by is None) == (action.kind is ActionKind.NONE)
    refused = {name for name, allowed in raw.get("consent", {}).items() if not allowed}
    assert not refused & set(analysis.open_channels)


@given(leads())
def test_every_action_is_due_in_the_future(raw: dict[str, Any]) -> None:
    due_by = analysed(lead(**raw)).next_best_action.due_by

    assert due_by is None or due_by > NOW


@pytest.mark.parametrize(
    ("changes", "channels"),
    [
        ({"consent": {}}, ["phone", "email"]),
        ({"consent": {"email": True}}, ["email", "phone"]),
        ({"consent": {"whatsapp": True}}, ["whatsapp", "phone", "email"]),
        ({"consent": {"sms": True, "email": False}}, ["sms", "phone"]),
        ({"consent": PHONE_ONLY}, ["phone"]),
        ({"events": [{"type": "opt_out", "at": CREATED.isoformat()}]}, []),
        ({"events": [{"type": "unsubscribed", "at": CREATED.isoformat()}]}, ["phone"]),
    ],
)
def test_a_text_message_needs_a_yes_and_a_no_closes(
    changes: dict[str, Any], channels: list[str]
) -> None:
    assert list(analysed(lead(**{**good_fields(), **changes})).open_channels) == channels


def test_a_field_wins_over_a_fact_and_a_fact_fills_a_gap() -> None:
    message = "The garden has 410 m2. Call between 9 and 11. We begin in March 2027."
    facts = [
        fact("area_m2", 410, "410 m2", message),
        fact("start_date", "2027-03", "March 2027", message),
        fact("callback_after", "09:00", "between 9 and 11", message),
        fact("callback_before", "11:00", "between 9 and 11", message),
        fact("budget", {"amount_max": -1}, "9", message),
        fact("decision_role", "emperor", "We", message),
    ]
    gap = {
        **good_fields(),
        "area_m2": None,
        "timeline": None,
        "budget": None,
        "decision_role": None,
    }

    filled = know(lead(**{**gap, "message": message}), facts)
    stated = know(lead(**{**good_fields(), "message": message}), facts)

    assert filled.area_m2 is not None
    assert (filled.area_m2.value, filled.area_m2.evidence) == (410, "410 m2")
    assert filled.timeline is not None
    assert filled.timeline.value == "3_6_months"
    assert filled.callback is not None
    assert filled.callback.value != CallWindow()
    assert filled.budget is None
    assert filled.decision_role is None
    assert stated.area_m2 is not None
    assert (stated.area_m2.value, stated.area_m2.evidence) == (300, "area_m2")


def test_a_form_that_names_no_service_leaves_the_gap_to_the_message() -> None:
    message = "Could you take down two trees? Photos attached."
    facts = [
        fact("service", "tree_removal", "take down two trees", message),
        fact("attachments_mentioned", True, "Photos attached", message),
    ]
    fields = {**good_fields(), "service": "other", "attachments": 0, "message": message}

    known = know(lead(**fields), facts)

    assert known.service is not None
    assert known.service.value == "tree_removal"
    assert known.attachments is not None
    assert known.attachments.evidence == "Photos attached"
