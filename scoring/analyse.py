"""The analysis of one lead: gates, features, score, grade, reasons and what to do next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.analysis import (
    ActionKind,
    AnalysisInput,
    DisqualificationReason,
    Fact,
    Gate,
    GateFinding,
    Grade,
    LeadAnalysis,
    ModelVersion,
    NextBestAction,
    Qualification,
    Route,
)
from domain.lead import MAX_MESSAGE_BYTES
from scoring.additive import Score, add_up, reasons
from scoring.bant import bant_of
from scoring.channels import open_channels
from scoring.claims import OPT_OUT, Claim, check_against, put_together
from scoring.coverage import Coverage, cover
from scoring.features import read_features
from scoring.gates import find_gates
from scoring.hours import local_zone
from scoring.known import know
from scoring.message import ReadMessage, read_once
from scoring.next_action import Situation, choose
from scoring.reading import TRUNCATED, Reading
from scoring.scorecard import Scorecard
from scoring.settings import BusinessProfile

SCORER = "scorecard"

_REASON_OF = {
    Gate.SPAM: DisqualificationReason.SPAM,
    Gate.SOLICITATION: DisqualificationReason.SOLICITATION,
    Gate.OPTED_OUT: DisqualificationReason.OPTED_OUT,
    Gate.UNCONTACTABLE: DisqualificationReason.UNCONTACTABLE,
    Gate.WRONG_JOB_TYPE: DisqualificationReason.WRONG_JOB_TYPE,
    Gate.OUT_OF_AREA: DisqualificationReason.GEO_MISMATCH,
}
"""Gates that disqualify, the one that names the reason first."""


POSSIBLE_OPT_OUT = "possible_opt_out"


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model answered about a message.

    Attributes:
        llm: Name of the model.
        prompt_version: Of the question's text.
        truncated: Whether the model got only a part of the message.
    """

    claims: tuple[Claim, ...]
    llm: str
    prompt_version: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the gates, the score and the first lead of a duplicate come to."""

    grade: Grade
    qualification: Qualification
    disqualification: DisqualificationReason | None
    duplicate_of: str | None


def analyse(
    given: AnalysisInput,
    *,
    profile: BusinessProfile,
    scorecard: Scorecard,
    as_of: datetime,
    message_budget_chars: int = MAX_MESSAGE_BYTES,
    read: ReadMessage | None = None,
) -> LeadAnalysis:
    """Analyse a lead with nothing but its own words and the table.

    The score does not depend on ``as_of``; only the due time of the next action does. Text in the
    message that gives orders is left out before anything is read, so it changes nothing but a flag.

    Args:
        given: The lead, the overrides of its gates, and the first lead where it is a duplicate.
        profile: The business.
        scorecard: The table of weights.
        as_of: Now, with zone.
        message_budget_chars: How much of the message is read.
        read: The lead's message, where it has been read; the budget is that reading's then.
    """
    read = read or read_once(given, budget_chars=message_budget_chars)
    return score_facts(
        given, read.facts, reading=read.reading, profile=profile, scorecard=scorecard, as_of=as_of
    )


def analyse_with_claims(
    given: AnalysisInput,
    answer: ModelAnswer,
    *,
    profile: BusinessProfile,
    scorecard: Scorecard,
    as_of: datetime,
    read: ReadMessage | None = None,
) -> LeadAnalysis:
    """Analyse a lead with what a model claims of its message, as far as that can be checked.

    What the patterns read counts too, so an answer without claims scores as :func:`analyse` does.

    Args:
        given: As for :func:`analyse`.
        answer: The model's.
        profile: The business.
        scorecard: The table of weights.
        as_of: Now, with zone.
        read: The lead's message, where it has been read; claims may quote all of it.
    """
    lead = given.lead
    read = read or read_once(given)
    checked = check_against(
        answer.claims, lead.message, reading=read.whole, candidates=read.candidates
    )
    analysis = score_facts(
        given,
        put_together(checked.facts, read.facts),
        reading=read.reading,
        profile=profile,
        scorecard=scorecard,
        as_of=as_of,
    )
    flags = {*analysis.flags, *_flags(answer, checked.facts)}
    model = ModelVersion(
        scorer=SCORER,
        version=scorecard.version,
        llm=answer.llm,
        prompt_version=answer.prompt_version,
    )
    return analysis.model_copy(
        update={
            "dropped_facts": dict(checked.dropped),
            "flags": tuple(sorted(flags)),
            "route": Route.MODEL,
            "model": model,
        }
    )


def needs_model(
    given: AnalysisInput, *, profile: BusinessProfile, read: ReadMessage | None = None
) -> bool:
    """Return whether a model could tell us anything about a lead that is worth a paid call.

    Not where nothing of the message is left without its orders to the machine, and not where a
    gate disqualifies the lead and nobody undid it.

    Args:
        given: As for :func:`analyse`.
        profile: The business.
        read: The lead's message, where it has been read.
    """
    read = read or read_once(given)
    if not read.reading.text.strip():
        return False
    gates = find_gates(
        given.lead.model_copy(update={"message": read.reading.text}),
        facts=read.facts,
        overrides=given.overrides,
        first=given.first,
        profile=profile,
    )
    return not _closed(gates)


def score_facts(
    given: AnalysisInput,
    facts: Sequence[Fact],
    *,
    reading: Reading,
    profile: BusinessProfile,
    scorecard: Scorecard,
    as_of: datetime,
) -> LeadAnalysis:
    """Analyse a lead whose message has been read, by patterns or by a model.

    Whatever decides about the person (gates, channels, the next action, what to ask) rests on
    checked facts alone. The unchecked ones move the score a little (see
    :data:`scoring.additive.UNCHECKED_CAP`) and stand in the salesperson's view with their quotes.

    Args:
        given: As for :func:`analyse`.
        facts: What the message says; one whose quote does not stand where it says is dropped.
        reading: Which part of the message was read.
        profile: The business.
        scorecard: The table of weights.
        as_of: Now, with zone.
    """
    lead = given.lead.model_copy(update={"message": reading.text})
    quoted = tuple(fact for fact in facts if _is_verbatim(fact, given.lead.message))
    sure = tuple(fact for fact in quoted if fact.checked)
    known = know(lead, sure, profile)
    believed = known if len(sure) == len(quoted) else know(lead, _believed(quoted), profile)
    channels = open_channels(lead, known)
    gates = find_gates(
        lead, facts=sure, overrides=given.overrides, first=given.first, profile=profile
    )
    score = add_up(
        read_features(known, channels, profile),
        _closed(gates),
        scorecard,
        believed=None if believed is known else read_features(believed, channels, profile),
    )
    coverage = cover(known, scorecard, profile, truncated=reading.truncated)
    verdict = _verdict(given, gates, score, coverage, scorecard)
    action = choose(
        Situation(
            known=known,
            status=lead.status,
            locale=lead.locale,
            grade=verdict.grade,
            disqualification=verdict.disqualification,
            needs_info=verdict.qualification is Qualification.NEEDS_INFO,
            channels=channels,
            missing=coverage.missing,
            duplicate_of=verdict.duplicate_of,
            zone=local_zone(lead, known, profile),
            as_of=as_of,
        ),
        profile,
    )
    return LeadAnalysis(
        lead_id=lead.lead_id,
        lead_version=given.lead_version,
        analysed_at=as_of,
        score=round(100 * score.probability),
        probability=score.probability,
        logit=score.logit,
        grade=verdict.grade,
        fit_score=score.fit,
        engagement_score=score.engagement,
        qualification=verdict.qualification,
        disqualification_reason=verdict.disqualification,
        gates=gates,
        duplicate_of=verdict.duplicate_of,
        reasons=reasons(score),
        facts=quoted,
        missing=coverage.missing,
        bant=bant_of(believed),
        next_best_action=action,
        open_channels=channels,
        call_priority=_call_priority(score, action, verdict),
        confidence=coverage.confidence,
        flags=tuple(sorted({*lead.flags, *reading.flags})),
        model=ModelVersion(scorer=SCORER, version=scorecard.version),
    )


def _believed(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts with the unchecked ones, where no checked one says the same thing."""
    checked = {fact.name for fact in facts if fact.checked}
    taken = checked | {"timeline"} if "start_date" in checked else checked
    return tuple(fact for fact in facts if fact.checked or fact.name not in taken)


