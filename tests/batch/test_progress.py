"""Claims about counts, the summary and how far a run says that it is."""

import io

import pytest
from rich.console import Console

from batch.preparation import Reject
from batch.progress import Bar, Lines, Rate, duration, spoken, watcher_on
from batch.results import Failed, Scored
from batch.tally import Tally
from tests.batch.analyses import an_analysis


def a_tally() -> Tally:
    """Return the counts of four rows."""
    tally = Tally(total=10)
    usage = {"cost_nanousd": 1_500_000, "unpriced_calls": 1}
    tally.count(Scored(1, "a", an_analysis(route="model", usage=usage)))
    tally.count(Scored(2, "b", an_analysis(grade="D", route="degraded"), resumed=True))
    tally.count(Reject(3, "", "lead_id", "x", "y"))
    tally.count(Failed(4, "d", "broken", resumed=True))
    return tally


def test_the_summary_counts_every_row_once() -> None:
    assert a_tally().summary(seconds=2.0) == {
        "rows": 10,
        "scored": 2,
        "rejected": 1,
        "failed": 1,
        "resumed": 2,
        "by_grade": {"B": 1, "D": 1},
        "by_route": {"degraded": 1, "model": 1},
        "rejected_by_field": {"lead_id": 1},
        "first_rejects": [
            {"line": 3, "lead_id": "", "field": "lead_id", "got": "x", "allowed": "y"}
        ],
        "cost_nanousd": 1_500_000,
        "cost_usd": 0.0015,
        "unpriced_rows": 1,
        "seconds": 2.0,
        "rows_per_s": 2.0,
    }


def test_progress_says_rate_cost_degraded_rows_and_time_left() -> None:
    told = spoken(a_tally(), rate_per_s=0.1)
    assert told == ("0 rows/s · $0.001500 · 1 degraded · 1 rejected · 1 failed · 1 min 0 s left")


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    rate = Rate(now_s=0)
    for second in range(1, 61):
        rate.per_s(done=second, now_s=second)
    later = [rate.per_s(done=60 + 10 * second, now_s=60 + second) for second in range(1, 61)]
    assert later[-1] == pytest.approx(10)


def test_where_nobody_watches_there_is_a_line_every_ten_seconds() -> None:
    text = io.StringIO()
    with watcher_on(Console(file=text), now_s=0.0) as watcher:
        assert isinstance(watcher, Lines)
        for now_s in range(31):
            watcher.show(a_tally(), float(now_s))
    lines = text.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("4 of 10 rows · ")


def test_on_a_terminal_there_is_a_bar() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=120)
    with watcher_on(console, now_s=0.0) as watcher:
        assert isinstance(watcher, Bar)
        watcher.show(a_tally(), 1.0)
    assert "4/10" in text.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (90_000, "25 h 0 min")],
)
def test_spans_are_told_in_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words
