"""A server that keeps every request whole and answers as a function tells it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Answer = tuple[int, bytes, dict[str, str]]
"""Status, body, headers."""


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def completion(content: str, **usage: int) -> Answer:
    """Return the answer of a model that says something."""
    counted = {"prompt_tokens": 10, "completion_tokens": 5, **usage}
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return 200, json.dumps({"choices": [choice], "usage": counted}).encode(), {}


def refusal(status: int, message: str) -> Answer:
    """Return an error as providers word it."""
    return status, json.dumps({"error": {"message": message}}).encode(), {}


@dataclass
class Recorder:
    """The server, for the length of ``async with``.

    Attributes:
        answer: Returns what to say to a request.
        requests: Those of chat completions, in their order.
        others: All other requests.
    """

    answer: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)
    others: list[Request] = field(default_factory=list)
    base_url: str = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        text = await request.text()
        body = json.loads(text) if text else {}
        came = Request(request.path, dict(request.headers), body)
        if not request.path.endswith("/chat/completions"):
            self.others.append(came)
            return web.Response(status=404)
        self.requests.append(came)
        status, answer, headers = self.answer(came)
        return web.Response(status=status, body=answer, headers=headers)
