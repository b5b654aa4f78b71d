"""Leads for tests: made by hand, drawn at random, and the twelve samples."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from hypothesis import strategies as st

from domain.analysis import AnalysisInput, Fact, FirstLead, LeadAnalysis, Override
from domain.intake import read_lead
from domain.lead import (
    MAX_MESSAGE_BYTES,
    BudgetPeriod,
    DecisionRole,
    EventType,
    Lead,
    LeadSource,
    PropertyType,
    Timeline,
)
from scoring.analyse import analyse
from scoring.scorecard import Scorecard, load_scorecard
from scoring.settings import BusinessProfile

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""A Monday: 09:00 in Portland, 18:00 in Berlin, 17:00 in Bristol."""

CREATED = datetime(2026, 11, 20, 8, 12, tzinfo=UTC)
PROFILE = BusinessProfile()


@cache
def card() -> Scorecard:
    """Return the shipped scorecard."""
    return load_scorecard()


def lead(**fields: Any) -> Lead:
    """Return a lead read from raw fields, as the front door reads it."""
    raw = {"created_at": CREATED.isoformat(), **fields}
    return read_lead(raw, received_at=CREATED, new_lead_id="test-1")


def good_fields() -> dict[str, Any]:
    """Return raw fields of a complete, fitting lead."""
    return {
        "source": "referral",
        "locale": "en-US",
        "contact": {"full_name": "Ada Byron", "email": "ada@example.com", "phone": "+15035550190"},
        "service": "landscape_design",
        "budget": {"amount_min": 15000, "amount_max": 20000, "currency": "USD"},
        "area_m2": 300,
        "timeline": "1_3_months",
        "location": {"postal_code": "97210", "country": "US"},
        "property_type": "house",
        "decision_role": "owner",
        "message": "We want to lay out the garden anew, with beds, a lawn and a path.",
        "attachments": 2,
        "events": [{"type": "quote_page_view", "at": CREATED.isoformat()}],
        "consent": {"email": True},
    }


def analysed(
    subject: Lead,
    *,
    first: FirstLead | None = None,
    overrides: tuple[Override, ...] = (),
    as_of: datetime = NOW,
    profile: BusinessProfile = PROFILE,
    message_budget_chars: int = MAX_MESSAGE_BYTES,
) -> LeadAnalysis:
    """Return the analysis of a lead by the shipped scorecard."""
    given = AnalysisInput(lead=subject, first=first, overrides=overrides)
    return analyse(
        given,
        profile=profile,
        scorecard=card(),
        as_of=as_of,
        message_budget_chars=message_budget_chars,
    )


@cache
def raw_samples() -> dict[str, dict[str, Any]]:
    """Return the demo leads by id, as they are posted."""
    text = files("serve_app").joinpath("samples/leads_12.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return {row["lead_id"]: row for row in rows}


def sample(number: int, **changes: Any) -> Lead:
    """Return a demo lead, with some raw fields changed."""
    raw = {**raw_samples()[f"demo-{number:02}"], **changes}
    raw.pop("expect")
    return read_lead(raw, received_at=NOW, new_lead_id="unused")


def fact(name: str, value: Any, quote: str, message: str) -> Fact:
    """Return a fact quoted from a message."""
    return Fact(name=name, value=value, quote=quote, start=message.index(quote))


_CONTACTS = st.fixed_dictionaries(
    {"full_name": st.just("Ada Byron")},
    optional={"email": st.just("ada@example.com"), "phone": st.just("+15035550190")},
)
_BUDGETS = st.fixed_dictionaries(
    {"amount_max": st.floats(0, 1e6), "currency": st.sampled_from(["USD", "EUR", "GBP", "JPY"])},
    optional={"period": st.sampled_from([period.value for period in BudgetPeriod])},
)
_LOCATIONS = st.one_of(
    st.sampled_from(
        [
            {"postal_code": "97209", "country": "US"},
            {"postal_code": "89101", "country": "US"},
            {"city": "Berlin", "country": "DE"},
            {"country": "GB"},
            {"postal_code": "75001", "city": "Paris", "country": "FR"},
        ]
    )
)
_MESSAGES = st.sampled_from(
    [
        "Please look at the garden, it is overgrown and needs a plan for the coming year.",
        "We own the house. Could you come and have a look next week? Budget is $9,000.",
        "Wir suchen jemanden für die Gartenpflege, ca. 200 m². Rückruf bitte nach 17 Uhr.",
        "hello",
        "",
    ]
)


def events() -> st.SearchStrategy[list[dict[str, str]]]:
    """Draw raw events of every type."""
    at = st.integers(0, 1000).map(
        lambda minutes: (CREATED + timedelta(minutes=minutes)).isoformat()
    )
    kinds = st.sampled_from([kind.value for kind in EventType])
    return st.lists(st.fixed_dictionaries({"type": kinds, "at": at}), max_size=8)


def leads() -> st.SearchStrategy[dict[str, Any]]:
    """Draw raw fields of leads, good and bad, each field there or not."""
    return st.fixed_dictionaries(
        {"contact": _CONTACTS, "message": _MESSAGES},
        optional={
            "source": st.sampled_from([source.value for source in LeadSource]),
            "service": st.sampled_from([*PROFILE.services, "roof_repair"]),
            "budget": _BUDGETS,
            "area_m2": st.floats(0.5, 1e5),
            "timeline": st.sampled_from([timeline.value for timeline in Timeline]),
            "location": _LOCATIONS,
            "decision_role": st.sampled_from([role.value for role in DecisionRole]),
            "property_type": st.sampled_from([kind.value for kind in PropertyType]),
            "attachments": st.integers(0, 5),
            "events": events(),
            "consent": st.dictionaries(
                st.sampled_from(["email", "sms", "whatsapp", "phone"]), st.booleans()
            ),
        },
    )
