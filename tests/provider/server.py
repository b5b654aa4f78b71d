"""The HTTP server: takes calls, has them answered or spoilt, and keeps the log."""

import asyncio
import random
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from tests.provider.admin import Admin
from tests.provider.answers import (
    Answer,
    Charge,
    Manner,
    Moment,
    answer,
    head,
    prompt_charge,
    refusal,
)
from tests.provider.behaviour import Behaviour
from tests.provider.brains import Brain, brain_of
from tests.provider.call_log import CallLog, Clocks
from tests.provider.calls import Call, Outcome
from tests.provider.faults import Fault, Rule, Schedule
from tests.provider.protocol import (
    ChatRequest,
    RefusedError,
    check_key,
    check_model,
    read_request,
)

BASE = "/v1"
CHAT = f"{BASE}/chat/completions"
MODELS = f"{BASE}/models"

_MAX_REQUEST_BYTES = 16 * 1024 * 1024
_PIECES = 20
"""Pieces of a body that is sent slowly."""

_STOP_S = 5.0
_KNOWN_PROMPTS = 10_000


class _Sent(web.StreamResponse):
    """Stands for an answer that is on the wire already: one write, no header objects."""

    def __init__(self, *, keeps_alive: bool) -> None:
        super().__init__()
        self._keeps_alive = keeps_alive

    @property
    def keep_alive(self) -> bool:
        """Whether the connection takes another call."""
        return self._keeps_alive

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send nothing."""
        del request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send nothing."""
        del data


class _Server(web.Server):
    """Counts connections and knows their numbers."""

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], log: CallLog
    ) -> None:
        super().__init__(
            handler,
            handler_cancellation=True,
            request_factory=_request,
            access_log=None,
            keepalive_timeout=75.0,
        )
        self._log = log
        self.numbers: dict[object, int] = {}

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self.numbers[handler] = self._log.connected()

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        if (number := self.numbers.pop(handler, None)) is not None:
            self._log.disconnected(number)


def _request(
    message: Any, payload: Any, protocol: Any, writer: Any, task: "asyncio.Task[None]"
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=_MAX_REQUEST_BYTES
    )


