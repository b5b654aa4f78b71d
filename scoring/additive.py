"""The additive model: contributions in log-odds whose sum is the score, and nothing else."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from domain.analysis import Direction, Gate, GateFinding, Reason
from scoring.features import Feature
from scoring.scorecard import Group, Scorecard, sigmoid

BASE_RATE = "base_rate"
GATE_PREFIX = "gate_"

UNCHECKED_CAP = 0.3
"""By how much, in log-odds, all that rests on unchecked facts may move the score together.

About what one wish of a customer is worth in the table: enough to be seen in the order of the call
list, too little to lift a lead by a grade. Text that makes a model lie gains no more than this.
"""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One term of the sum.

    Attributes:
        level: Name of the table's line, or None for the base rate and gates.
        log_odds: What the term adds.
        why: The table's reason for it.
        checked: False where an unchecked fact moved it.
    """

    feature: str
    group: Group | None
    level: str | None
    value: JsonValue
    log_odds: float
    why: str
    evidence: str | None
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """A scored lead.

    Attributes:
        contributions: Strongest first, the base rate last.
        logit: Their sum, by ``math.fsum``.
        probability: Sigmoid of the logit, in (0, 1).
        fit: Partial score of the group, 0-100.
        engagement: Partial score of the group, 0-100.
    """

    contributions: tuple[Contribution, ...]
    logit: float
    probability: float
    fit: int
    engagement: int


def add_up(
    features: Iterable[Feature],
    closed: Sequence[GateFinding],
    card: Scorecard,
    *,
    believed: Iterable[Feature] | None = None,
) -> Score:
    """Score a lead.

    Args:
        features: What is known of it for sure, each feature once.
        closed: Gates that disqualify it and were not undone, each once.
        card: The table of weights.
        believed: The features with unchecked facts counted in, each once; None where there are
            no such facts. What they change, they change by :data:`UNCHECKED_CAP` at most.
    """
    terms = _terms(features, card)
    if believed is not None:
        terms = _moved(terms, _terms(believed, card))
    terms.extend(_of_gate(finding, card) for finding in closed)
    terms.sort(key=lambda term: (-abs(term.log_odds), term.feature))
    terms.append(
        Contribution(
            BASE_RATE, None, None, None, card.base_rate.log_odds, card.base_rate.reason, None
        )
    )
    logit = math.fsum(term.log_odds for term in terms)
    return Score(
        contributions=tuple(terms),
        logit=logit,
        probability=sigmoid(logit),
        fit=_partial(terms, Group.FIT, card.midpoints.fit),
        engagement=_partial(terms, Group.ENGAGEMENT, card.midpoints.engagement),
    )


def reasons(score: Score) -> tuple[Reason, ...]:
    """Return the contributions as reasons, in their order; they sum to the logit."""
    return tuple(
        Reason(
            feature=term.feature,
            value=term.value,
            contribution=term.log_odds,
            direction=_direction(term.log_odds),
            evidence=term.evidence,
            checked=term.checked,
        )
        for term in score.contributions
    )


def gate_feature(gate: Gate) -> str:
    """Return the name of a gate's term."""
    return GATE_PREFIX + gate.value


def _terms(features: Iterable[Feature], card: Scorecard) -> list[Contribution]:
    return [term for feature in features if (term := _of_feature(feature, card)) is not None]


def _moved(sure: Iterable[Contribution], believed: Iterable[Contribution]) -> list[Contribution]:
    """Return the sure terms, moved towards the believed ones as far as the cap allows.

    All differences shrink by one factor, so that their absolute sum stays within the cap.
    """
    before = {term.feature: term for term in sure}
    after = {term.feature: term for term in believed}
    names = list(dict.fromkeys((*before, *after)))
    moves = {name: _log_odds(after.get(name)) - _log_odds(before.get(name)) for name in names}
    total = math.fsum(map(abs, moves.values()))
    share = min(1.0, UNCHECKED_CAP / total) if total else 1.0
    terms = []
    for name in names:
        if name in before and not moves[name]:
            terms.append(before[name])
            continue
        term = after.get(name, before.get(name))
        log_odds = _log_odds(before.get(name)) + share * moves[name]
        if term is not None and (name in after or log_odds):
            terms.append(replace(term, log_odds=log_odds, checked=False))
    return terms


def _log_odds(term: Contribution | None) -> float:
    return 0.0 if term is None else term.log_odds


def _of_feature(feature: Feature, card: Scorecard) -> Contribution | None:
    row = card.rows[feature.name]
    if isinstance(feature.level, str):
        found = (feature.level, row.levels[feature.level])
    else:
        at = row.level_at(feature.level)
        if at is None:
            return None
        found = at
    name, level = found
    return Contribution(
        row.name, row.group, name, feature.value, level.log_odds, level.reason, feature.evidence
    )


def _of_gate(finding: GateFinding, card: Scorecard) -> Contribution:
    row = card.gates[finding.gate]
    return Contribution(
        feature=gate_feature(finding.gate),
        group=row.group,
        level=None,
        value=True,
        log_odds=row.log_odds,
        why=row.reason,
        evidence=finding.evidence,
    )


def _partial(terms: Iterable[Contribution], group: Group, midpoint: float) -> int:
    total = math.fsum(term.log_odds for term in terms if term.group is group)
    return round(100 * sigmoid(total - midpoint))


def _direction(log_odds: float) -> Direction:
    if log_odds == 0:
        return Direction.NEUTRAL
    return Direction.UP if log_odds > 0 else Direction.DOWN
