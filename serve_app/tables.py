"""Tables for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from serve_app.times import local_time

GRADE_STYLES = {"A": "bold green", "B": "green", "C": "yellow", "D": "red"}
REASONS_SHOWN = 3
CELL_CHARACTERS = 120
BASE_RATE = "base_rate"
LEAST_TOLD = 0.005
"""Smallest contribution that is not shown as 0.00."""

Json = Mapping[str, Any]


def lead_table(leads: Sequence[Json], *, title: str) -> Table:
    """Return a table of leads, each as the API gives it: ``lead`` and ``analysis``."""
    table = Table(title=title, title_justify="left", show_lines=True, expand=False)
    table.add_column("Grade", justify="center")
    table.add_column("Score", justify="right")
    table.add_column("Lead", overflow="fold")
    table.add_column("Why", overflow="fold", max_width=46)
    table.add_column("Next", overflow="fold", max_width=46)
    for item in leads:
        analysis = item.get("analysis")
        first = item.get("duplicate_of") or (analysis or {}).get("duplicate_of")
        name = Text(name_of(item["lead"]) + (f"\nduplicate of {first}" if first else ""))
        if analysis is None:
            table.add_row("", "", name, "not analysed yet", "")
            continue
        grade = str(analysis["grade"])
        table.add_row(
            Text(grade, style=GRADE_STYLES.get(grade, "")),
            str(analysis["score"]),
            name,
            Text(why(analysis)),
            Text(next_step(analysis)),
        )
    return table


def best_first(scored: Sequence[Json]) -> list[Json]:
    """Return analysed leads by grade, then score; each duplicate directly below its first lead.

    A duplicate carries the grade of its first lead and a score of its own, so that by grade alone
    a low score would stand above better leads.
    """
    ranked = sorted(
        scored, key=lambda item: (item["analysis"]["grade"], -int(item["analysis"]["score"]))
    )
    firsts = {
        item["lead"]["lead_id"] for item in ranked if item["analysis"].get("duplicate_of") is None
    }
    below: dict[str, list[Json]] = {}
    tops = []
    for item in ranked:
        first = item["analysis"].get("duplicate_of")
        if first in firsts:
            below.setdefault(first, []).append(item)
        else:
            tops.append(item)
    return [each for top in tops for each in (top, *below.get(top["lead"]["lead_id"], ()))]


def name_of(lead: Json) -> str:
    """Return how a person calls the lead, over its id."""
    contact = lead.get("contact") or {}
    name = contact.get("full_name") or contact.get("email") or contact.get("phone") or "nameless"
    service = (lead.get("service") or "").replace("_", " ")
    return "\n".join(part for part in (name, service, lead.get("lead_id", "")) if part)


def why(analysis: Json) -> str:
    """Return what decided: a closed gate, else the strongest reasons."""
    gates = [gate for gate in analysis.get("gates", ()) if not gate.get("undone")]
    if gates:
        return "\n".join(
            shortened(f"{gate['gate'].replace('_', ' ')}: {gate['evidence']}") for gate in gates
        )
    reasons = [
        reason
        for reason in analysis.get("reasons", ())
        if reason["feature"] != BASE_RATE and abs(reason["contribution"]) >= LEAST_TOLD
    ]
    return "\n".join(
        f"{reason['contribution']:+.2f} {told(reason)}" for reason in reasons[:REASONS_SHOWN]
    )


def shortened(text: str) -> str:
    """Return a text cut to what fits a cell, behind a word where one ends near."""
    if len(text) <= CELL_CHARACTERS:
        return text
    cut = text[: CELL_CHARACTERS - 1]
    words, space, _ = cut.rpartition(" ")
    return (words.rstrip() if space and len(words) > CELL_CHARACTERS // 2 else cut) + "…"


def told(reason: Json) -> str:
    """Return a reason in words: its feature and value."""
    feature = str(reason["feature"]).replace("_", " ")
    value = reason.get("value")
    if isinstance(value, bool):
        return feature if value else f"no {feature}"
    return feature if value is None else f"{feature}: {str(value).replace('_', ' ')}"


def next_step(analysis: Json) -> str:
    """Return what to do next, by when, how."""
    action = analysis["next_best_action"]
    due = action.get("due_by")
    head = str(action["kind"]).replace("_", " ")
    if due:
        head += f" by {local_time(due)}"
    if action.get("channel"):
        head += f" ({action['channel']})"
    return f"{head}\n{action['text']}"


def agent_table(agents: Sequence[Json]) -> Table:
    """Return a table of agents as ``GET /v1/agents`` gives them."""
    table = Table(title="Agents", title_justify="left")
    columns = ("kind", "state", "replicas", "queued", "waiting", "running")
    for column in columns:
        table.add_column(column)
    for agent in agents:
        cells = (agent[column] for column in columns)
        table.add_row(*("-" if cell is None else str(cell) for cell in cells))
    return table
