"""Reading raw leads: what is set aside, what is refused, and that nothing is lost."""

import json
from datetime import UTC, datetime

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.country_names import COUNTRY_BY_NAME
from domain.errors import InvalidInputError, PayloadTooLargeError
from domain.intake import read_lead
from domain.lead import MAX_MESSAGE_BYTES, Channel, EventType, Lead, Location, closed_channels

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def read(raw: object) -> Lead:
    """Read ``raw`` as if it came in at NOW."""
    return read_lead(raw, received_at=NOW, new_lead_id="new-1", countries=lambda _place: ("US",))


@pytest.mark.parametrize(
    ("raw", "flag", "field"),
    [
        (
            {"budget": {"amount_min": 25000, "amount_max": 18000}},
            "budget_range_inverted",
            "budget.amount_min",
        ),
        ({"budget": {"amount_max": -1}}, "budget_negative", "budget.amount_max"),
        ({"budget": {"amount_max": "a lot"}}, "budget_unreadable", "budget.amount_max"),
        (
            {"budget": {"amount_max": 5, "currency": "dollars"}},
            "currency_unknown",
            "budget.currency",
        ),
        ({"area_m2": -5}, "area_negative", "area_m2"),
        ({"area_m2": "about 350"}, "area_unreadable", "area_m2"),
        ({"timeline": "yesterday"}, "timeline_unknown", "timeline"),
        ({"contact": {"email": "x@y"}}, "email_invalid", "contact.email"),
        ({"contact": {"phone": "call me"}}, "phone_invalid", "contact.phone"),
        ({"contact": "Kim"}, "contact_unreadable", "contact"),
        ({"budget": "nein"}, "budget_unreadable", "budget"),
        ({"budget": "8k EUR"}, "budget_unreadable", "budget"),
        ({"budget": [1, 2]}, "budget_unreadable", "budget"),
        ({"location": "Berlin"}, "location_unreadable", "location"),
        ({"source": "carrier pigeon"}, "source_unknown", "source"),
        ({"locale": "??"}, "locale_unknown", "locale"),
        ({"timezone": "Mars/Olympus"}, "timezone_unknown", "timezone"),
        ({"location": {"country": "Atlantis"}}, "country_unknown", "location.country"),
        ({"location": {"lat": 91}}, "lat_out_of_range", "location.lat"),
        (
            {"events": [{"type": "danced", "at": "2026-11-20T08:05:00Z"}]},
            "event_unknown",
            "events[0]",
        ),
        ({"events": ["reply"]}, "event_unreadable", "events[0]"),
        ({"created_at": "last week"}, "created_at_unreadable", "created_at"),
        ({"consent": {"sms": "perhaps"}}, "consent_sms_unreadable", "consent.sms"),
        ({"favourite_plant": "rose"}, "field_unknown", "favourite_plant"),
    ],
)
def test_a_wrong_but_real_value_is_set_aside_and_named(
    raw: dict[str, object], flag: str, field: str
) -> None:
    lead = read(raw)
    assert flag in lead.flags
    assert field in {item.field for item in lead.set_aside if item.flag == flag}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ([], "lead"),
        ("lead", "lead"),
        ({"lead_id": 7}, "lead_id"),
        ({"lead_id": "no spaces"}, "lead_id"),
        ({"events": {}}, "events"),
        ({"message": 5}, "message"),
        ({"message": "a\x00b"}, "message"),
        ({"attributes": {"x": float("nan")}}, "attributes.x"),
        ({"contact": {"full_name": "\ud800"}}, "contact.full_name"),
        ({"attributes": []}, "attributes"),
        ({"external_ids": {"crm": {}}}, "external_ids.crm"),
    ],
)
def test_what_cannot_be_a_lead_is_refused_by_the_field_name(raw: object, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read(raw)
    assert refused.value.field == field


def test_a_message_beyond_its_bound_is_refused_with_both_sizes() -> None:
    with pytest.raises(PayloadTooLargeError, match=r"32769 bytes.*32768 bytes"):
        read({"message": "x" * (MAX_MESSAGE_BYTES + 1)})
    assert len(read({"message": "ä" * (MAX_MESSAGE_BYTES // 2)}).message) == MAX_MESSAGE_BYTES // 2


@pytest.mark.parametrize(
    ("phone", "country", "expected"),
    [
        ("(503) 555-0142", "US", "+15035550142"),
        ("030 23125 042", "DE", "+493023125042"),
        ("01632 960123", "GB", "+441632960123"),
        ("+49 30 23125042", "US", "+493023125042"),
    ],
)
def test_a_local_phone_number_is_normalised_by_the_country(
    phone: str, country: str, expected: str
) -> None:
    lead = read({"contact": {"phone": phone}, "location": {"country": country}})
    assert lead.contact.phone == expected
    assert lead.flags == ()


def place_countries(place: Location) -> tuple[str, ...]:
    """Return three countries, Germany first where the city is Berlin."""
    return ("DE", "US", "GB") if place.city == "Berlin" else ("US", "DE", "GB")


@pytest.mark.parametrize(
    ("phone", "fields", "expected"),
    [
        ("030 9876543", {}, "+49309876543"),
        ("503 555 0142", {}, "+15035550142"),
        ("503 555 0142", {"location": {"city": "Berlin"}}, "+495035550142"),
        ("503 555 0142", {"locale": "de-DE"}, "+495035550142"),
        ("030 9876543", {"locale": "en-US"}, "+49309876543"),
        ("0117 496 0123", {"location": {"postal_code": "BS1 4DJ"}}, "+441174960123"),
        ("0049 30 9876543", {"location": {"country": "US"}}, "+49309876543"),
        ("+44 117 496 0123", {"location": {"country": "DE"}}, "+441174960123"),
        ("1-800-FLOWERS", {}, "+18003569377"),
        ("Tel.: 030-4445556", {}, "+49304445556"),
    ],
)
def test_a_phone_number_belongs_to_the_first_country_in_which_it_is_valid(
    phone: str, fields: dict[str, object], expected: str
) -> None:
    raw = {"contact": {"phone": phone}, **fields}
    lead = read_lead(raw, received_at=NOW, new_lead_id="a", countries=place_countries)
    assert (lead.contact.phone, lead.flags) == (expected, ())


@pytest.mark.parametrize(
    ("phone", "country"),
    [
        ("123", "DE"),
        ("030 9876543", "US"),
        ("110", "DE"),
        ("+10309876543", None),
        ("0000000", None),
    ],
)
def test_a_number_that_is_valid_nowhere_is_set_aside(phone: str, country: str | None) -> None:
    raw = {"contact": {"phone": phone, "email": "a@b.de"}, "location": {"country": country}}
    lead = read_lead(raw, received_at=NOW, new_lead_id="a", countries=place_countries)
    assert (lead.contact.phone, lead.contact.email) == (None, "a@b.de")
    assert lead.flags == ("phone_invalid",)
    assert lead.set_aside[0].value == phone


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("030-4445556 ab 18 Uhr", "+49304445556"),
        ("030 4445556 / 0171 2345678", "+49304445556"),
        ("nur abends: 030 4445556", "+49304445556"),
    ],
)
def test_words_beside_a_phone_number_are_kept_and_named(phone: str, expected: str) -> None:
    lead = read({"contact": {"phone": phone}, "location": {"country": "DE"}})
    assert (lead.contact.phone, lead.flags) == (expected, ("phone_partly_read",))
    assert lead.set_aside[0].value == phone


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("D", "DE"),
        ("Deutschland", "DE"),
        (" germany ", "DE"),
        ("USA", "US"),
        ("United  States", "US"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Österreich", "AT"),
        ("de", "DE"),
    ],
)
def test_a_country_is_known_by_its_name(name: str, code: str) -> None:
    lead = read({"location": {"country": name}})
    assert lead.location is not None
    assert (lead.location.country, lead.flags) == (code, ())


def test_every_name_of_a_country_stands_for_one_that_exists() -> None:
    for name, code in COUNTRY_BY_NAME.items():
        assert code in phonenumbers.SUPPORTED_REGIONS
        assert name == name.casefold()
        lead = read({"location": {"country": name.upper()}})
        assert lead.location is not None
        assert lead.location.country == code


@pytest.mark.parametrize(
    ("written", "fields", "expected"),
    [
        ("21.11.26", {}, datetime(2026, 11, 21, tzinfo=UTC)),
        ("21.11.2026 14:30", {}, datetime(2026, 11, 21, 14, 30, tzinfo=UTC)),
        ("1.2.2026, 9:05 Uhr", {}, datetime(2026, 2, 1, 9, 5, tzinfo=UTC)),
        ("20/11/2026", {}, datetime(2026, 11, 20, tzinfo=UTC)),
        ("11/20/2026 2:30 PM", {}, datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
        ("11/20/2026 12:05 am", {}, datetime(2026, 11, 20, 0, 5, tzinfo=UTC)),
        ("05/06/2026", {"locale": "en-US"}, datetime(2026, 5, 6, tzinfo=UTC)),
        ("05/06/2026", {"location": {"country": "GB"}}, datetime(2026, 6, 5, tzinfo=UTC)),
        ("20/11/2026", {"locale": "en-US"}, datetime(2026, 11, 20, tzinfo=UTC)),
        ("05/05/2026", {}, datetime(2026, 5, 5, tzinfo=UTC)),
    ],
)
def test_a_day_is_read_as_people_write_it(
    written: str, fields: dict[str, object], expected: datetime
) -> None:
    lead = read({"created_at": written, **fields})
    assert (lead.created_at, lead.flags) == (expected, ("created_at_without_zone",))


@pytest.mark.parametrize(
    ("written", "flag"),
    [
        ("05/06/2026", "created_at_ambiguous"),
        ("31.02.2026", "created_at_unreadable"),
        ("13/13/2026", "created_at_unreadable"),
        ("21.11.2026 25:00", "created_at_unreadable"),
        ("11/20/2026 14:30 pm", "created_at_unreadable"),
        ("21.11/2026", "created_at_unreadable"),
        ("9999-12-31T23:59:59-12:00", "created_at_out_of_range"),
        ("0001-01-01T00:00:00+12:00", "created_at_out_of_range"),
        ("0001-01-01", "created_at_out_of_range"),
        ("21.11.9999", "created_at_out_of_range"),
    ],
)
def test_a_day_that_cannot_be_told_is_set_aside(written: str, flag: str) -> None:
    lead = read({"created_at": written})
    assert (lead.created_at, lead.flags) == (NOW, (flag,))
    assert lead.set_aside[0].value == written


def test_an_id_that_is_refused_is_told_in_words() -> None:
    with pytest.raises(InvalidInputError) as refused:
        read({"lead_id": "no spaces"})
    assert refused.value.allowed.startswith("letters, digits and")


def test_what_is_absent_is_filled_and_not_flagged() -> None:
    lead = read({})
    assert (lead.lead_id, lead.created_at, lead.flags) == ("new-1", NOW, ())


def test_an_unknown_field_is_kept_among_the_attributes() -> None:
    assert read({"favourite_plant": "rose"}).attributes == {"favourite_plant": "rose"}


def test_opt_outs_close_their_channel_and_unsubscribing_closes_email() -> None:
    at = "2026-11-22T09:06:00Z"
    events = [{"type": "unsubscribed", "at": at}, {"type": "opt_out", "at": at, "channel": "sms"}]
    lead = read({"events": events, "consent": {"whatsapp": "no"}})
    assert closed_channels(lead) == {Channel.EMAIL, Channel.SMS, Channel.WHATSAPP}


def test_events_are_ordered_by_time_and_counted_once() -> None:
    late = {"type": "reply", "at": "2026-11-22T09:06:00Z"}
    early = {"type": "visit", "at": "2026-11-21T09:06:00Z"}
    assert [event.type for event in read({"events": [late, early, late]}).events] == [
        EventType.VISIT,
        EventType.REPLY,
    ]


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(-1e6, 1e6)
    | st.text(max_size=12)
)
_RAW = st.fixed_dictionaries(
    {},
    optional={
        "source": _SCALARS,
        "locale": _SCALARS,
        "timezone": _SCALARS,
        "created_at": _SCALARS,
        "service": _SCALARS,
        "area_m2": _SCALARS,
        "timeline": _SCALARS,
        "attachments": _SCALARS,
        "status": _SCALARS,
        "contact": st.fixed_dictionaries(
            {}, optional={"email": _SCALARS, "phone": _SCALARS, "full_name": _SCALARS}
        ),
        "budget": st.fixed_dictionaries(
            {}, optional={"amount_min": _SCALARS, "amount_max": _SCALARS}
        ),
        "location": st.fixed_dictionaries(
            {}, optional={"lat": _SCALARS, "country": _SCALARS, "city": _SCALARS}
        ),
        "events": st.lists(
            _SCALARS | st.fixed_dictionaries({"type": _SCALARS, "at": _SCALARS}), max_size=3
        ),
        "consent": st.dictionaries(st.sampled_from(["email", "sms", "fax"]), _SCALARS),
        "attributes": st.dictionaries(st.text(max_size=5), _SCALARS, max_size=3),
        "colour": _SCALARS,
    },
)


@given(_RAW)
def test_reading_the_stored_form_again_gives_the_same_lead(raw: dict[str, object]) -> None:
    try:
        lead = read(raw)
    except InvalidInputError:
        return
    stored = json.loads(lead.model_dump_json())
    assert read(stored) == lead
    assert Lead.model_validate_json(lead.model_dump_json()) == lead
