"""Claims about tables in a terminal of 80 columns: nothing runs off, no figure is cut."""

from io import StringIO

import pytest
from rich.console import Console, RenderableType

from domain.usage import UsageDimension, UsageLine
from serve_app.draft_tables import draft_table
from serve_app.usage_report import report
from serve_app.usage_tables import usage_table
from tests.serve_app.specimens import NOW, PRICES, a_record

COLUMNS = 80


def printed(what: RenderableType) -> str:
    """Return what stands in the terminal; every line fits."""
    file = StringIO()
    Console(file=file, width=COLUMNS).print(what)
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= COLUMNS
    return file.getvalue()


def test_a_list_of_drafts_shows_id_lead_and_text() -> None:
    record = a_record(lead_id="web-2026-03-02-17", subject="Your garden enquiry of Monday")
    out = printed(draft_table([record.model_dump(mode="json")], title="Drafts"))
    assert str(record.follow_up_id) in out
    assert "awaiting approval" in out
    assert {"Your", "garden", "enquiry", "Monday"} <= set(out.split())
    assert "…" not in out


@pytest.mark.parametrize("by", [(), (UsageDimension.AGENT, UsageDimension.MODEL)])
def test_a_report_of_usage_shows_every_figure(by: tuple[UsageDimension, ...]) -> None:
    line = UsageLine(
        agent="lead_analysis" if by else None,
        model="deepseek-ai/DeepSeek-V3.2-Exp-longer" if by else None,
        calls=1_234_567,
        prompt_tokens=987_654_321,
        cached_prompt_tokens=123_456_789,
        completion_tokens=12_345_678,
        cost_nanousd=9_123_000,
    )
    told = report(
        [line], period=(NOW, NOW), by=by, reference_model="gpt-4o", reference=PRICES.find("gpt-4o")
    )
    out = printed(usage_table(told.model_dump(mode="json")))
    for figure in ("1,234,567", "987,654,321", "123,456,789", "12,345,678", "$0.009123", "% saved"):
        assert figure in out
    assert "…" not in out
