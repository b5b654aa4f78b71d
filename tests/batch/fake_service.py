"""A service of two addresses on a real socket, with the faults that networks and services have."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aiohttp import web

from tests.batch.analyses import an_analysis


@dataclass(slots=True)
class StoredTask:
    """A task as the fake keeps it."""

    task_id: str
    lead: dict[str, Any]
    result: dict[str, Any] | None = None
    error: str | None = None


@dataclass(slots=True)
class Faults:
    """How often what goes wrong, each a share of all requests or items.

    Attributes:
        busy: Answers 429 with Retry-After, before anything is stored.
        away: Answers 503 without one.
        cut_before: Closes the connection before anything is stored.
        cut_after: Closes it after everything is stored.
        item_busy: Answers one task of a batch with 503.
        lost: Forgets a finished task instead of giving its result.
        slow: Leaves a task open although it was asked for.
    """

    busy: float = 0.0
    away: float = 0.0
    cut_before: float = 0.0
    cut_after: float = 0.0
    item_busy: float = 0.0
    lost: float = 0.0
    slow: float = 0.0


@dataclass(frozen=True, slots=True)
class Create:
    """When a batch came, and whether the answer asked to wait before another."""

    at_s: float
    asked_to_wait: bool


@dataclass
class FakeService:
    """Stores tasks by idempotency key and finishes them when they are asked for.

    Attributes:
        room: Open tasks at most; more are refused with 429, one by one or all of a batch.
        busy_first: So many batches are answered 429 before the first is taken.
    """

    rng: Random
    faults: Faults = field(default_factory=Faults)
    max_items: int = 1000
    max_bytes: int = 16 * 2**20
    refuse: frozenset[str] = frozenset()
    fail: frozenset[str] = frozenset()
    retry_after: str = "0"
    room: int = 10**9
    busy_first: int = 0
    creates: list[Create] = field(default_factory=list)
    asked_for_results_s: list[float] = field(default_factory=list)
    keys: dict[str, StoredTask] = field(default_factory=dict)
    tasks: dict[str, StoredTask] = field(default_factory=dict)
    analysed: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    most_open: int = 0
    address: str = ""

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Answer ``POST /v1/tasks/batch``."""
        body = await request.read()
        if fault := self._still_busy() or self._fault(request):
            return fault
        if len(body) > self.max_bytes:
            return problem(413, "too-large")
        items = (await request.json())["items"]
        if len(items) > self.max_items:
            return problem(422, "invalid-input", [field_problem("items")])
        self.batches.append(len(items))
        answers = [self._store(index, item) for index, item in enumerate(items)]
        self.most_open = max(self.most_open, self._open())
        full = [one for one in answers if one.get("problem", {}).get("status") == 429]
        later = {"Retry-After": self.retry_after} if full else {}
        self.creates.append(Create(time.monotonic(), bool(full)))
        if len(full) == len(items):
            return problem(429, "overloaded", headers=later)
        if self._happens(self.faults.cut_after):
            return cut(request)
        return web.json_response({"items": answers}, status=202, headers=later)

    async def results(self, request: web.Request) -> web.StreamResponse:
        """Answer ``POST /v1/tasks/results``."""
        asked = await request.json()
        self.asked_for_results_s.append(time.monotonic())
        if fault := self._fault(request):
            return fault
        finished, unknown = [], []
        for task_id in asked["task_ids"]:
            task = self.tasks.get(task_id)
            if task is not None and self._happens(self.faults.lost):
                self._forget(task)
                task = None
            if task is None:
                unknown.append(task_id)
            elif not self._happens(self.faults.slow):
                finished.append(self._finish(task))
        await asyncio.sleep(0)
        return web.json_response({"items": finished, "open": 0, "unknown": unknown})

    def _store(self, index: int, item: dict[str, Any]) -> dict[str, Any]:
        assert item["kind"] == "lead_analysis"
        assert (item["priority"], item["replace"]) == ("low", True)
        key, lead = item["idempotency_key"], item["lead"]
        known = self.keys.get(key)
        if known is not None:
            assert known.lead == lead
            return {"index": index, "task": {"task_id": known.task_id, "created": False}}
        if self._happens(self.faults.item_busy):
            told = {"title": "unavailable", "status": 503, "detail": "later"}
            return {"index": index, "problem": told}
        if self._open() >= self.room:
            told = {"title": "overloaded", "status": 429, "detail": "the queue is full"}
            return {"index": index, "problem": told}
        if lead["lead_id"] in self.refuse:
            told = {"title": "invalid", "status": 422, "detail": "no", "errors": [field_problem()]}
            return {"index": index, "problem": told}
        task = StoredTask(f"task-{len(self.keys)}-{self.rng.random()}", lead)
        self.keys[key] = self.tasks[task.task_id] = task
        return {"index": index, "task": {"task_id": task.task_id, "created": True}}

    def _open(self) -> int:
        return sum(task.result is None and not task.error for task in self.tasks.values())

    def _finish(self, task: StoredTask) -> dict[str, Any]:
        lead_id = task.lead["lead_id"]
        if task.result is None and task.error is None:
            self.analysed.append(lead_id)
            if lead_id in self.fail:
                task.error = "dead: it was hopeless"
            else:
                task.result = an_analysis(lead_id)
        state = "succeeded" if task.result else "dead"
        return {
            "task_id": task.task_id,
            "state": state,
            "result": task.result,
            "error": task.error,
        }

    def _forget(self, task: StoredTask) -> None:
        del self.tasks[task.task_id]
        self.keys = {key: one for key, one in self.keys.items() if one is not task}

    def _still_busy(self) -> web.StreamResponse | None:
        self.busy_first -= 1
        if self.busy_first < 0:
            return None
        self.creates.append(Create(time.monotonic(), asked_to_wait=True))
        return problem(429, "overloaded", headers={"Retry-After": self.retry_after})

    def _fault(self, request: web.Request) -> web.StreamResponse | None:
        if self._happens(self.faults.busy):
            return problem(429, "overloaded", headers={"Retry-After": self.retry_after})
        if self._happens(self.faults.away):
            return problem(503, "unavailable")
        return cut(request) if self._happens(self.faults.cut_before) else None

    def _happens(self, share: float) -> bool:
        return self.rng.random() < share


def cut(request: web.Request) -> web.Response:
    """Close the connection in the middle of the call."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def problem(
    status: int,
    name: str,
    errors: Sequence[dict[str, str]] = (),
    headers: dict[str, str] | None = None,
) -> web.Response:
    """Return a problem as RFC 9457 has it."""
    body = {"title": name, "status": status, "detail": name, "errors": list(errors)}
    return web.json_response(body, status=status, headers=headers)


def field_problem(name: str = "lead.colour") -> dict[str, str]:
    """Return what a problem says of one field."""
    return {"field": name, "got": "a colour", "allowed": "no colour"}


@asynccontextmanager
async def serving(service: FakeService) -> AsyncIterator[FakeService]:
    """Serve on a free port of loopback."""
    application = web.Application(client_max_size=2**26)
    application.router.add_post("/v1/tasks/batch", service.create)
    application.router.add_post("/v1/tasks/results", service.results)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        service.address = f"http://{host}:{port}"
        yield service
    finally:
        await runner.cleanup()
