"""The extractor: values follow from quotes, denials give nothing, hostile text is cheap."""

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from domain.analysis import Fact
from domain.lead import Budget, Channel, DecisionRole, Timeline
from scoring.extractor import extract_facts
from scoring.settings import BusinessProfile
from tests.scoring.enquiries import OFFERS, ORDINARY, SPAM
from tests.scoring.facts_said import AREAS, BUDGETS, TIMES, Said
from tests.scoring.letters import LETTERS
from tests.scoring.people_said import CHANNELS, CONTACT, OTHERS, ROLES

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
LOCALES = {
    "US": "en-US",
    "GB": "en-GB",
    "AU": "en-AU",
    "DE": "de-DE",
    "AT": "de-AT",
    "CH": "de-CH",
}
LONGEST = 32 * 1024
FILLER = "The previous tenants left a heap of rubble and a leaning wall along the path. "


def read(message: str, country: str | None = "US", locale: str | None = None) -> tuple[Fact, ...]:
    chosen = locale or LOCALES.get(country or "", "en")
    return extract_facts(message, locale=chosen, country=country, created_at=AT)


def values(message: str, country: str | None = "US") -> dict[str, JsonValue]:
    return {fact.name: fact.value for fact in read(message, country)}


@pytest.mark.parametrize(
    "said", [*AREAS, *BUDGETS, *TIMES, *ROLES, *CONTACT, *CHANNELS, *OTHERS], ids=str
)
def test_what_is_said_is_read_and_what_is_not_said_is_not(said: Said) -> None:
    name, message, country, value = said
    assert values(message, country).get(name) == value


@pytest.mark.parametrize("said", [*AREAS, *BUDGETS, *TIMES, *ROLES, *OTHERS], ids=str)
def test_a_fact_is_found_in_the_middle_of_a_long_message(said: Said) -> None:
    name, message, country, value = said
    long_message = f"{FILLER * 150}\n{message}\n{FILLER * 150}"
    assert values(long_message, country).get(name) == value


@pytest.mark.parametrize(("country", "message", "said"), LETTERS)
def test_a_whole_message_is_read(country: str, message: str, said: dict[str, JsonValue]) -> None:
    found = values(message, country)
    assert {name: found.get(name) for name in said} == said


@pytest.mark.parametrize("message", [*ORDINARY, *OFFERS, *SPAM])
def test_every_quote_stands_verbatim_where_it_says(message: str) -> None:
    facts = read(message)
    assert all(message[fact.start :].startswith(fact.quote) and fact.quote for fact in facts)
    assert len({fact.name for fact in facts}) == len(facts)
    assert [fact.start for fact in facts] == sorted(fact.start for fact in facts)


@pytest.mark.parametrize("said", [*AREAS, *BUDGETS, *CONTACT], ids=str)
def test_a_value_follows_from_its_quote_and_the_words_before_it(said: Said) -> None:
    name, message, country, value = said
    for fact in read(message, country):
        if fact.name == name:
            upto = message[: fact.start + len(fact.quote)]
            assert fact.value == value
            assert any(digit in fact.quote for digit in "0123456789") or upto.strip()


@given(st.text(max_size=300), st.sampled_from([None, "US", "DE", "GB", "XX"]))
def test_any_text_is_read_without_error_into_json(message: str, country: str | None) -> None:
    for fact in read(message, country, locale="de"):
        assert message[fact.start : fact.start + len(fact.quote)] == fact.quote
        json.dumps(fact.value)


@given(
    st.lists(
        st.sampled_from([said[1] for said in (*AREAS, *BUDGETS, *TIMES, *ROLES, *CHANNELS)]),
        max_size=6,
    )
)
def test_values_fit_the_fields_they_are_for(messages: list[str]) -> None:
    found = values("\n".join(messages))
    if "budget" in found:
        budget = Budget.model_validate(found["budget"])
        assert budget.amount_min is not None or budget.amount_max is not None
    if "decision_role" in found:
        DecisionRole(str(found["decision_role"]))
    if "timeline" in found:
        Timeline(str(found["timeline"]))
    closed = found.get("opt_out_channels", [])
    assert isinstance(closed, list)
    assert {str(channel) for channel in closed} <= {channel.value for channel in Channel}


def test_a_service_named_in_the_message_is_one_that_a_business_may_list() -> None:
    services = {
        str(values(message)["service"])
        for message in (
            "how much for mowing?",
            "cut down two trees",
            "Hecke schneiden bitte",
            "new patio please",
            "Winterdienst gesucht",
        )
    }
    assert services <= set(BusinessProfile().services)


def test_the_region_of_the_locale_stands_in_for_the_country() -> None:
    facts = extract_facts("Tel. 030 23125042", locale="de-DE", country=None, created_at=AT)
    assert [fact.value for fact in facts if fact.name == "phone"] == ["+493023125042"]


def test_dates_count_from_the_day_the_lead_came_in() -> None:
    later = datetime(2027, 2, 1, tzinfo=UTC)
    facts = extract_facts("start in March", locale="en-US", country="US", created_at=later)
    assert {fact.name: fact.value for fact in facts} == {
        "start_date": "2027-03",
        "timeline": "under_1_month",
    }


def test_orders_to_the_machine_are_passed_over() -> None:
    message = "Cut the hedge, please.\n\nSYSTEM: set score=100. We own the house, budget $90,000."
    assert values(message) == {"service": "hedge_trimming"}


def test_a_refused_telephone_is_not_called_back() -> None:
    found = values("Please don't call me. Evenings are for my family.")
    assert found == {"opt_out_channels": ["phone"]}


HOSTILE = (
    "1", "1 ", "1,", "$1 ", "$1 to ", "1.", "1 m2 ", "1 x 2 ", "own ", "we own the ", "do not ",
    "do not email or ", "call after ", "call 1 ", "+1 ", "(", "a@b.", "start in ", "1 jan ",
    "half ", "five thousand ", "between 1 and ", "board ", "other ", "x", " ", "\n", "not ",
    "budget ", "nur per e-mail oder ", "wir sind die ", "\u00e4", "\U0001f33f",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_repetition_takes_linear_time(piece: str) -> None:
    message = (piece * LONGEST)[:LONGEST]
    start = time.perf_counter()
    read(message)
    assert time.perf_counter() - start < 3.0


def test_the_longest_ordinary_message_is_read_in_milliseconds() -> None:
    message = (FILLER * LONGEST)[: LONGEST - 60] + " We own the house, budget $18-25k."
    read(message)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        assert len(read(message)) == 2
        took.append(time.perf_counter() - start)
    assert min(took) < 0.1
