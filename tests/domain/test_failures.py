"""The table of failures: every code of the product stands in it, and it decides."""

import re
from pathlib import Path

import pytest

from actors.agent import PaidAgentError
from actors.errors import FaultCode, ModelError
from domain.errors import AgentError
from domain.failures import FAILURES, is_retryable

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("actors", "batch", "deployments", "domain", "postgres", "scoring", "serve_app")
RAISED = re.compile(r"AgentError\(\s*\"(\w+)\"")
WRITTEN = re.compile(r"[\"']([a-z]+(?:_[a-z]+)*): ")
"""A text that begins like a task's error: a code, a colon, a blank."""

NO_CODES = frozenset({"schema", "error", "warning", "business", "lead", "interrupted", "detail"})


def raised_codes() -> set[str]:
    """Return the codes that agents and replicas raise."""
    files = [file for room in ROOMS for file in (REPOSITORY / room).rglob("*.py")]
    return {code for file in files for code in RAISED.findall(file.read_text(encoding="utf-8"))}


def written_codes() -> set[str]:
    """Return the codes of the errors that the engine and its statements write."""
    files = [
        *(REPOSITORY / "deployments").glob("*.py"),
        *(REPOSITORY / "postgres" / "sql" / "queries").glob("*.sql"),
    ]
    return {code for file in files for code in WRITTEN.findall(file.read_text(encoding="utf-8"))}


def test_every_code_that_the_product_gives_stands_in_the_table() -> None:
    raised, written = raised_codes(), written_codes() - NO_CODES
    assert {"payload_invalid", "agent_fault", "no_channel"} <= raised
    assert {"worker_lost", "poison", "attempt_limit", "handed_back"} <= written
    assert raised | written | set(FaultCode) <= FAILURES.keys()


def test_the_table_decides_for_its_codes_and_an_agent_for_its_own() -> None:
    assert AgentError("payload_invalid", "", True).retryable is False
    assert PaidAgentError("timeout", "", False, ()).retryable is True
    assert AgentError("printer_on_fire", "", True).retryable is True
    assert is_retryable("printer_on_fire") is False


@pytest.mark.parametrize("code", FaultCode)
def test_a_fault_of_a_model_is_judged_by_the_table(code: FaultCode) -> None:
    assert ModelError(code, "").retryable is FAILURES[code].is_retryable
    assert FAILURES[code].why
