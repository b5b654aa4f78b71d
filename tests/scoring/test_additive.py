"""Properties of the additive model: exact reasons, stated directions, no hidden influence."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analysis import Direction, Gate, Grade, LeadAnalysis, Override
from domain.lead import Timeline
from scoring.additive import BASE_RATE, gate_feature
from scoring.scorecard import Level, sigmoid
from tests.scoring.leads import NOW, PROFILE, analysed, card, events, good_fields, lead, leads

FIELD_OF = {
    "service": "service",
    "budget": "budget",
    "budget_fits_area": "budget",
    "order_value": "budget",
    "area": "area_m2",
    "location": "location",
    "decision_role": "decision_role",
    "property_type": "property_type",
    "source": "source",
    "timeline": "timeline",
    "reach": "contact",
    "attachments": "attachments",
    "replies": "events",
    "visits": "events",
    "calls_answered": "events",
}
"""The field that carries a feature when its evidence is not a quote."""


def undo(gate: Gate, *, undone: bool = True) -> Override:
    return Override(gate=gate, undone=undone, by="tester", at=NOW)


@given(leads())
def test_the_reasons_sum_to_the_logit_and_the_probability_is_its_sigmoid(
    raw: dict[str, Any],
) -> None:
    analysis = analysed(lead(**raw))

    assert math.isclose(
        sum(reason.contribution for reason in analysis.reasons), analysis.logit, abs_tol=1e-9
    )
    assert math.isclose(analysis.probability, 1 / (1 + math.exp(-analysis.logit)), abs_tol=1e-12)
    assert analysis.score == round(100 * analysis.probability)


@given(leads())
def test_reasons_come_strongest_first_each_once_and_the_base_rate_last(raw: dict[str, Any]) -> None:
    reasons = analysed(lead(**raw)).reasons

    strengths = [abs(reason.contribution) for reason in reasons[:-1]]
    assert reasons[-1].feature == BASE_RATE
    assert strengths == sorted(strengths, reverse=True)
    assert len({reason.feature for reason in reasons}) == len(reasons)


@given(leads())
def test_the_direction_of_a_reason_is_the_sign_of_its_contribution(raw: dict[str, Any]) -> None:
    for reason in analysed(lead(**raw)).reasons:
        sign = (reason.contribution > 0) - (reason.contribution < 0)
        assert {Direction.UP: 1, Direction.DOWN: -1, Direction.NEUTRAL: 0}[reason.direction] == sign


@given(leads())
def test_taking_the_named_fact_away_moves_the_score_against_its_reason(raw: dict[str, Any]) -> None:
    plain = {**raw, "message": "hello"}
    before = analysed(lead(**plain))

    for reason in before.reasons:
        field = FIELD_OF.get(reason.feature)
        if field is None or reason.contribution == 0 or field not in plain or field == "events":
            continue
        after = analysed(lead(**{name: value for name, value in plain.items() if name != field}))
        if reason.contribution > 0:
            assert after.logit < before.logit, reason.feature
        elif not _opposed(before, field):
            assert after.logit > before.logit, reason.feature


def _opposed(analysis: LeadAnalysis, field: str) -> bool:
    """Whether another reason of the same field points up."""
    return any(
        FIELD_OF.get(reason.feature) == field and reason.contribution > 0
        for reason in analysis.reasons
    )


@given(leads(), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_larger_budget_never_lowers_the_score(
    raw: dict[str, Any], one: float, two: float
) -> None:
    scores = [
        analysed(lead(**{**raw, "budget": {"amount_max": amount, "currency": "USD"}})).logit
        for amount in sorted((one, two))
    ]

    assert scores[0] <= scores[1] + 1e-12


@given(leads())
def test_a_sooner_timeline_never_lowers_the_score(raw: dict[str, Any]) -> None:
    latest_first = reversed(list(Timeline))
    scores = [analysed(lead(**{**raw, "timeline": when.value})).logit for when in latest_first]

    assert all(low <= high + 1e-12 for low, high in pairwise(scores))


@given(leads(), st.sampled_from(["reply", "visit", "call_answered", "email_clicked", "page_view"]))
def test_one_more_sign_of_interest_never_lowers_the_score(raw: dict[str, Any], kind: str) -> None:
    earlier = raw.get("events", [])
    more = [*earlier, {"type": kind, "at": NOW.isoformat()}]

    assert analysed(lead(**{**raw, "events": more})).logit >= analysed(lead(**raw)).logit - 1e-12


@pytest.mark.parametrize("name", [row.name for row in card().features if row.direction == "up"])
def test_levels_said_to_rise_do_rise(name: str) -> None:
    weights = [level.log_odds for level in card().rows[name].levels.values()]

    assert weights == sorted(weights)


@given(leads(), events(), st.randoms(use_true_random=False))
def test_the_order_of_events_makes_no_difference(
    raw: dict[str, Any], happened: list[dict[str, str]], rng: Any
) -> None:
    shuffled = list(happened)
    rng.shuffle(shuffled)

    assert (
        analysed(lead(**{**raw, "events": happened}))
        == analysed(lead(**{**raw, "events": shuffled})).model_copy()
    )


@given(leads())
def test_undoing_a_gate_never_lowers_the_probability(raw: dict[str, Any]) -> None:
    subject = lead(**raw)
    before = analysed(subject)

    for finding in before.gates:
        after = analysed(subject, overrides=(undo(finding.gate),))
        assert after.probability >= before.probability
        assert gate_feature(finding.gate) not in {reason.feature for reason in after.reasons}


@given(leads())
def test_a_disqualified_lead_is_grade_d_and_no_reason_outweighs_its_gate(
    raw: dict[str, Any],
) -> None:
    analysis = analysed(lead(**raw))

    if analysis.disqualification_reason is not None:
        assert analysis.grade is Grade.D
        assert analysis.reasons[0].feature.startswith("gate_")
        assert analysis.call_priority is None


@given(leads())
def test_the_score_does_not_depend_on_the_seller_or_the_clock(raw: dict[str, Any]) -> None:
    plain = analysed(lead(**raw))
    later = lead(**{**raw, "status": "quoted", "attributes": {"duration": 900, "won": True}})

    assert analysed(later, as_of=NOW.replace(year=2027)).reasons == plain.reasons


@given(st.floats(-700, 700), st.floats(-700, 700))
def test_the_sigmoid_rises_and_stays_within_its_bounds(one: float, two: float) -> None:
    low, high = sorted((one, two))

    assert 0 <= sigmoid(low) <= sigmoid(high) <= 1


def test_a_number_below_the_first_level_contributes_nothing() -> None:
    row = card().rows["page_views"]

    assert row.level_at(1) is None
    assert row.level_at(7) == ("some", Level.model_validate(row.levels["some"].model_dump()))


def test_fit_and_engagement_come_from_their_own_groups() -> None:
    whole = analysed(lead(**good_fields()))
    lukewarm = analysed(lead(**{**good_fields(), "source": "list", "timeline": "over_6_months"}))
    poor = analysed(lead(**{**good_fields(), "budget": {"amount_max": 100, "currency": "USD"}}))

    assert lukewarm.fit_score == whole.fit_score
    assert lukewarm.engagement_score < whole.engagement_score
    assert poor.engagement_score == whole.engagement_score
    assert poor.fit_score < whole.fit_score


def test_no_currency_means_that_of_the_country() -> None:
    marks = {"location": {"city": "Berlin", "country": "DE"}, "service": "planting"}
    bare = analysed(lead(**{**good_fields(), **marks, "budget": {"amount_max": 370}}))
    named = {"amount_max": 370, "currency": "EUR"}
    euro = analysed(lead(**{**good_fields(), **marks, "budget": named}))

    assert bare.logit == euro.logit
    assert PROFILE.to_own_currency(370, "EUR") == pytest.approx(407)
