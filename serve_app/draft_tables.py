"""Drafts in the terminal: a table of many, the whole of one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from domain.money import dollars
from serve_app.business import GUIDE, shows_example
from serve_app.tables import shortened
from serve_app.times import local_time

Json = Mapping[str, Any]

WAITS = "awaiting_approval"
SEVERITY_STYLES = {"blocking": "bold red", "warning": "yellow"}


def draft_table(records: Sequence[Json], *, title: str) -> Table:
    """Return a table of drafts, each as the API gives it; it fits a terminal of 80 columns."""
    table = Table(title=title, title_justify="left", show_lines=True, expand=False)
    table.add_column("Draft", no_wrap=True)
    table.add_column("Lead", overflow="fold", min_width=12)
    table.add_column("Text", overflow="fold", min_width=18, max_width=60)
    for record in records:
        draft, text = record["draft"], text_of(record)
        first = text["subject"] or text["body"]
        table.add_row(
            f"{record['follow_up_id']}\n{words(record['state'])}{noted(text['findings'])}",
            Text(f"{draft['lead_id']}\n{draft['channel']}, {words(draft['stage'])}"),
            Text(shortened(" ".join(first.split()))),
        )
    return table


def text_of(record: Json) -> Json:
    """Return what an approval approves: the newest edit, or the draft where there is none."""
    newest: Json = record["edits"][-1] if record["edits"] else record["draft"]
    return newest


def noted(findings: Sequence[Json]) -> str:
    """Return how many findings there are, behind a state; nothing where there is none."""
    if not findings:
        return ""
    return f", {len(findings)} finding{'s' if len(findings) > 1 else ''}"


def words(name: str) -> str:
    """Return a name of the API as people write it."""
    return name.replace("_", " ")


def whole_draft(record: Json) -> RenderableType:
    """Return a draft with its whole text, what the checks saw and what people did."""
    draft, text = record["draft"], text_of(record)
    how = f"{words(draft['stage'])} by {draft['channel']}, {draft['language']}, {draft['tone']}"
    lines = [
        f"lead {draft['lead_id']}, {how}",
        f"send not before {local_time(draft['send_not_before'])}",
        f"{written_by(draft)}{segments(text)}",
    ]
    body = Text(text["body"])
    if text["subject"]:
        body = Text.assemble(("Subject: ", "bold"), text["subject"], "\n\n", body)
    title = f"{words(record['state'])}, version {record['version']}"
    parts: list[RenderableType] = [
        Text(f"Draft {record['follow_up_id']}", style="bold"),
        *(Text(line) for line in lines),
        Panel(body, title=title, title_align="left", width=84),
        *(finding_line(finding) for finding in text["findings"]),
        *(Text(f"note: {words(flag)}") for flag in draft["flags"]),
        *example_note(text),
        *(Text(line) for line in history(record)),
    ]
    return Group(*parts)


def example_note(text: Json) -> Iterator[Text]:
    """Yield a line where a draft speaks for the example instead of a real business."""
    if shows_example(text["body"]):
        yield Text(f"note: this speaks for the example business; describe yours: {GUIDE}")


def written_by(draft: Json) -> str:
    """Return who wrote a draft, over which route, at what cost."""
    model, usage = draft["model"], draft["usage"]
    who = model["llm"] or f"{model['scorer']} {model['version']}"
    told = f"written by {who} ({draft['route']})"
    if usage["calls"]:
        told += f", {dollars(usage['cost_nanousd'])}"
    if draft["degraded_because"]:
        told += f"; no model, because {draft['degraded_because']}"
    return told


def segments(text: Json) -> str:
    """Return the number of messages of an SMS; nothing for other channels."""
    count = text["sms_segments"]
    return f", {count} message{'s' if count > 1 else ''}" if count else ""


def finding_line(finding: Json) -> Text:
    """Return what a check saw as one line."""
    severity = finding["severity"]
    return Text.assemble(
        (f"{severity} ", SEVERITY_STYLES.get(severity, "")),
        f"{words(finding['check'])}: found {finding['found']}; allowed: {finding['allowed']}",
    )


def history(record: Json) -> Iterator[str]:
    """Yield what people did with a draft, edits first, each oldest first."""
    for edit in record["edits"]:
        yield f"edited by {edit['by']}, {local_time(edit['at'])}"
    for decision in record["decisions"]:
        why = f": {decision['reason']}" if decision["reason"] else ""
        yield f"{decision['state']} by {decision['by']}, {local_time(decision['at'])}{why}"


def next_words(record: Json) -> str | None:
    """Return how to approve a draft that waits, or None where it is decided."""
    if record["state"] != WAITS:
        return None
    return (
        "waits for your approval: gardenos follow-ups approve"
        f" {record['follow_up_id']} --by NAME --version {record['version']}"
    )
