"""The additive model: contributions in log-odds whose sum is the score, and nothing else."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from domain.analysis import Direction, Gate, GateFinding, Reason
from scoring.features import Feature
from scoring.scorecard import Group, Scorecard, sigmoid

BASE_RATE = "base_rate"
GATE_PREFIX = "gate_"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One term of the sum.

    Attributes:
        level: Name of the table's line, or None for the base rate and gates.
        log_odds: What the term adds.
        why: The table's reason for it.
    """

    feature: str
    group: Group | None
    level: str | None
    value: JsonValue
    log_odds: float
    why: str
    evidence: str | None


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


def add_up(features: Iterable[Feature], closed: Sequence[GateFinding], card: Scorecard) -> Score:
    """Score a lead.

    Args:
        features: What is known of it, each feature once.
        closed: Gates that disqualify it and were not undone, each once.
        card: The table of weights.
    """
    terms = [term for feature in features if (term := _of_feature(feature, card)) is not None]
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
        )
        for term in score.contributions
    )


def gate_feature(gate: Gate) -> str:
    """Return the name of a gate's term."""
    return GATE_PREFIX + gate.value


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
