"""The table of weights is read whole, and one that contradicts itself is refused by name."""

from pathlib import Path

import pytest

from domain.analysis import Gate, Grade
from domain.errors import ConfigurationError
from scoring.scorecard import DEFAULT_SCORECARD, load_scorecard


def test_the_shipped_table_gives_every_line_a_reason() -> None:
    card = load_scorecard()

    reasons = [level.reason for row in card.features for level in row.levels.values()]
    assert all(reasons)
    assert set(card.gates) == set(Gate) - {Gate.DUPLICATE}


@pytest.mark.parametrize(
    ("probability", "grade"),
    [
        (0.99, Grade.A),
        (0.75, Grade.A),
        (0.74, Grade.B),
        (0.4, Grade.B),
        (0.1, Grade.C),
        (0, Grade.D),
    ],
)
def test_a_grade_starts_at_its_cut(probability: float, grade: Grade) -> None:
    assert load_scorecard().grades.grade(probability) is grade


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("A = 0.75", "A = 0.30", "grades must fall"),
        ("medium = 0.50", "medium = 0.90", "confidence.medium"),
        ("ample = { log_odds = 0.60", "ample = { log_odds = 0.10", "budget: log_odds falls"),
        ("at_least = 2000.0, ", "at_least = 90000.0, ", "order_value: at_least must rise"),
        ("at_least = 2000.0, ", "", "order_value: either every level has at_least"),
        ('name = "budget"', 'name = "service"', "a name appears twice"),
        (
            'spam = { group = "engagement", log_odds = -12.0',
            'spam = { group = "fit", log_odds = -1.0',
            "too weak",
        ),
        ("uncontactable = {", "# ", "uncontactable missing"),
        ('version = "2026.1"', 'version = "2026.1"\nunheard_of = 1', "unheard_of"),
        ('version = "2026.1"', "version = ", "a readable TOML file"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_by_name(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    text = DEFAULT_SCORECARD.read_text("utf-8")
    changed = tmp_path / "scorecard.toml"
    changed.write_text(text.replace(old, new, 1), "utf-8")

    with pytest.raises(ConfigurationError, match=named):
        load_scorecard(changed)


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml"):
        load_scorecard(tmp_path / "absent.toml")
