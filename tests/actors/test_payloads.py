"""Payloads are read by agents older and newer than the orchestrator that sent them."""

import pytest

from actors.payloads import read_payload
from domain.analysis import AnalysisInput
from domain.errors import AgentError

NEWER = b"""{"lead": {"lead_id": "L-1", "created_at": "2026-11-20T08:00:00Z", "mood": "good",
    "contact": {"full_name": "Ada", "pager": "1"}}, "lead_version": 3, "urgency": {"level": 2}}"""


def test_fields_of_a_newer_orchestrator_are_ignored_at_every_depth() -> None:
    given = read_payload(NEWER, AnalysisInput)
    assert (given.lead.lead_id, given.lead.contact.full_name, given.lead_version) == (
        "L-1",
        "Ada",
        3,
    )


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not JSON"),
        (b"{}", "lead"),
        (b'{"lead": {"lead_id": "secret@example.org x"}}', "lead.created_at, lead.lead_id"),
    ],
)
def test_what_cannot_be_read_names_fields_and_no_values(payload: bytes, named: str) -> None:
    with pytest.raises(AgentError) as raised:
        read_payload(payload, AnalysisInput)
    assert (raised.value.code, raised.value.detail) == ("payload_invalid", named)
    assert not raised.value.retryable
