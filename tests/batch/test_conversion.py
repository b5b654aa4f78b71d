"""Claims about how the values of a row become a lead, and that intake takes what comes out."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.conversion import by_column, lead_of
from batch.mapping import guess
from batch.preparation import Preparation, Prepared, Reject
from batch.rows import Column, Row
from domain.errors import InvalidInputError
from domain.intake import read_lead

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def lead_from(values: dict[str, object], named: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the lead of a row whose columns are guessed."""
    columns = [Column(name, isinstance(value, dict | list)) for name, value in values.items()]
    return lead_of(values, by_column(guess(columns, named or {})))


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("2500", {"amount_max": 2500}),
        ("18000.0", {"amount_max": 18000}),
        ("5.000 €", {"amount_max": 5000, "currency": "EUR"}),
        ("€ 5.000 - 10.000", {"amount_min": 5000, "amount_max": 10000, "currency": "EUR"}),
        ("$10k-20k", {"amount_min": 10000, "amount_max": 20000, "currency": "USD"}),
        ("10-20k USD", {"amount_min": 10000, "amount_max": 20000, "currency": "USD"}),
        ("up to 9,500", {"amount_max": 9500}),
        ("unter 1.000", {"amount_max": 1000}),
        ("ab 3000", {"amount_min": 3000}),
        ("5000+", {"amount_min": 5000}),
        ("> 5000 CHF", {"amount_min": 5000, "currency": "CHF"}),
        (
            "bis 180 € im Monat",
            {"amount_max": 180, "currency": "EUR", "period": "month"},
        ),
        ("1.200,50", {"amount_max": 1200.5}),
        ("call me", {"amount_max": "call me"}),
        ("-5", {"amount_max": "-5"}),
    ],
)
def test_one_cell_tells_a_budget(text: str, budget: dict[str, object]) -> None:
    assert lead_from({"Budget": text})["budget"] == budget


def test_a_number_of_json_is_the_most_the_person_would_spend() -> None:
    assert lead_from({"budget": 9000}) == {"budget": {"amount_max": 9000}}


def test_columns_of_their_own_go_before_what_a_range_says() -> None:
    lead = lead_from({"Budget (€)": "5-8k", "Max Budget": "7.500 $", "Currency": "GBP"})
    assert lead["budget"] == {"amount_min": 5000, "amount_max": 7500, "currency": "GBP"}


@pytest.mark.parametrize(
    ("header", "value", "area"),
    [
        ("Fläche (m²)", "350", 350),
        ("Fläche (m²)", "1.200,5", 1200.5),
        ("Garden size", "ca. 240 qm", 240),
        ("Garden size", "3,800 sq ft", 353.03),
        ("Area (sq ft)", "3800", 353.03),
        ("Area (sq ft)", 3800, 353.03),
        ("Area (sq ft)", "350 m²", 350),
        ("Area", "large", "large"),
        ("Area", 12.5, 12.5),
    ],
)
def test_areas_are_read_with_their_unit(header: str, value: object, area: object) -> None:
    assert lead_from({header: value})["area_m2"] == area


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2026-11-20T08:12:00Z", "2026-11-20T08:12:00Z"),
        ("20.11.2026", "2026-11-20T00:00:00"),
        ("20.11.2026 08:12", "2026-11-20T08:12:00"),
        ("20.11.2026, 8:12:30 Uhr", "2026-11-20T08:12:30"),
        ("1763626320", "2025-11-20T08:12:00+00:00"),
        (1763626320000, "2025-11-20T08:12:00+00:00"),
        ("31.02.2026", "31.02.2026"),
    ],
)
def test_times_are_read_as_tables_write_them(value: object, time: str) -> None:
    assert lead_from({"Created": value})["created_at"] == time


@pytest.mark.parametrize(
    ("header", "value", "path", "read"),
    [
        ("Lead source", "Word of Mouth", "source", "referral"),
        ("Quelle", "Empfehlung", "source", "referral"),
        ("Source", "Google Ads", "source", "advertisement"),
        ("Source", "Facebook", "source", "social"),
        ("Source", "the moon", "source", "the moon"),
        ("Beginn", "so bald wie möglich", "timeline", "asap"),
        ("Timeframe", "1-3 months", "timeline", "1_3_months"),
        ("Role", "Eigentümer", "decision_role", "owner"),
        ("Objektart", "Einfamilienhaus", "property_type", "house"),
        ("Sprache", "Deutsch", "locale", "de"),
        ("Status", "Closed - Won", "status", "won"),
    ],
)
def test_words_of_a_crm_become_named_values(header: str, value: str, path: str, read: str) -> None:
    assert lead_from({header: value})[path] == read


def test_countries_and_channels_are_known_by_name() -> None:
    lead = lead_from({"Land": "Österreich", "Preferred contact": "Anruf"})
    assert lead == {"location": {"country": "AT"}, "contact": {"preferred_channel": "phone"}}


def test_two_names_make_one_and_a_full_name_goes_before_them() -> None:
    assert lead_from({"First name": " Ada ", "Last name": "King"}) == {
        "contact": {"full_name": "Ada King"}
    }
    both = lead_from({"Name": "A. King", "First name": "Ada"})
    assert both["contact"]["full_name"] == "A. King"


