"""``gardenos usage``: what models cost, and what another would have cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from serve_app.client import ServiceClient
from serve_app.commands.options import address_from, json_option, print_json, printer, url_option
from serve_app.exit_codes import EPILOG
from serve_app.usage_tables import remarks, usage_table


@click.command(epilog=EPILOG)
@click.option(
    "--by",
    default="agent,model",
    show_default=True,
    help="What to break down by, joined by commas: agent, model, tenant, day.",
)
@click.option("--days", type=click.IntRange(1, 1098), default=30, show_default=True)
@click.option("--compare-with", metavar="MODEL", help="Model to compare with, for example gpt-4o.")
@url_option
@json_option
def usage(*, by: str, days: int, compare_with: str | None, url: str | None, as_json: bool) -> None:
    """Show tokens and cost of the last days, and the cost of the same tokens elsewhere.

    The comparison is computed from a table of prices that names day and source of each; the
    setting model.prices_file adds prices of your own.
    """
    asked: dict[str, Any] = {
        "by": by,
        "since": (datetime.now(UTC) - timedelta(days=days)).isoformat(),
    }
    if compare_with is not None:
        asked["compare_with"] = compare_with
    with ServiceClient(address_from(url)) as service:
        report = service.get("/v1/usage", asked)
    if as_json:
        print_json(report)
        return
    console = printer()
    if not report["total"]["calls"]:
        console.print(f"No model was asked in {days} days: everything ran offline, for nothing.")
        return
    console.print(usage_table(report))
    for remark in remarks(report):
        console.print(remark, markup=False)
