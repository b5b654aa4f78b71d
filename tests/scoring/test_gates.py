"""Gates: each closes on what it names, stays open otherwise, and yields to a person's word."""

import csv
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.analysis import Fact, FirstLead, Gate, GateFinding, Override
from domain.lead import Channel, Consent, Contact, EventType, Lead, LeadEvent, Location, SetAside
from scoring.extractor import extract_facts
from scoring.gates import find_gates, is_offered
from scoring.settings import BusinessProfile
from scoring.unwanted import judge_spam
from tests.scoring.enquiries import OFFERS, ORDINARY, SPAM

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
PROFILE = BusinessProfile()
REACHABLE = Contact(full_name="Robin Vale", email="robin@example.com", phone="+15035550123")
PORTLAND = Location(postal_code="97209", country="US")
SPAM_COLLECTION = os.environ.get("GARDENOS_SMS_SPAM_CSV", "")


def make_lead(message: str = "Our lawn needs mowing.", *, contact: Contact = REACHABLE) -> Lead:
    return Lead(
        lead_id="lead-1",
        created_at=AT,
        contact=contact,
        service="lawn_care",
        location=PORTLAND,
        message=message,
    )


def gates_of(
    lead: Lead,
    *,
    overrides: tuple[Override, ...] = (),
    first: FirstLead | None = None,
    facts: tuple[Fact, ...] | None = None,
) -> dict[Gate, GateFinding]:
    read = (
        extract_facts(lead.message, locale=lead.locale, country="US", created_at=AT)
        if facts is None
        else facts
    )
    found = find_gates(lead, facts=read, overrides=overrides, first=first, profile=PROFILE)
    return {finding.gate: finding for finding in found}


@pytest.mark.parametrize("message", ORDINARY)
def test_no_ordinary_enquiry_is_taken_for_spam_or_an_offer(message: str) -> None:
    assert gates_of(make_lead(message)) == {}


@pytest.mark.parametrize("message", SPAM)
def test_spam_is_named_with_what_was_seen(message: str) -> None:
    found = gates_of(make_lead(message))
    assert list(found) == [Gate.SPAM]
    assert ": " in found[Gate.SPAM].evidence


@pytest.mark.parametrize("message", OFFERS)
def test_an_offer_to_the_business_is_a_solicitation(message: str) -> None:
    found = gates_of(make_lead(message))
    assert list(found) == [Gate.SOLICITATION]
    assert found[Gate.SOLICITATION].evidence


@pytest.mark.parametrize(
    "message",
    [
        "CLICK HERE http://x.example",
        "Free!!!",
        "Call me now, urgent!",
        "www.example.com",
        "We offer you the job if the price is right",
        "Is your business still open?",
        "",
        "???",
    ],
)
def test_one_weak_signal_is_not_enough(message: str) -> None:
    assert gates_of(make_lead(message)) == {}


def test_spam_is_told_from_private_messages_of_another_kind() -> None:
    path = Path(SPAM_COLLECTION) if SPAM_COLLECTION else None
    if path is None or not path.is_file():
        pytest.skip("the SMS Spam Collection may not be shipped; set GARDENOS_SMS_SPAM_CSV to it")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["spam"] == "1", row["text"]) for row in csv.DictReader(file)]
    judged = [(is_spam, judge_spam(text).is_unwanted) for is_spam, text in rows]
    caught = sum(is_spam and seen for is_spam, seen in judged)
    accused = sum(seen for _, seen in judged)
    spam = sum(is_spam for is_spam, _ in judged)
    assert caught / accused >= 0.99
    assert caught / spam >= 0.65


@pytest.mark.parametrize(
    ("location", "closes"),
    [
        (None, False),
        (Location(), False),
        (PORTLAND, False),
        (Location(country="US"), False),
        (Location(city="Bristol", country="GB"), False),
        (Location(postal_code="89101", city="Las Vegas", country="US"), True),
        (Location(postal_code="80331", country="DE"), True),
        (Location(country="FR"), True),
    ],
)
def test_only_a_place_known_to_be_outside_is_out_of_area(
    location: Location | None, *, closes: bool
) -> None:
    lead = make_lead().model_copy(update={"location": location})
    assert (Gate.OUT_OF_AREA in gates_of(lead)) is closes


def test_the_evidence_of_out_of_area_names_the_place() -> None:
    lead = make_lead().model_copy(update={"location": Location(postal_code="89101", country="US")})
    assert "89101 US" in gates_of(lead)[Gate.OUT_OF_AREA].evidence


