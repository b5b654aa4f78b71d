"""Reads ``scorecard.toml``, the table of weights, and refuses one that contradicts itself."""

import math
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from domain.analysis import Gate, Grade
from domain.errors import ConfigurationError
from domain.lead import Frozen

DEFAULT_SCORECARD = Path(__file__).with_name("scorecard.toml")

LogOdds = Annotated[float, Field(ge=-20, le=20)]
Share = Annotated[float, Field(gt=0, lt=1)]
Sentence = Annotated[str, Field(min_length=3, max_length=300)]


def sigmoid(logit: float) -> float:
    """Return the probability of log-odds, without overflow at either end."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1.0 + odds)


class Group(StrEnum):
    """Which of the two partial scores a contribution counts in."""

    FIT = "fit"
    ENGAGEMENT = "engagement"


class Level(Frozen):
    """One line of the table; ``at_least`` is set where the feature is a number."""

    log_odds: LogOdds
    reason: Sentence
    at_least: float | None = None


class FeatureRow(Frozen):
    """A feature and what each of its levels is worth."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    group: Group
    fact: str = Field(description="The fact that carries the feature.")
    direction: Literal["up", "none"] = Field(description="Whether the levels rise in their order.")
    levels: Annotated[dict[str, Level], Field(min_length=1)]

    @property
    def highest(self) -> float:
        """The most log-odds the feature can add; unknown adds 0."""
        return max(0.0, *(level.log_odds for level in self.levels.values()))

    @property
    def lowest(self) -> float:
        """The least log-odds the feature can add."""
        return min(0.0, *(level.log_odds for level in self.levels.values()))

    def level_at(self, number: float) -> tuple[str, Level] | None:
        """Return the last level that starts at or under ``number``, or None below the first."""
        found = None
        for name, level in self.levels.items():
            if level.at_least is None or level.at_least > number:
                break
            found = (name, level)
        return found

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        starts = [level.at_least for level in self.levels.values()]
        numbers = [start for start in starts if start is not None]
        if numbers and len(numbers) != len(starts):
            raise ValueError(f"{self.name}: either every level has at_least, or none")
        if any(low >= high for low, high in pairwise(numbers)):
            raise ValueError(f"{self.name}: at_least must rise from level to level")
        weights = [level.log_odds for level in self.levels.values()]
        if self.direction == "up" and any(low > high for low, high in pairwise(weights)):
            raise ValueError(f'{self.name}: log_odds falls although the direction is "up"')
        return self


class GateRow(Frozen):
    """What a disqualifying gate takes away, until a person undoes it."""

    group: Group
    log_odds: Annotated[float, Field(ge=-20, lt=0)]
    reason: Sentence


class BaseRate(Frozen):
    """The log-odds before anything is known."""

    log_odds: LogOdds
    reason: Sentence


class GradeCuts(Frozen):
    """Least probability of each grade; under C is D."""

    A: Share
    B: Share
    C: Share

    @model_validator(mode="after")
    def _falling(self) -> Self:
        if not self.A > self.B > self.C:
            raise ValueError("grades must fall from A to C")
        return self

    def grade(self, probability: float) -> Grade:
        """Return the grade of a probability."""
        if probability >= self.A:
            return Grade.A
        if probability >= self.B:
            return Grade.B
        return Grade.C if probability >= self.C else Grade.D


class ConfidenceCuts(Frozen):
    """Least known share of what could move the score, per level of confidence."""

    medium: Share
    high: Share

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.medium < self.high:
            raise ValueError("confidence.medium must be under confidence.high")
        return self

    def level(self, share: float) -> Literal["low", "medium", "high"]:
        """Return the level of a known share."""
        if share >= self.high:
            return "high"
        return "medium" if share >= self.medium else "low"


class Midpoints(Frozen):
    """The log-odds of each group at which its score is 50."""

    fit: LogOdds
    engagement: LogOdds


class Scorecard(Frozen):
    """The whole table; immutable, made once a process and shared."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    base_rate: BaseRate
    grades: GradeCuts
    confidence: ConfidenceCuts
    midpoints: Midpoints
    features: Annotated[tuple[FeatureRow, ...], Field(min_length=1)]
    gates: Mapping[Gate, GateRow]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        names = [row.name for row in self.features]
        if len(set(names)) != len(names):
            raise ValueError("features: a name appears twice")
        missing = set(Gate) - {Gate.DUPLICATE} - set(self.gates)
        if missing:
            raise ValueError(f"gates: {', '.join(sorted(missing))} missing")
        self._refuse_weak_gates()
        return self

    def _refuse_weak_gates(self) -> None:
        best = self.base_rate.log_odds + sum(row.highest for row in self.features)
        for gate, row in self.gates.items():
            if sigmoid(best + row.log_odds) >= self.grades.C:
                raise ValueError(
                    f"gates.{gate}: too weak, the best lead would keep a grade above D"
                )

    @cached_property
    def rows(self) -> Mapping[str, FeatureRow]:
        """The rows by the feature's name."""
        return {row.name: row for row in self.features}

    @cached_property
    def fact_weights(self) -> Mapping[str, float]:
        """By how much each fact could move the logit: from the worst of its levels to the best."""
        weights: dict[str, float] = {}
        for row in self.features:
            weights[row.fact] = weights.get(row.fact, 0.0) + row.highest - row.lowest
        return weights


def load_scorecard(path: Path = DEFAULT_SCORECARD) -> Scorecard:
    """Read and check a scorecard.

    Raises:
        ConfigurationError: The file cannot be read or contradicts itself; names the line's field.
    """
    try:
        return Scorecard.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"scorecard {where}".strip(), path.name, first["msg"]) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            "scorecard", path.name, f"a readable TOML file: {error}"
        ) from error
