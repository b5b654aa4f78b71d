"""Claims about what ``gardenos score`` tells beside its results."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from batch.job import Order, make_plan, rehearse
from serve_app.score_report import show_mapping, show_rehearsal, show_starting, show_summary


def told_of(folder: Path, text: str) -> str:
    """Return what a rehearsal and a summary tell of a file."""
    file = folder / "leads.csv"
    file.write_text(text)
    said = io.StringIO()
    console = Console(file=said, width=200)
    plan = make_plan(Order(file))
    show_mapping(console, plan)
    tally = rehearse(plan)
    show_rehearsal(console, plan, tally)
    show_summary(console, plan, tally, 1.0)
    return said.getvalue()


def test_one_row_is_no_rows(tmp_path: Path) -> None:
    told = told_of(tmp_path, "E-Mail\na@example.com\n")
    assert "1 row would be sent" in told
    assert "of 1 row scored" in told
    assert "1 rows" not in told


def test_a_rehearsal_gives_rejected_rows_with_their_reasons(tmp_path: Path) -> None:
    told = told_of(tmp_path, "id,E-Mail\na,a@example.com\na,b@example.com\n")
    assert "line 3, lead_id: got the id of line 2; allowed: an id of its own" in told


def test_a_record_that_may_hold_others_is_pointed_at(tmp_path: Path) -> None:
    told = told_of(tmp_path, 'id,E-Mail,Note\na,x,"mow\nb,y,"dig"\nc,z,trim\n')
    assert "Line 2: a cell holds lines that look like rows" in told


@pytest.mark.parametrize("terminal", [True, False])
def test_a_start_shows_at_once_and_says_how_long_it_took(*, terminal: bool) -> None:
    said = io.StringIO()
    console = Console(file=said, width=120, force_terminal=terminal, highlight=False)
    times = iter([10.0, 27.0])
    with show_starting(console, lambda: next(times)):
        assert terminal or "Starting Postgres" in said.getvalue()
    assert "Starting Postgres" in said.getvalue()
    assert "Started in 17 s." in said.getvalue()