def _closed(gates: Sequence[GateFinding]) -> list[GateFinding]:
    return [finding for finding in gates if finding.gate in _REASON_OF and not finding.undone]


def _flags(answer: ModelAnswer, facts: Sequence[Fact]) -> Iterator[str]:
    """Yield what people should look at: a model may see a refusal in words no table knows."""
    if answer.truncated:
        yield TRUNCATED
    if any(fact.name == OPT_OUT and not fact.checked for fact in facts):
        yield POSSIBLE_OPT_OUT


def _is_verbatim(fact: Fact, message: str) -> bool:
    return message.startswith(fact.quote, fact.start)


def _verdict(
    given: AnalysisInput,
    gates: Sequence[GateFinding],
    score: Score,
    coverage: Coverage,
    card: Scorecard,
) -> _Verdict:
    """Judge a lead; a duplicate carries the grade and qualification of the first, where known."""
    acting = {finding.gate for finding in gates if not finding.undone}
    disqualification = next((why for gate, why in _REASON_OF.items() if gate in acting), None)
    grade = card.grades.grade(score.probability)
    if disqualification is not None:
        qualification = Qualification.DISQUALIFIED
    elif grade in {Grade.A, Grade.B}:
        qualification = Qualification.QUALIFIED
    elif coverage.confidence.level == "low":
        qualification = Qualification.NEEDS_INFO
    else:
        qualification = Qualification.NURTURE
    first = given.first if Gate.DUPLICATE in acting else None
    if first is None:
        return _Verdict(grade, qualification, disqualification, None)
    if disqualification is None:
        grade = first.grade or grade
        qualification = first.qualification or qualification
    return _Verdict(grade, qualification, disqualification, first.lead_id)


def _call_priority(score: Score, action: NextBestAction, verdict: _Verdict) -> float | None:
    """Return the key of the call list: the logit, or None where nobody should get in touch.

    A duplicate is not listed: its person stands there already, by the first lead.
    """
    quiet = {ActionKind.NONE, ActionKind.REFER_TO_PARTNER}
    if action.kind in quiet or verdict.duplicate_of is not None:
        return None
    return score.logit