class Provider:
    """A provider on a port of loopback, for the length of ``async with``.

    It may be entered again after it was left: the port stays, and so do log and behaviour.
    ``plan``, ``change`` and ``use`` act on the next call and may be called from any thread.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        brain: Brain | None = None,
        log_path: Path | None = None,
        keep: int = 200_000,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Prepare a provider; nothing is opened but the log's file.

        Args:
            behaviour: How it behaves at first; absent: well.
            brain: Makes the answers instead of the one the behaviour names.
            log_path: File for the log, appended to.
            keep: Calls kept in memory, the newest.
            host: Address to listen on.
            port: 0 for a free one.
        """
        self.log = CallLog(Clocks(time.monotonic, time.time), path=log_path, keep=keep)
        self._host = host
        self._port = port
        self._behaviour = behaviour or Behaviour()
        self._schedule = Schedule(self._behaviour.rules, seed=self._behaviour.seed)
        self._brain = brain or brain_of(self._behaviour)
        self._jitter = _jitter(self._behaviour)
        self._prompts: set[tuple[str, str]] = set()
        self._stopping = False
        self._http: _Server | None = None
        self._listener: asyncio.Server | None = None
        self._admin = Admin(self)

    @property
    def address(self) -> str:
        """Scheme, host and port; the port is known once the provider was started."""
        return f"http://{self._host}:{self._port}"

    @property
    def base_url(self) -> str:
        """What a client takes for the address of the API."""
        return f"{self.address}{BASE}"

    @property
    def behaviour(self) -> Behaviour:
        """How it behaves now."""
        return self._behaviour

    def plan(self, *faults: Fault | Rule) -> None:
        """Replace the rules: these faults from the next call on, or none."""
        rules = [one if isinstance(one, Rule) else Rule(fault=one) for one in faults]
        self.change(rules=tuple(rules))

    def change(self, **fields: Any) -> None:
        """Give other values to some fields of the behaviour; what depends on them starts anew.

        Raises:
            pydantic.ValidationError: Unknown field, or a value out of range.
        """
        changed = self._behaviour.changed(**fields)
        self._behaviour = changed
        if fields.keys() & {"rules", "seed"}:
            self._schedule = Schedule(changed.rules, seed=changed.seed)
        if fields.keys() & {"brain", "answers", "obedience", "seed"}:
            self._brain = brain_of(changed)
        if "seed" in fields:
            self._jitter = _jitter(changed)

    def use(self, brain: Brain) -> None:
        """Have another brain make the answers."""
        self._brain = brain

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken.
        """
        self._stopping = False
        self._http = _Server(self._handle, self.log)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            self._http, self._host, self._port, backlog=2048, reuse_address=True
        )
        self._port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection; open calls are cut, as when a host dies."""
        self._stopping = True
        if self._listener is not None:
            self._listener.close()
        if self._http is not None:
            for connection in self._http.connections:
                connection.force_close()
            await self._http.shutdown(_STOP_S)
        self._listener = self._http = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        if request.method == "POST" and path == CHAT:
            return await self._chat(request)
        return await self._other(request, path)

    async def _other(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if request.method == "GET" and path == MODELS:
            return self._models(request)
        if path.startswith("/_"):
            return await self._admin.handle(request)
        error = RefusedError(404, f"Unknown request URL: {request.method} {path}.", code="unknown")
        return web.Response(status=404, body=error.body(), content_type="application/json")

    def _models(self, request: web.BaseRequest) -> web.Response:
        try:
            check_key(request.headers.get("Authorization"), self._behaviour.api_key)
        except RefusedError as error:
            return web.Response(
                status=error.status, body=error.body(), content_type="application/json"
            )
        names = self._behaviour.models or tuple(self.log.totals.by_model) or ("stand-in",)
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "stand-in"}
            for name in names
            if name
        ]
        body = orjson.dumps({"object": "list", "data": data})
        return web.Response(body=body, content_type="application/json")

    async def _chat(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        header = request.headers.get("Authorization")
        asked, error = self._read(body, header)
        http = self._http
        connection = http.numbers.get(request.protocol, 0) if http else 0
        call = self.log.arrive(connection, (header or "").rpartition(" ")[2], asked)
        given: Answer | None = None
        try:
            if asked is None or error is not None:
                given = refusal(error or RefusedError(400, "No call."))
            else:
                given = self._answer(asked, call)
            await self._latency(given)
            return await self._send(request, call, given)
        except asyncio.CancelledError:
            self._left(call, given)
            raise
        finally:
            if call.outcome is Outcome.OPEN:
                self.log.end(call, Outcome.CUT, None)

    def _left(self, call: Call, given: Answer | None) -> None:
        """Note that a call lost its connection: by our stop, or because the client went."""
        if call.outcome is not Outcome.OPEN:
            return
        outcome = Outcome.CUT if self._stopping else Outcome.CLIENT_CLOSED
        begun = given if given is not None and given.manner is Manner.SLOWLY else None
        self.log.end(call, outcome, begun)

    def _read(
        self, body: bytes, header: str | None
    ) -> tuple[ChatRequest | None, RefusedError | None]:
        behaviour = self._behaviour
        asked: ChatRequest | None = None
        try:
            check_key(header, behaviour.api_key)
            asked = read_request(
                body,
                demands_json_word=behaviour.demands_json_word,
                checks_schema=behaviour.checks_schema,
            )
            check_model(asked.model, behaviour.models)
        except RefusedError as error:
            return asked, error
        return asked, None

    def _answer(self, asked: ChatRequest, call: Call) -> Answer:
        behaviour = self._behaviour
        bound = behaviour.max_in_flight
        if bound is not None and self.log.totals.in_flight > bound:
            return refusal(
                RefusedError(429, "Too many calls at a time.", code="rate_limit_exceeded")
            )
        rule = self._schedule.choose(asked)
        call.fault = rule.fault if rule else None
        charge = prompt_charge(asked, behaviour, is_known=self._is_known(asked))
        if behaviour.completion_tokens is not None:
            charge = Charge(charge.prompt_tokens, behaviour.completion_tokens, charge.cached_tokens)
        moment = Moment(call.number, call.arrived_unix_s)
        return answer(asked, rule, brain=self._brain, charge=charge, moment=moment)

    def _is_known(self, asked: ChatRequest) -> bool:
        """Return whether the system message was sent to the model before, and remember it."""
        if not self._behaviour.caches_prefix:
            return False
        prompt = (asked.model, asked.system)
        if prompt in self._prompts:
            return True
        if len(self._prompts) < _KNOWN_PROMPTS:
            self._prompts.add(prompt)
        return False

    async def _latency(self, given: Answer) -> None:
        behaviour = self._behaviour
        wait_ms = behaviour.latency_ms + given.wait_ms
        if behaviour.jitter_ms:
            wait_ms += self._jitter.uniform(-behaviour.jitter_ms, behaviour.jitter_ms)
        if wait_ms > 0:
            await asyncio.sleep(wait_ms / 1000)

    async def _send(
        self, request: web.BaseRequest, call: Call, given: Answer
    ) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            raise asyncio.CancelledError
        keeps_alive = request.keep_alive and given.manner in {Manner.WHOLE, Manner.SLOWLY}
        if given.manner is Manner.NEVER:
            await asyncio.get_running_loop().create_future()
        elif given.manner is Manner.RESET:
            _reset(transport)
        elif given.manner is not Manner.CLOSE:
            first = head(given, request_id=f"req-{call.number}", keeps_alive=keeps_alive)
            await _write(transport, first, given)
        is_whole = given.manner in {Manner.WHOLE, Manner.SLOWLY}
        self.log.end(call, Outcome.ANSWERED if is_whole else Outcome.CUT, given)
        return _Sent(keeps_alive=keeps_alive)


async def _write(transport: asyncio.Transport, first: bytes, given: Answer) -> None:
    if given.manner is Manner.WHOLE:
        transport.write(first + given.body)
    elif given.manner is Manner.HALF:
        transport.write(first + given.body[: len(given.body) // 2])
    else:
        transport.write(first)
        size = -(-len(given.body) // _PIECES)
        for start in range(0, len(given.body), size):
            await asyncio.sleep(given.spread_ms / 1000 / _PIECES)
            transport.write(given.body[start : start + size])


def _reset(transport: asyncio.Transport) -> None:
    """Close a connection by RST: lingering for no time throws away what is not acknowledged."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _jitter(behaviour: Behaviour) -> random.Random:
    return random.Random(f"{behaviour.seed}/jitter")  # noqa: S311 - repeatable on purpose
