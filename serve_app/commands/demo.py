"""``gardenos demo``: start everything, score the samples through HTTP, draft a reply, show it."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import click
from rich.console import Console

from domain.analysis import Qualification, Route
from domain.money import dollars
from serve_app.business import business_line
from serve_app.client import RefusedError, ServiceClient
from serve_app.commands.options import (
    json_option,
    port_option,
    print_json,
    printer,
    settings_with_port,
    speaker,
    teller,
)
from serve_app.draft_tables import next_words, whole_draft
from serve_app.exit_codes import EPILOG
from serve_app.local import Running, local_service, stop_signals, terminable
from serve_app.tables import best_first, lead_table

Json = dict[str, Any]

EXPECTATION = "expect"
"""A sample's note to its reader; no part of the lead."""

DISQUALIFIED = Qualification.DISQUALIFIED.value
OFFLINE = Route.LOCAL.value


def samples() -> Iterator[Json]:
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
    """Start everything on this machine, score twelve sample leads, draft a reply to the best.

    Needs no key, no server, no cluster. Where GARDENOS_MODEL__BASE_URL and GARDENOS_MODEL__NAME
    name a model, it is asked. Stays until Ctrl-C and then leaves no process behind.
    """
    began_s = time.monotonic()
    settings = settings_with_port(port)
    voice = speaker()
    voice.print("Starting Postgres, Ray and the agents …")
    with terminable(), local_service(settings, teller(voice)) as running, stop_signals() as stop:
        with ServiceClient(running.address) as service:
            scored, first_s = score_samples(service, began_s)
            draft = draft_for_best(service, scored, voice)
        if as_json:
            print_json(document(running, scored, first_s, draft))
        else:
            show(printer(), running, scored, draft)
        voice.print(business_line(settings.scoring.profile.name, settings.writing.postal_address))
        if not once:
            voice.print("Ctrl-C stops it.")
            stop.wait()
            voice.print("Stopping …")


def score_samples(service: ServiceClient, began_s: float) -> tuple[list[Json], float]:
    """Post the samples in order; return lead and analysis of each, and the time to the first."""
    scored: list[Json] = []
    first_s = 0.0
    for lead in samples():
        analysis = service.post("/v1/leads/analyze", lead)
        first_s = first_s or time.monotonic() - began_s
        scored.append({"lead": lead, "analysis": analysis})
    return scored, first_s


def best_to_write(scored: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the id of the best lead that somebody should write to, or None."""
    for item in best_first(scored):
        analysis = item["analysis"]
        fits = analysis["qualification"] != DISQUALIFIED and not analysis["duplicate_of"]
        if fits and analysis["open_channels"]:
            return str(item["lead"]["lead_id"])
    return None


def draft_for_best(service: ServiceClient, scored: list[Json], voice: Console) -> Json | None:
    """Return a stored draft for the best lead, or None where there is no lead or no draft."""
    lead_id = best_to_write(scored)
    if lead_id is None:
        return None
    try:
        return service.post("/v1/follow-ups", {"lead_id": lead_id})
    except RefusedError as error:
        voice.print(f"No draft for {lead_id}: {error}", markup=False)
        return None


def how_scored(scored: Sequence[Mapping[str, Any]]) -> str:
    """Return over which routes the leads were scored, and what it cost, as one line."""
    analyses = [item["analysis"] for item in scored]
    routes = Counter(analysis["route"] for analysis in analyses)
    if set(routes) == {OFFLINE}:
        return "Offline: no model was asked. Three variables change that: see the README."
    counts = ", ".join(f"{count} {route}" for route, count in sorted(routes.items()))
    models = sorted({analysis["model"]["llm"] for analysis in analyses} - {None})
    cost = sum(analysis["usage"]["cost_nanousd"] for analysis in analyses)
    unpriced = any(analysis["usage"]["unpriced_calls"] for analysis in analyses)
    price = "at an unknown price" if unpriced else f"for {dollars(cost)}"
    return f"Scored by route: {counts}; {', '.join(models) or 'no model answered'}, {price}."


def document(
    running: Running, scored: list[Json], first_s: float, draft: Json | None
) -> dict[str, Any]:
    """Return everything as one JSON document."""
    return {
        "address": running.address,
        "docs": running.docs,
        "dashboard": running.dashboard,
        "ray": running.ray,
        "log": running.log,
        "first_score_s": round(first_s, 2),
        "leads": scored,
        "follow_up": draft,
    }


def show(console: Console, running: Running, scored: list[Json], draft: Json | None) -> None:
    """Print the table, best leads first, the draft, and where to look further."""
    console.print(lead_table(best_first(scored), title=f"{len(scored)} leads, best first"))
    console.print(how_scored(scored), markup=False)
    if draft is not None:
        console.print()
        console.print(whole_draft(draft))
        console.print(next_words(draft) or "", markup=False, soft_wrap=True)
        console.print()
    console.print(f"API       {running.address}/v1/leads?sort=call_first")
    console.print(f"API docs  {running.docs}")
    dashboard = f", dashboard {running.dashboard}" if running.dashboard else ""
    console.print(f"Ray       {running.ray}{dashboard}")
    console.print(f"Log       {running.log}", soft_wrap=True, markup=False)
