"""One line of a table for each row: what a seller looks at of an analysis. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from batch.results import Failed, Scored

REASONS_SHOWN = 3
TEXT_CHARACTERS = 160
BASE_RATE = "base_rate"
LEAST_TOLD = 0.005
"""Smallest contribution that is not shown as 0.00."""

TEXTS = (
    "lead_id",
    "name",
    "phone",
    "email",
    "grade",
    "qualification",
    "disqualification_reason",
    "next_action",
    "next_action_channel",
    "next_action_due",
    "next_action_text",
    "reasons",
    "missing",
    "flags",
    "route",
    "degraded_because",
    "error",
)
COLUMNS = (
    "line",
    "lead_id",
    "name",
    "phone",
    "email",
    "score",
    "probability",
    "grade",
    "qualification",
    "disqualification_reason",
    "next_action",
    "next_action_channel",
    "next_action_due",
    "next_action_text",
    "reasons",
    "missing",
    "flags",
    "route",
    "degraded_because",
    "cost_nanousd",
    "error",
)
"""Columns of the table; all but line, score, probability and cost are texts."""

DECIMALS = 6
"""Of a number in a text; more say nothing of a probability."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PHONE = re.compile(r"\+\d{6,15}")


def flat(result: Scored | Failed) -> dict[str, Any]:
    """Return the cells of a row by column; None where there is nothing to say."""
    cells: dict[str, Any] = dict.fromkeys(COLUMNS)
    cells |= {"line": result.line, "lead_id": result.lead_id, **asdict(result.person)}
    if isinstance(result, Failed):
        return cells | {"error": result.error}
    analysis = result.analysis
    action = analysis.get("next_best_action") or {}
    same = ("score", "probability", "grade", "qualification", "disqualification_reason", "route")
    return cells | {
        **{name: analysis.get(name) for name in same},
        "degraded_because": analysis.get("degraded_because"),
        "next_action": action.get("kind"),
        "next_action_channel": action.get("channel"),
        "next_action_due": action.get("due_by"),
        "next_action_text": action.get("text"),
        "reasons": "; ".join(why(analysis)) or None,
        "missing": ", ".join(analysis.get("missing") or ()) or None,
        "flags": ", ".join(analysis.get("flags") or ()) or None,
        "cost_nanousd": (analysis.get("usage") or {}).get("cost_nanousd", 0),
    }


def why(analysis: Mapping[str, Any]) -> list[str]:
    """Return what decided: a closed gate with what it saw, else the strongest reasons."""
    gates = [gate for gate in analysis.get("gates") or () if not gate.get("undone")]
    if gates:
        return [_cut(f"{_words(gate['gate'])}: {gate['evidence']}") for gate in gates]
    reasons: Sequence[Mapping[str, Any]] = analysis.get("reasons") or ()
    told = [
        f"{_told(reason)} ({reason['contribution']:+.2f})"
        for reason in reasons
        if reason["feature"] != BASE_RATE and abs(reason["contribution"]) >= LEAST_TOLD
    ]
    return told[:REASONS_SHOWN]


def _told(reason: Mapping[str, Any]) -> str:
    feature = _words(reason["feature"])
    value = reason.get("value")
    if isinstance(value, bool):
        return feature if value else f"no {feature}"
    return feature if value is None else _cut(f"{feature}: {_words(value)}")


def _words(value: object) -> str:
    return str(value).replace("_", " ")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT_CHARACTERS else line[: TEXT_CHARACTERS - 1] + "…"


def harmless(cell: object) -> object:
    """Return a cell of CSV that no spreadsheet takes for a formula: a text in a lead may be one.

    A phone number in E.164 stays as it is: it computes nothing, and is there to be dialled.
    """
    if isinstance(cell, float):
        return round(cell, DECIMALS)
    if not isinstance(cell, str) or not cell.startswith(_FORMULA) or _PHONE.fullmatch(cell):
        return cell
    return f"'{cell}"
