"""An agent that does what its payload orders."""

# ruff: noqa: ARG002 - a fake keeps the signature of its port

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from actors.agent import AgentResult, Clock, PaidAgentError
from domain.errors import AgentError
from domain.ids import TaskId
from domain.task import TaskEnvelope
from domain.usage import Usage
from tests.fakes.tasks import KIND


def a_bill(attempt: int) -> Usage:
    """Return the usage of one call."""
    return Usage(
        attempt=attempt,
        call=0,
        model="fake",
        prompt_tokens=10,
        completion_tokens=5,
        cost_nanousd=15,
        at=datetime(2026, 11, 23, tzinfo=UTC),
    )


class ScriptedAgent:
    """Orders of the payload: ``s`` seconds to sleep, then ``do``.

    ``do`` is ok, paid, fail, fatal, break or die; ``die`` ends the process, or the fake replica
    where a test gave ``on_die``.
    """

    kind = KIND

    def __init__(self, collaborators: object = None) -> None:
        self.on_die: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGKILL)
        self.runs: Counter[TaskId] = Counter()
        self.order: list[TaskId] = []
        self.began_s: dict[TaskId, float] = {}
        self.running = 0
        self.most_running = 0
        self.starts = 0

    async def start(self) -> None:
        """Count the starts."""
        self.starts += 1

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Follow the orders."""
        orders = orjson.loads(envelope.payload)
        self.runs[envelope.task_id] += 1
        self.order.append(envelope.task_id)
        self.began_s.setdefault(envelope.task_id, asyncio.get_running_loop().time())
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self._follow(orders, envelope)
        finally:
            self.running -= 1
        usage = (a_bill(envelope.attempt),) if orders.get("do") == "paid" else ()
        return AgentResult(orjson.dumps({"task": str(envelope.task_id), "pid": os.getpid()}), usage)

    def payload(self, asked: object) -> bytes:
        """Return the orders as they are."""
        return orjson.dumps(asked)

    def answer(self, result: bytes) -> object:
        """Return the decoded result."""
        return orjson.loads(result)

    async def _follow(self, orders: dict[str, Any], envelope: TaskEnvelope) -> None:
        do = orders.get("do", "ok")
        try:
            await asyncio.sleep(orders.get("s", 0.05))
        except asyncio.CancelledError:
            if do == "paid":
                bill = (a_bill(envelope.attempt),)
                raise PaidAgentError("cancelled", "after a call", False, bill) from None
            raise
        if do == "fail":
            raise AgentError("try_again", "the provider is busy", True)
        if do == "fatal":
            raise AgentError("payload_invalid", "nothing to read", False)
        if do == "break":
            raise KeyError("a fault of the agent")
        if do == "die":
            self.on_die()
            await asyncio.sleep(3600)
