"""The report of usage in the terminal."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from domain.money import dollars

Json = Mapping[str, Any]


def usage_table(report: Json) -> Table:
    """Return a report as ``GET /v1/usage`` gives it, the total last; it fits 80 columns."""
    table = Table(title=period_of(report), title_justify="left", show_lines=True)
    by = report["by"]
    if by:
        table.add_column("\n".join(by), footer="total", overflow="fold", min_width=10)
    heads = ("calls", "tokens", "cost", f"with {report['compared_with']}")
    for head, footer in zip(heads, figures(report["total"]), strict=True):
        is_name = head == heads[-1]
        table.add_column(
            Text(head), justify="right", footer=footer, no_wrap=not is_name, overflow="fold"
        )
    for line in report["lines"] if by else [report["total"]]:
        names = [Text("\n".join(str(line[dimension]) for dimension in by))] if by else []
        table.add_row(*names, *figures(line))
    table.show_footer = bool(by)
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
    tokens = (
        f"{line['prompt_tokens']:,} in",
        f"{line['cached_prompt_tokens']:,} cached",
        f"{line['completion_tokens']:,} out",
    )
    elsewhere = dollars(compared["reference_nanousd"] if compared else None)
    if saved is not None:
        elsewhere += f"\n{saved:.1f} % saved"
    return f"{line['calls']:,}", "\n".join(tokens), cost_of(line), elsewhere


def cost_of(line: Json) -> str:
    """Return the cost; what models without a known price cost is no part of it."""
    unpriced = line["unpriced_calls"]
    if not unpriced:
        return dollars(line["cost_nanousd"])
    if unpriced == line["calls"]:
        return "unknown"
    return f"{dollars(line['cost_nanousd'])}\n+ unknown"


def remarks(report: Json) -> Iterator[str]:
    """Yield what the figures rest on."""
    total, price = report["total"], report["reference_price"]
    if price:
        yield f"{report['compared_with']}: price of {price['as_of']}, {price['source']}"
    else:
        yield f"{report['compared_with']}: no price is known, so nothing is compared"
    if total["estimated_calls"]:
        yield f"{calls(total['estimated_calls'])} without usage: the tokens are our own count"
    if total["unpriced_calls"]:
        yield (
            f"{calls(total['unpriced_calls'])} to models without a known price: their cost is not"
            " in the sums; the setting model.prices_file adds prices"
        )


def calls(count: int) -> str:
    """Return a number of calls in words."""
    return f"{count:,} call" if count == 1 else f"{count:,} calls"