def test_a_refusal_closes_a_channel_and_no_refusal_says_nothing() -> None:
    assert lead_from({"Do Not Email": "Yes", "Do Not Call": "No"}) == {"consent": {"email": False}}


def test_several_texts_are_one_message_in_the_order_of_the_columns() -> None:
    named = {"Subject": "message", "Text": "message"}
    lead = lead_from({"Subject": "Lawn", "Text": "Please mow.", "Note": ""}, named)
    assert lead["message"] == "Lawn\nPlease mow."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("44", 44),
        ("-36.4", -36.4),
        ("5191.0", 5191.0),
        ("007", "007"),
        ("+49 30 1", "+49 30 1"),
        ("1234567890123456789", "1234567890123456789"),
        ("1e5", "1e5"),
        ("yes", "yes"),
        (" text ", "text"),
    ],
)
def test_an_attribute_keeps_its_type(text: str, kept: object) -> None:
    assert lead_from({"x": text}) == {"attributes": {"x": kept}}


def test_empty_cells_say_nothing() -> None:
    assert lead_from({"x": "", "Mail": "", "Phone": "n/a", "Area": None, "Message": " "}) == {}


def test_an_id_is_text_even_where_a_table_made_it_a_float() -> None:
    assert lead_from({"id": 42.0}) == {"lead_id": "42"}
    assert lead_from({"id": 42}) == {"lead_id": "42"}


def test_a_lead_in_its_own_shape_passes_as_it_is() -> None:
    lead: dict[str, object] = {
        "lead_id": "a-1",
        "created_at": "2026-11-20T08:12:00Z",
        "contact": {"email": "a@example.com"},
        "budget": {"amount_max": 9000, "currency": "EUR"},
        "location": {"country": "DE"},
        "events": [{"type": "reply", "at": "2026-11-20T09:00:00Z"}],
        "consent": {"sms": False},
        "attributes": {"age": 44},
        "message": "Hecke schneiden",
        "area_m2": 12.5,
    }
    assert lead_from({**lead, "colour": "red"}) == {
        **lead,
        "attributes": {"age": 44, "colour": "red"},
    }


def prepare(values: dict[str, object], line: int = 2) -> Prepared | Reject:
    """Return what becomes of one row."""
    columns = [Column(name, isinstance(value, dict | list)) for name, value in values.items()]
    preparation = Preparation(guess(columns, {}), "f" * 64, NOW)
    return preparation.prepare(Row(line, values))


def test_a_row_without_an_id_gets_one_of_the_file_and_its_line() -> None:
    found = prepare({"Message": "mow"}, line=17)
    assert isinstance(found, Prepared)
    assert found.lead_id == "ffffffffff-17"


@pytest.mark.parametrize(
    ("values", "field", "got"),
    [
        ({"id": "has blanks", "Message": "mow"}, "lead_id", "has blanks"),
        ({"id": "Ada <ada@example.com>", "Message": "mow"}, "lead_id", "a text of 21 characters"),
        ({"id": "call 030 23125042", "Message": "mow"}, "lead_id", "a text of 17 characters"),
        ({"Message": "x" * 40_000}, "message", "40000 bytes"),
        ({"Message": "a\x00b"}, "message", "a NUL character"),
        ({"id": "a-1"}, "lead", "nothing but an id"),
        ({"id": "a-1", "Message": ""}, "lead", "nothing but an id"),
    ],
)
def test_a_row_that_is_no_lead_is_rejected_without_a_persons_data(
    values: dict[str, object], field: str, got: str
) -> None:
    found = prepare(values)
    assert isinstance(found, Reject)
    assert (found.line, found.field, found.got) == (2, field, got)


def test_of_two_rows_with_one_id_the_later_is_rejected_and_names_the_first() -> None:
    preparation = Preparation(guess([Column("id"), Column("Message")], {}), "f" * 64, NOW)
    rows = [Row(line, {"id": "a", "Message": "mow"}) for line in (2, 3)]
    first, second = (preparation.prepare(row) for row in rows)
    assert isinstance(first, Prepared)
    assert second == Reject(3, "a", "lead_id", "the id of line 2", "an id of its own")


def test_a_rejected_row_does_not_take_the_id_of_a_later_one() -> None:
    preparation = Preparation(guess([Column("id"), Column("Message")], {}), "f" * 64, NOW)
    assert isinstance(preparation.prepare(Row(2, {"id": "a", "Message": "x" * 40_000})), Reject)
    assert isinstance(preparation.prepare(Row(3, {"id": "a", "Message": "mow"})), Prepared)


HEADERS = ("Name", "Mail", "Phone", "Budget", "Area", "Created", "Source", "Message", "PLZ", "x")


@given(st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=40), max_size=6))
def test_whatever_stands_in_the_cells_is_read_the_same_twice_and_never_breaks(
    values: dict[str, object],
) -> None:
    lead = lead_from(values)
    assert lead == lead_from(values)
    with suppress(InvalidInputError):
        read_lead(lead, received_at=NOW, new_lead_id="a")
