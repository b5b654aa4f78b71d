"""Requests made from the OpenAPI document, fitting and not; none is answered by a 500.

Everything but Ray is real, so that what the database cannot store is found too. The application
runs in a loop of its own thread: requests are made up by a library that knows no coroutines.
"""

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from domain.caller import ALL_SCOPES
from postgres.pool import open_database
from tests.database import SETTINGS
from tests.serve_app.auth.application import add_key, keyed_application, signed
from tests.serve_app.auth.test_every_route import LEAD, LEAD_ID

ResultT = TypeVar("ResultT")

ANSWER_LIMIT_S = 15.0
"""What takes longer hangs, unless it is a stream."""

PATIENCE_S = 2.0
"""Longest time that a request may ask for here, so that no long poll holds the others up."""

STREAM_LIMIT_S = 0.3
"""How long a stream without an end is listened to."""

FEW, MANY = 12, 400

QUICK = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass
class Sender:
    """Sends requests to the application in its loop, which runs in a thread of its own."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    sent: int = 0

    def run(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Run a coroutine in the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def open(self, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Start the application with a lead, a task and a draft in it."""
        database = await self.stack.enter_async_context(open_database(lambda: dsn, SETTINGS))
        self.key = await add_key(database, "green", ALL_SCOPES)
        self.http = await self.stack.enter_async_context(keyed_application(dsn, monkeypatch))
        headers = {**signed(self.key), "X-Request-Timeout-Seconds": "20"}
        lead = await self.http.post("/v1/leads/analyze", json=LEAD, headers=headers)
        asked = {"lead_id": LEAD_ID, "stage": "first_reply", "channel": "email"}
        draft = await self.http.post("/v1/follow-ups", json=asked, headers=headers)
        self.ids = {
            "lead_id": LEAD_ID,
            "task_id": lead.headers["Gardenos-Task-Id"],
            "follow_up_id": draft.headers["Location"].rsplit("/", 1)[1],
        }
        self.document = (await self.http.get("/openapi.json")).json()

    async def answer(
        self, case: "schemathesis.Case[Any]", *, streams: bool
    ) -> httpx.Response | None:
        """Return the answer to a case; None where a stream went on without an end."""
        self.sent += 1
        asked = case.as_transport_kwargs(base_url="http://gardenos")
        body = asked.get("data", b"")
        if "json" in asked:
            body = json.dumps(asked["json"]).encode("utf-8", "surrogatepass")
        request = self.http.build_request(
            asked["method"],
            asked["url"],
            params=asked.get("params"),
            content=body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body,
        )
        for name, value in self._headers(asked["headers"]).items():
            request.headers[name] = value
        try:
            limit_s = STREAM_LIMIT_S if streams else ANSWER_LIMIT_S
            return await asyncio.wait_for(self.http.send(request), limit_s)
        except TimeoutError:
            assert streams, f"no answer to {case.as_curl_command()}"
            return None

    def _headers(self, made_up: Mapping[str, Any]) -> dict[str, str]:
        """Return a case's headers, signed, and with a time that is short where it is one."""
        headers = {
            str(name): str(value).encode("latin-1", "replace").decode("latin-1")
            for name, value in made_up.items()
            if str(name).lower() not in {"x-api-key", "authorization", "content-length"}
        }
        for name, value in headers.items():
            if name.lower() == "x-request-timeout-seconds":
                try:
                    seconds = float(value)
                except ValueError:
                    continue
                headers[name] = str(min(seconds, PATIENCE_S))
        headers.setdefault("X-Request-Timeout-Seconds", str(PATIENCE_S))
        return {**headers, **signed(self.key)}


@pytest.fixture
def sender(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    """Give the application in its thread."""
    one = Sender()
    thread = threading.Thread(target=one.loop.run_forever)
    thread.start()
    try:
        one.run(one.open(dsn, monkeypatch))
        yield one
        one.run(one.stack.aclose())
    finally:
        one.loop.call_soon_threadsafe(one.loop.stop)
        thread.join()
        one.loop.close()


def check_every_operation(sender: Sender, how: settings) -> None:
    """Send requests to each operation; every failure has to be a problem, and none ours."""
    schema = schemathesis.openapi.from_dict(sender.document)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        check_operation(sender, result.ok(), how)


def check_operation(sender: Sender, operation: Any, how: settings) -> None:
    """Send requests to one operation, about things that are there and things that are not."""
    known = {name: one for name, one in sender.ids.items() if f"{{{name}}}" in operation.path}
    fitting, unfit = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
    cases = [operation.as_strategy(generation_mode=fitting)]
    if operation.path.startswith("/v1"):
        cases.append(operation.as_strategy(generation_mode=unfit))
    if known:
        cases.append(operation.as_strategy(generation_mode=fitting, path_parameters=known))
    answers = operation.definition.raw["responses"].values()
    streams = any("text/event-stream" in one.get("content", {}) for one in answers)

    @how
    @given(case=st.one_of(cases))
    def every_answer_is_sound(case: "schemathesis.Case[Any]") -> None:
        answer = sender.run(sender.answer(case, streams=streams))
        if answer is None:
            return
        told = f"{case.as_curl_command()}\n{answer.status_code} {answer.text}"
        late = 504 if case.path.startswith("/v1") else 503  # a probe says so where we are busy
        assert answer.status_code in (late, *range(200, 500)), told
        if answer.status_code >= 400 and case.path.startswith("/v1"):
            assert answer.headers["content-type"] == "application/problem+json", told

    every_answer_is_sound()


@pytest.mark.timeout(240)
def test_no_request_that_the_document_suggests_is_a_fault_of_ours(sender: Sender) -> None:
    check_every_operation(sender, settings(QUICK, max_examples=FEW, derandomize=True))
    assert sender.sent > 10 * FEW


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_request_out_of_thousands_is_a_fault_of_ours(sender: Sender) -> None:
    check_every_operation(sender, settings(QUICK, max_examples=MANY))
