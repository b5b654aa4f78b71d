"""Analyses as a service gives them, as far as files show them."""

from typing import Any


def an_analysis(lead_id: str = "a", **changes: Any) -> dict[str, Any]:
    """Return the JSON of an analysis."""
    return {
        "lead_id": lead_id,
        "score": 71,
        "probability": 0.42,
        "grade": "B",
        "qualification": "qualified",
        "disqualification_reason": None,
        "gates": [],
        "reasons": [
            {"feature": "source", "value": "referral", "contribution": 0.9},
            {"feature": "decision_role", "value": "owner", "contribution": 0.35},
            {"feature": "photos", "value": True, "contribution": 0.2},
            {"feature": "distance", "value": 3, "contribution": -0.1},
            {"feature": "base_rate", "value": None, "contribution": -1.5},
        ],
        "missing": ["area_m2", "timeline"],
        "flags": ["truncated"],
        "next_best_action": {
            "kind": "call",
            "channel": "phone",
            "due_by": "2026-11-23T09:00:00Z",
            "text": "Call now.",
        },
        "route": "local",
        "degraded_because": None,
        "usage": {"cost_nanousd": 0, "unpriced_calls": 0},
        **changes,
    }
