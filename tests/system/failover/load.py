"""Callers who queue tasks at a steady rate, however long each has to wait for its answer."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

RATE_PER_S = 200
TASK_S = 0.01
CALL_LIMIT_S = 30.0
ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Promise:
    """A 202: the task, what it was called, and when the answer came on the steady clock."""

    task_id: str
    name: str
    at_s: float


class Load:
    """What was sent and what came of it; made by :func:`load`."""

    def __init__(self, http: aiohttp.ClientSession, journal: Path, rate_per_s: int) -> None:
        self._http = http
        self._journal = journal
        self._gap_s = 1.0 / rate_per_s
        self._calls: set[asyncio.Task[None]] = set()
        self.sent = 0
        self.promises: list[Promise] = []
        self.refusals: Counter[str] = Counter()

    async def send(self) -> None:
        """Send until cancelled; who is late catches up, so that the rate is kept."""
        due_s = time.monotonic()
        while True:
            due_s += self._gap_s
            call = asyncio.create_task(self._call(f"task-{self.sent}"))
            self.sent += 1
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    async def _call(self, name: str) -> None:
        payload = {"seconds": TASK_S, "journal": str(self._journal), "name": name}
        try:
            async with self._http.post(
                "/v1/tasks", json={"kind": "slow", "payload": payload}
            ) as answer:
                told = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self.refusals[type(error).__name__] += 1
            return
        if answer.status == ACCEPTED:
            self.promises.append(Promise(told["task_id"], name, time.monotonic()))
        else:
            self.refusals[str(answer.status)] += 1

    async def until_accepted(self, *, since_s: float, count: int, limit_s: float) -> None:
        """Wait until so many promises were made after a moment."""
        async with asyncio.timeout(limit_s):
            while sum(one.at_s >= since_s for one in self.promises[-count:]) < count:  # noqa: ASYNC110 - looking is what it does
                await asyncio.sleep(0.02)

    async def rest(self) -> None:
        """Wait until every call has its answer."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=CALL_LIMIT_S)


@asynccontextmanager
async def load(address: str, journal: Path, *, rate_per_s: int = RATE_PER_S) -> AsyncIterator[Load]:
    """Send for the length of the block; on leaving it every call has its answer."""
    limit = aiohttp.ClientTimeout(total=CALL_LIMIT_S)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(address, timeout=limit, connector=connector) as http:
        running = Load(http, journal, rate_per_s)
        sender = asyncio.create_task(running.send())
        try:
            yield running
        finally:
            sender.cancel()
            await asyncio.wait([sender])
            await running.rest()
