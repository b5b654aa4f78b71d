"""The report of usage in the terminal."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from domain.money import dollars

Json = Mapping[str, Any]


def usage_table(report: Json) -> Table:
    """Return a report as ``GET /v1/usage`` gives it, the total last."""
    table = Table(title=period_of(report), title_justify="left", show_footer=True)
    for number, dimension in enumerate(report["by"]):
        table.add_column(dimension, footer="total" if number == 0 else "", overflow="fold")
    total = figures(report["total"])
    reference = report["compared_with"]
    heads = ("calls", "prompt (cached)", "answer", "cost", f"with {reference}", "saved")
    for head, footer in zip(heads, total, strict=True):
        table.add_column(head, justify="right", footer=footer)
    for line in report["lines"] if report["by"] else [report["total"]]:
        names = (str(line[dimension]) for dimension in report["by"])
        table.add_row(*names, *figures(line))
    table.show_footer = bool(report["by"])
    return table


def period_of(report: Json) -> str:
    """Return what the report is over, in words."""
    return f"Usage from {utc(report['since'])} to {utc(report['until'])} UTC"


def utc(text: str) -> str:
    """Return an ISO 8601 time with zone as day and minute in UTC, as the ledger's days are."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M}"


def figures(line: Json) -> tuple[str, ...]:
    """Return the cells of a line beside its dimensions."""
    compared = line["comparison"]
    saved = compared["saved_percent"] if compared else None
    return (
        f"{line['calls']:,}",
        f"{line['prompt_tokens']:,} ({line['cached_prompt_tokens']:,})",
        f"{line['completion_tokens']:,}",
        dollars(line["cost_nanousd"]) + (" + ?" if line["unpriced_calls"] else ""),
        dollars(compared["reference_nanousd"] if compared else None),
        "unknown" if saved is None else f"{saved:.1f} %",
    )


def remarks(report: Json) -> Iterator[str]:
    """Yield what the figures rest on."""
    total, price = report["total"], report["reference_price"]
    if price:
        yield f"{report['compared_with']}: price of {price['as_of']}, {price['source']}"
    else:
        yield f"{report['compared_with']}: no price is known, so nothing is compared"
    if total["estimated_calls"]:
        yield f"{total['estimated_calls']} calls came without usage; their tokens are our count"
    if total["unpriced_calls"]:
        yield f"{total['unpriced_calls']} calls to models without a known price are not in the cost"
