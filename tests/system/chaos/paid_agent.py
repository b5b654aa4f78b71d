"""An agent for the chaos suite: one question to the model a run; some tasks kill its process.

It asks through the product's own models, so calls, retries and bills are the product's.
"""

import json
import os
import signal

from pydantic import BaseModel, ConfigDict

from actors.agent import AgentResult, Clock, PaidAgentError
from actors.collaborators import Collaborators
from actors.questions import Question
from domain.errors import AgentError
from domain.ids import AgentKind
from domain.task import TaskEnvelope

KIND = "paid"


class Echo(BaseModel):
    """The answer wanted of the model."""

    model_config = ConfigDict(frozen=True)

    text: str


class PaidAgent:
    """Payload: ``{"name": "ref-1-7", "strict": false, "kills": false}``."""

    kind = AgentKind(KIND)

    def __init__(self, collaborators: Collaborators) -> None:
        """Take the models."""
        assert collaborators.models is not None
        self._models = collaborators.models

    async def start(self) -> None:
        """Open the connections to the model."""
        await self._models.start()

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Ask once, and answer with the name, the attempt and the process."""
        order = json.loads(envelope.payload)
        if order["kills"]:
            os.kill(os.getpid(), signal.SIGKILL)
        calls = self._models.open(envelope, clock)
        reply = await calls.ask(_question(order["name"], envelope.attempt))
        if reply.value is None and order["strict"]:
            raise _failure(reply.degraded_because or "unknown: no reason", calls.usage)
        answer = {
            "name": order["name"],
            "attempt": envelope.attempt,
            "pid": os.getpid(),
            "degraded": reply.degraded_because,
        }
        return AgentResult(json.dumps(answer).encode(), calls.usage)

    def payload(self, asked: object) -> bytes:
        """Return a payload given by hand."""
        return json.dumps(asked).encode()

    def answer(self, result: bytes) -> object:
        """Return the result as JSON."""
        return json.loads(result)


def _question(name: str, attempt: int) -> Question[Echo]:
    return Question(
        name="echo",
        system="Answer with a JSON object.",
        user=json.dumps({"ref": name, "attempt": attempt, "pid": os.getpid()}),
        answer=Echo,
        max_output_tokens=50,
        prompt_version="1",
    )


def _failure(because: str, usage: tuple[object, ...]) -> AgentError:
    code, _, detail = because.partition(": ")
    return PaidAgentError(code, detail, True, usage)  # type: ignore[arg-type]
