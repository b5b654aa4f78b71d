"""Claims about the tables of the terminal."""

import time
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from domain.analysis import Direction, Gate, GateFinding, Grade, Reason
from serve_app.tables import (
    CELL_CHARACTERS,
    best_first,
    lead_table,
    next_step,
    shortened,
    told,
    why,
)
from serve_app.times import local_time
from tests.serve_app.specimens import an_analysis


def an_item(**changes: Any) -> dict[str, Any]:
    """Return an analysis as JSON with changed fields."""
    analysis = an_analysis("a").model_copy(update=changes)
    return analysis.model_dump(mode="json")


def a_reason(feature: str, value: Any, contribution: float) -> Reason:
    """Return a reason."""
    direction = Direction.UP if contribution > 0 else Direction.DOWN
    return Reason(feature=feature, value=value, contribution=contribution, direction=direction)


def test_the_strongest_reasons_are_told_without_the_base_rate() -> None:
    reasons = (
        a_reason("source", "referral", 0.9),
        a_reason("decision_role", "owner", 0.45),
        a_reason("base_rate", None, -1.0),
    )
    assert why(an_item(reasons=reasons)) == "+0.90 source: referral\n+0.45 decision role: owner"


def test_a_closed_gate_is_the_whole_reason() -> None:
    gates = (GateFinding(gate=Gate.OUT_OF_AREA, evidence="x" * 500),)
    text = why(an_item(gates=gates, reasons=(a_reason("source", "list", -0.3),)))
    assert text.startswith("out of area: xxx")
    assert len(text) == CELL_CHARACTERS


def test_a_long_text_is_cut_behind_a_word() -> None:
    text = shortened("watering " * 50)
    assert text.endswith("watering…")
    assert len(text) <= CELL_CHARACTERS


def test_a_gate_that_a_person_undid_is_not_told() -> None:
    gates = (GateFinding(gate=Gate.SPAM, evidence="shouts", undone=True),)
    assert why(an_item(gates=gates, reasons=())) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "visit asked"),
        (False, "no visit asked"),
        (None, "visit asked"),
        ("1_3_months", "visit asked: 1 3 months"),
        (7, "visit asked: 7"),
    ],
)
def test_a_reason_is_told_in_words(value: Any, text: str) -> None:
    assert told({"feature": "visit_asked", "value": value}) == text


def test_what_people_wrote_is_never_read_as_markup() -> None:
    item = {"lead": {"lead_id": "a", "contact": {"full_name": "[red]X[/red]"}}, "analysis": None}
    console = Console(width=120, record=True, file=StringIO())
    console.print(lead_table([item], title="Leads"))
    assert "[red]X[/red]" in console.export_text()


def an_item_of(lead_id: str, grade: Grade, score: int, first: str | None = None) -> dict[str, Any]:
    """Return a scored lead as the demo holds it."""
    analysis = an_analysis(lead_id, grade=grade, score=score)
    analysis = analysis.model_copy(update={"duplicate_of": first})
    return {"lead": {"lead_id": lead_id}, "analysis": analysis.model_dump(mode="json")}


def test_a_duplicate_stands_below_its_first_lead_not_above_better_ones() -> None:
    items = [
        an_item_of("copy", Grade.A, 24, "first"),
        an_item_of("better", Grade.A, 80),
        an_item_of("b", Grade.B, 60),
        an_item_of("first", Grade.A, 90),
        an_item_of("copy-of-unknown", Grade.C, 9, "gone"),
        an_item_of("copy-of-copy", Grade.C, 8, "copy"),
    ]
    order = [item["lead"]["lead_id"] for item in best_first(items)]
    assert order == ["first", "copy", "better", "b", "copy-of-unknown", "copy-of-copy"]


def test_a_duplicate_is_called_one_in_the_table() -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(lead_table([an_item_of("copy", Grade.A, 24, "first")], title="Leads"))
    assert "duplicate of first" in console.export_text()


def test_a_time_names_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert local_time("2026-11-23T12:00:00Z") == "Mon 23 Nov 07:00 EST"
        assert "Mon 23 Nov 07:00 EST" in next_step(an_item())
    finally:
        monkeypatch.undo()
        time.tzset()