@pytest.mark.parametrize(
    ("service", "offered"),
    [
        ("lawn_care", True),
        ("mowing", True),
        ("Lawn Mowing", True),
        ("Rasen mähen", True),
        ("gartenpflege", True),
        ("hedge_cutting", True),
        ("other", True),
        ("not_sure", True),
        ("garden_lighting", True),
        ("roof_repair", False),
        ("plumbing", False),
        ("house_cleaning", False),
    ],
)
def test_a_service_is_known_by_any_of_its_names(service: str, *, offered: bool) -> None:
    assert is_offered(service, PROFILE.services) is offered
    lead = make_lead().model_copy(update={"service": service})
    assert (Gate.WRONG_JOB_TYPE in gates_of(lead)) is not offered


def test_a_known_service_that_this_business_lacks_is_the_wrong_job() -> None:
    assert not is_offered("tree_felling", {"lawn_care"})


def test_a_lead_without_any_address_is_uncontactable_and_says_why() -> None:
    spoiled = SetAside(field="contact.email", value="x@y", flag="email_invalid")
    lead = make_lead(contact=Contact()).model_copy(update={"set_aside": (spoiled,)})
    found = gates_of(lead)
    assert list(found) == [Gate.UNCONTACTABLE]
    assert "contact.email 'x@y'" in found[Gate.UNCONTACTABLE].evidence


@pytest.mark.parametrize("message", ["call 503 555 0142 please", "write to robin.v@example.org"])
def test_an_address_in_the_message_makes_a_lead_contactable(message: str) -> None:
    assert gates_of(make_lead(message, contact=Contact())) == {}


def test_a_closed_channel_does_not_disqualify_while_another_is_open() -> None:
    lead = make_lead("Please do not email me, call only.")
    assert gates_of(lead.model_copy(update={"consent": Consent(email=False, sms=False)})) == {}


def test_a_lead_is_opted_out_when_every_channel_it_has_an_address_for_is_closed() -> None:
    only_email = Contact(email="robin@example.com")
    lead = make_lead("Unsubscribe me.", contact=only_email)
    assert list(gates_of(lead)) == [Gate.OPTED_OUT]


@pytest.mark.parametrize("message", ["Text only please.", "WhatsApp only!"])
def test_who_asks_for_one_channel_only_is_reached_by_it(message: str) -> None:
    assert gates_of(make_lead(message)) == {}


def test_an_opt_out_event_without_a_channel_closes_all() -> None:
    event = LeadEvent(type=EventType.OPT_OUT, at=AT)
    lead = make_lead().model_copy(update={"events": (event,)})
    assert list(gates_of(lead)) == [Gate.OPTED_OUT]


def test_an_opt_out_from_one_channel_leaves_the_telephone() -> None:
    event = LeadEvent(type=EventType.OPT_OUT, at=AT, channel=Channel.EMAIL)
    assert gates_of(make_lead().model_copy(update={"events": (event,)})) == {}


def test_a_duplicate_names_the_first_lead() -> None:
    found = gates_of(make_lead(), first=FirstLead(lead_id="lead-0"))
    assert list(found) == [Gate.DUPLICATE]
    assert "lead-0" in found[Gate.DUPLICATE].evidence


def test_an_override_undoes_its_gate_only() -> None:
    lead = make_lead(SPAM[0]).model_copy(update={"location": Location(country="FR")})
    word = Override(gate=Gate.SPAM, by="Kim", at=AT)
    found = gates_of(lead, overrides=(word,))
    assert found[Gate.SPAM].undone
    assert not found[Gate.OUT_OF_AREA].undone


@pytest.mark.parametrize("newest_undoes", [True, False])
def test_the_newest_override_of_a_gate_counts_in_any_order(*, newest_undoes: bool) -> None:
    older = Override(gate=Gate.SPAM, undone=not newest_undoes, by="Kim", at=AT)
    newer = Override(gate=Gate.SPAM, undone=newest_undoes, by="Lee", at=AT + timedelta(hours=1))
    found = gates_of(make_lead(SPAM[0]), overrides=(newer, older))
    assert found[Gate.SPAM].undone is newest_undoes


def test_findings_come_in_the_order_of_the_gates() -> None:
    lead = make_lead(SPAM[0], contact=Contact()).model_copy(
        update={"service": "plumbing", "location": Location(country="FR")}
    )
    found = list(gates_of(lead, first=FirstLead(lead_id="lead-0")))
    assert found == [gate for gate in Gate if gate in found]
    assert len(found) == 5
