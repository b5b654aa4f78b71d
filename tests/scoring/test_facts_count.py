"""Facts from the message count as fields do: what one adds, taking it away takes back."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.analysis import AnalysisInput, Fact, LeadAnalysis
from domain.lead import DecisionRole, Timeline
from scoring.additive import BASE_RATE
from scoring.analyse import score_facts
from scoring.reading import Reading
from tests.scoring.leads import NOW, PROFILE, card, lead

MESSAGE = "abcdefghijklmnopqrstuvwxyz"
"""Each fact quotes one letter: what is read here is the merging, not the reading."""

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "area_m2": st.integers(1, 20_000),
    "attachments_mentioned": st.just(True),
    "budget": st.fixed_dictionaries(
        {"amount_max": st.integers(1, 90_000), "currency": st.sampled_from(["USD", "EUR"])}
    ),
    "callback": st.just(True),
    "competitors": st.integers(1, 4),
    "decision_date": st.dates().map(lambda day: day.isoformat()),
    "decision_role": st.sampled_from([role.value for role in DecisionRole]),
    "postal_code": st.just("97209"),
    "recurring": st.just(True),
    "referral": st.just(True),
    "service": st.sampled_from(list(PROFILE.services)),
    "timeline": st.sampled_from([when.value for when in Timeline]),
    "visit_requested": st.just(True),
}
CARRIED_BY = {"location": "postal_code", "attachments": "attachments_mentioned"}


def facts() -> st.SearchStrategy[list[Fact]]:
    """Draw facts, at most one of each name."""
    return st.fixed_dictionaries({}, optional=VALUES).map(
        lambda drawn: [
            Fact(name=name, value=value, quote=MESSAGE[at], start=at)
            for at, (name, value) in enumerate(drawn.items())
        ]
    )


def scored(read: list[Fact]) -> LeadAnalysis:
    subject = lead(
        contact={"email": "ada@example.com", "phone": "+15035550190"},
        location={"country": "US"},
        message=MESSAGE,
    )
    return score_facts(
        AnalysisInput(lead=subject),
        read,
        reading=Reading(MESSAGE),
        profile=PROFILE,
        scorecard=card(),
        as_of=NOW,
    )


@given(facts())
def test_taking_a_fact_away_moves_the_score_against_its_reason(read: list[Fact]) -> None:
    before = scored(read)

    for reason in before.reasons:
        if reason.feature == BASE_RATE or reason.contribution == 0:
            continue
        carrier = card().rows[reason.feature].fact
        name = CARRIED_BY.get(carrier, carrier)
        rest = [one for one in read if one.name != name]
        if len(rest) == len(read):
            continue
        after = scored(rest)
        assert (after.logit < before.logit) == (reason.contribution > 0), reason.feature


@given(facts(), st.randoms(use_true_random=False))
def test_the_order_of_facts_makes_no_difference(read: list[Fact], rng: Any) -> None:
    shuffled = list(read)
    rng.shuffle(shuffled)

    assert scored(shuffled).reasons == scored(read).reasons


@given(facts())
def test_a_reason_from_the_message_shows_its_quote(read: list[Fact]) -> None:
    quotes = {one.name: one.quote for one in read}

    for reason in scored(read).reasons:
        if reason.feature in quotes:
            assert reason.evidence == quotes[reason.feature]


@given(facts(), facts())
def test_what_is_known_never_lowers_the_confidence(one: list[Fact], two: list[Fact]) -> None:
    names = {item.name for item in one}
    without_size = {"service", "area_m2"}
    more = [*one, *(item for item in two if item.name not in names | without_size)]

    assert scored(more).confidence.value >= scored(one).confidence.value
