"""An agent that only sleeps, and one of Serve's own kind to compare with."""

import asyncio

import orjson

from actors.agent import AgentResult, Clock
from domain.ids import AgentKind
from domain.task import TaskEnvelope

SLEEPER = AgentKind("sleeper")


class SleepingAgent:
    """Sleeps for the payload's ``s`` seconds: a model of that latency without its cost."""

    kind = SLEEPER

    def __init__(self, collaborators: object) -> None:
        del collaborators

    async def start(self) -> None:
        """Open nothing."""

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Sleep."""
        del clock
        await asyncio.sleep(orjson.loads(envelope.payload)["s"])
        return AgentResult(envelope.payload)

    def payload(self, asked: object) -> bytes:
        """Return the orders as JSON."""
        return orjson.dumps(asked)

    def answer(self, result: bytes) -> object:
        """Return the orders."""
        return orjson.loads(result)


class PlainSleeper:
    """What a Serve user would write: one method, and Serve's queue in front of it."""

    async def sleep(self, wait_s: float) -> None:
        """Sleep."""
        await asyncio.sleep(wait_s)
