"""Money as people read it."""

import pytest

from domain.money import dollars


@pytest.mark.parametrize(
    ("nanousd", "text"),
    [
        (None, "unknown"),
        (0, "$0"),
        (1, "$0.000000"),
        (389_500, "$0.000390"),
        (999_999_999, "$1.000000"),
        (1_234_567_890_123, "$1,234.57"),
        (-3_110_500, "$-0.003111"),
    ],
)
def test_money_is_told_as_exactly_as_it_matters(nanousd: int | None, text: str) -> None:
    assert dollars(nanousd) == text
