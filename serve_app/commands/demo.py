"""``gardenos demo``: start everything, score the sample leads through HTTP, show them."""

import json
import time
from collections.abc import Iterator
from importlib import resources
from typing import Any

import click
from rich.console import Console

from serve_app.client import ServiceClient
from serve_app.commands.options import (
    json_option,
    port_option,
    print_json,
    printer,
    settings_with_port,
    speaker,
)
from serve_app.exit_codes import EPILOG
from serve_app.local import Running, local_service, stop_signals, terminable
from serve_app.tables import lead_table

EXPECTATION = "expect"
"""A sample's note to its reader; no part of the lead."""


def samples() -> Iterator[dict[str, Any]]:
    """Yield the sample leads in file order, as a sender would post them."""
    file = resources.files("serve_app").joinpath("samples", "leads_12.jsonl")
    for line in file.read_text(encoding="utf-8").splitlines():
        lead = json.loads(line)
        lead.pop(EXPECTATION, None)
        yield lead


@click.command(epilog=EPILOG)
@click.option("--once", is_flag=True, help="Stop after the leads have been shown.")
@port_option
@json_option
def demo(*, once: bool, port: int | None, as_json: bool) -> None:
    """Start everything on this machine and score twelve sample leads.

    Needs no key, no server, no cluster. Stays until Ctrl-C and then leaves no process behind.
    """
    began_s = time.monotonic()
    settings = settings_with_port(port)
    voice = speaker()
    voice.print("Starting Postgres, Ray and the agents …")
    with terminable(), local_service(settings) as running, stop_signals() as stop:
        scored, first_s = score_samples(running.address, began_s)
        if as_json:
            print_json(document(running, scored, first_s))
        else:
            show(printer(), running, scored)
        if not once:
            voice.print("Ctrl-C stops it.")
            stop.wait()
            voice.print("Stopping …")


def score_samples(address: str, began_s: float) -> tuple[list[dict[str, Any]], float]:
    """Post the samples in order; return lead and analysis of each, and the time to the first."""
    scored: list[dict[str, Any]] = []
    first_s = 0.0
    with ServiceClient(address) as service:
        for lead in samples():
            analysis = service.post("/v1/leads/analyze", lead)
            first_s = first_s or time.monotonic() - began_s
            scored.append({"lead": lead, "analysis": analysis})
    return scored, first_s


def document(running: Running, scored: list[dict[str, Any]], first_s: float) -> dict[str, Any]:
    """Return everything as one JSON document."""
    return {
        "address": running.address,
        "docs": running.docs,
        "dashboard": running.dashboard,
        "first_score_s": round(first_s, 2),
        "leads": scored,
    }


def show(console: Console, running: Running, scored: list[dict[str, Any]]) -> None:
    """Print the table, best leads first, and where to look further."""
    best_first = sorted(
        scored, key=lambda item: (item["analysis"]["grade"], -int(item["analysis"]["score"]))
    )
    console.print(lead_table(best_first, title=f"{len(scored)} leads, best first"))
    console.print(f"API       {running.address}/v1/leads?sort=call_first")
    console.print(f"API docs  {running.docs}")
    if running.dashboard:
        console.print(f"Ray       {running.dashboard}")
