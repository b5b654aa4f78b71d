"""The twelve demo leads meet their ``expect`` lines, posted in file order, without any model."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.analysis import (
    ActionKind,
    DisqualificationReason,
    FirstLead,
    Gate,
    Grade,
    LeadAnalysis,
    Qualification,
)
from domain.duplicates import contact_keys
from domain.lead import Channel
from tests.scoring.leads import NOW, analysed, raw_samples, sample


def value_of(analysis: LeadAnalysis, name: str) -> object:
    return next((fact.value for fact in analysis.facts if fact.name == name), None)


def ups(analysis: LeadAnalysis) -> set[str]:
    return {reason.feature for reason in analysis.reasons if reason.contribution > 0}


def test_all_twelve_are_here() -> None:
    assert list(raw_samples()) == [f"demo-{number:02}" for number in range(1, 13)]


def test_01_a_referral_that_fits_is_called_within_five_minutes() -> None:
    analysis = analysed(sample(1))

    assert analysis.grade is Grade.A
    assert analysis.qualification is Qualification.QUALIFIED
    assert analysis.next_best_action.kind is ActionKind.CALL
    assert analysis.next_best_action.due_by == NOW + timedelta(minutes=5)
    assert {"source", "budget_fits_area", "decision_role", "visit_asked"} <= ups(analysis)


def test_02_recurring_work_is_called_back_after_six_local_time_and_never_texted() -> None:
    analysis = analysed(sample(2))
    due_by = analysis.next_best_action.due_by

    assert analysis.grade in {Grade.A, Grade.B}
    service = next(reason for reason in analysis.reasons if reason.feature == "service")
    assert service.contribution == pytest.approx(0.55)
    assert analysis.next_best_action.kind is ActionKind.CALL
    assert due_by is not None
    assert due_by.astimezone(ZoneInfo("Europe/Berlin")).hour >= 18
    assert Channel.SMS not in analysis.open_channels


def test_03_a_bare_question_is_c_with_low_confidence_and_two_questions() -> None:
    analysis = analysed(sample(3))

    assert analysis.grade is Grade.C
    assert analysis.qualification is Qualification.NEEDS_INFO
    assert analysis.confidence.level == "low"
    assert {"budget", "area_m2", "timeline"} <= set(analysis.missing)
    assert analysis.next_best_action.kind is ActionKind.ASK_QUESTIONS
    assert len(analysis.next_best_action.questions) == 2
    assert not analysis.bant.budget.known
    assert not analysis.bant.timeline.known


def test_04_nobody_to_reach_is_d() -> None:
    analysis = analysed(sample(4))

    assert analysis.grade is Grade.D
    assert analysis.disqualification_reason is DisqualificationReason.UNCONTACTABLE
    assert analysis.next_best_action.kind is ActionKind.NONE
    assert analysis.open_channels == ()


def test_05_orders_in_the_message_change_nothing_but_a_flag() -> None:
    message = str(raw_samples()["demo-05"]["message"])
    clean = analysed(sample(5, message=message.split("\n\n", maxsplit=1)[0]))
    analysis = analysed(sample(5))

    assert "prompt_injection" in analysis.flags
    assert "prompt_injection" not in clean.flags
    assert analysis.model_copy(update={"flags": clean.flags}) == clean


def test_06_a_casual_message_is_b_and_answered_by_whatsapp() -> None:
    analysis = analysed(sample(6))

    assert analysis.grade is Grade.B
    assert analysis.next_best_action.channel is Channel.WHATSAPP
    assert Channel.EMAIL not in analysis.open_channels


@pytest.mark.parametrize(
    ("number", "reason"),
    [(7, DisqualificationReason.SOLICITATION), (8, DisqualificationReason.SPAM)],
)
def test_07_08_junk_is_disqualified_by_its_name(
    number: int, reason: DisqualificationReason
) -> None:
    analysis = analysed(sample(number))

    assert analysis.qualification is Qualification.DISQUALIFIED
    assert analysis.disqualification_reason is reason
    assert analysis.grade is Grade.D
    assert analysis.next_best_action.kind is ActionKind.NONE
    assert analysis.call_priority is None


def test_09_fit_beats_intent_outside_the_area() -> None:
    analysis = analysed(sample(9))

    assert analysis.disqualification_reason is DisqualificationReason.GEO_MISMATCH
    assert analysis.next_best_action.kind is ActionKind.REFER_TO_PARTNER
    assert analysis.fit_score < 10 < analysis.engagement_score


def test_10_facts_in_the_middle_of_a_long_message_are_found() -> None:
    subject = sample(10)
    analysis = analysed(subject)

    assert analysis.grade in {Grade.A, Grade.B}
    assert value_of(analysis, "area_m2") == 620
    assert analysis.bant.budget.value == "45000 EUR"
    assert analysis.bant.authority.value == "owner"
    assert analysis.bant.timeline.known
    for fact in analysis.facts:
        assert subject.message[fact.start : fact.start + len(fact.quote)] == fact.quote


def test_10_a_message_beyond_the_budget_is_cut_to_what_says_most_and_flagged() -> None:
    whole = analysed(sample(10))
    analysis = analysed(sample(10), message_budget_chars=1000)

    assert "truncated" in analysis.flags
    assert "longer" in analysis.confidence.basis
    assert analysis.facts == whole.facts
    assert analysis.logit == whole.logit


def test_11_a_committee_with_a_day_of_vote_gets_a_proposal_before_it() -> None:
    analysis = analysed(sample(11))
    due_by = analysis.next_best_action.due_by

    assert analysis.grade is Grade.A
    assert analysis.bant.authority.value == "committee"
    assert analysis.next_best_action.kind is ActionKind.SEND_PROPOSAL
    assert due_by is not None
    assert due_by < datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert "order_value" in ups(analysis)


def test_12_a_duplicate_carries_the_grade_of_the_first_and_may_only_be_called() -> None:
    original, repeat = sample(1), sample(12)
    first = analysed(original)
    carried = FirstLead(lead_id="demo-01", grade=first.grade, qualification=first.qualification)

    analysis = analysed(repeat, first=carried)

    assert contact_keys(repeat.contact) == contact_keys(original.contact)
    assert (analysis.grade, analysis.qualification) == (first.grade, first.qualification)
    assert analysis.duplicate_of == "demo-01"
    assert [finding.gate for finding in analysis.gates] == [Gate.DUPLICATE]
    assert analysis.score < first.score
    assert {"budget_range_inverted", "area_negative", "timeline_unknown"} <= set(analysis.flags)
    assert analysis.open_channels == (Channel.PHONE,)
    assert analysis.next_best_action.kind is ActionKind.CALL


def test_the_samples_are_analysed_the_same_at_any_hour() -> None:
    for number in range(1, 13):
        early = analysed(sample(number), as_of=datetime(2026, 11, 22, 9, 10, tzinfo=UTC))
        late = analysed(sample(number), as_of=datetime(2026, 12, 24, 3, 0, tzinfo=UTC))
        assert early.reasons == late.reasons
