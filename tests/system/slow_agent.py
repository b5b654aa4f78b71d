"""An agent for tests: takes as long as its payload says and writes a journal of its runs.

It is configured by one line, as any new kind would be, and bills every run, so that tests can
see from the ledger which runs took place.
"""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from actors.agent import AgentResult, Clock, PaidAgentError
from domain.ids import AgentKind
from domain.task import TaskEnvelope
from domain.usage import Usage

KIND = "slow"


def write_line(journal: Path, line: dict[str, object]) -> None:
    """Append a run to the journal, in one write, so that no two runs mix."""
    with journal.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def call_of(attempt: int) -> Usage:
    """Return the one model call that an attempt is billed for."""
    return Usage(
        attempt=attempt,
        call=0,
        model="stand-in",
        prompt_tokens=10,
        completion_tokens=1,
        cost_nanousd=5,
        at=datetime.now(UTC),
    )


class SlowAgent:
    """Payload: ``{"seconds": 0.2, "journal": "/path", "name": "task-7"}``."""

    kind = AgentKind(KIND)

    def __init__(self, collaborators: object) -> None:
        """Need nobody."""
        del collaborators

    async def start(self) -> None:
        """Open nothing."""

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Write the start into the journal, wait, and answer with the name and the process."""
        del clock
        asked = json.loads(envelope.payload)
        line = {"name": asked["name"], "attempt": envelope.attempt, "pid": os.getpid()}
        write_line(Path(asked["journal"]), line)
        bill = (call_of(envelope.attempt),)
        try:
            await asyncio.sleep(asked["seconds"])
        except asyncio.CancelledError:
            raise PaidAgentError("cancelled", "the run was cancelled", True, bill) from None
        return AgentResult(json.dumps(line).encode(), bill)

    def payload(self, asked: object) -> bytes:
        """Return a payload given by hand."""
        return json.dumps(asked).encode()

    def answer(self, result: bytes) -> object:
        """Return the result as JSON."""
        return json.loads(result)
