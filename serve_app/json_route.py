"""How a route reads a request: a bound on bytes, strict JSON, one deadline for all of it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope

from domain.errors import DeadlineExceededError, InvalidInputError, PayloadTooLargeError
from serve_app.auth.gate import admit, needed_by
from serve_app.settings import HttpSettings

TIMEOUT_HEADER = "X-Request-Timeout-Seconds"
DEADLINE_HEADER = "Gardenos-Deadline-Ms"

MAX_DEADLINE_MS = 30 * 86_400 * 1000
"""Longest time that a deadline may lie ahead: 30 days."""

MAX_DEPTH = 64
"""Deepest nesting of lists and objects in a body."""

ANSWER_MARGIN_S = 0.05
"""We give up this much before the caller does, so that the problem still reaches it."""


class JsonRequest(Request):
    """A request whose body is bounded while it streams in and whose JSON is strict."""

    def __init__(self, scope: Scope, receive: Receive, *, limit_bytes: int) -> None:
        super().__init__(scope, receive)
        self._limit_bytes = limit_bytes
        self._whole_body: bytes | None = None
        self._parsed: Any = None

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            PayloadTooLargeError: As soon as more than the limit has come or is announced.
        """
        if self._whole_body is None:
            announced = self.headers.get("content-length", "")
            if announced.isdecimal():
                self._bound(int(announced))
            chunks = []
            size_bytes = 0
            async for chunk in self.stream():
                size_bytes += len(chunk)
                self._bound(size_bytes)
                chunks.append(chunk)
            self._whole_body = b"".join(chunks)
        return self._whole_body

    def _bound(self, size_bytes: int) -> None:
        if size_bytes > self._limit_bytes:
            allowed = f"at most {self._limit_bytes} bytes"
            raise PayloadTooLargeError("body", "more bytes", allowed)

    async def json(self) -> Any:
        """Return the body parsed by :func:`parse_json`."""
        if self._parsed is None:
            self._parsed = parse_json(await self.body())
        return self._parsed


def parse_json(body: bytes) -> Any:
    r"""Parse JSON that can be stored: no NaN, no lone surrogate, no ``\u0000``, not too deep.

    Raises:
        InvalidInputError: Names the place of the fault.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        got = f"byte 0x{body[error.start]:02x} at position {error.start}"
        raise InvalidInputError("body", got, "JSON in UTF-8") from error
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        got = f"a fault at character {error.pos}: {error.msg}"
        raise InvalidInputError("body", got, "valid JSON (RFC 8259)") from error
    suspicious = b"\\u0000" in body or body.count(b"[") + body.count(b"{") > MAX_DEPTH
    if suspicious:
        refuse_unstorable(value)
    return value


def refuse_unstorable(value: Any) -> None:
    r"""Raise InvalidInputError where text holds ``\u0000`` or nesting is too deep."""
    rest: list[tuple[Any, str, int]] = [(value, "", 1)]
    while rest:
        item, path, depth = rest.pop()
        if isinstance(item, str):
            if "\x00" in item:
                raise InvalidInputError(path or "body", r"text with \u0000", "text without it")
            continue
        if not isinstance(item, (dict, list)):
            continue
        if depth > MAX_DEPTH:
            allowed = f"at most {MAX_DEPTH} levels of lists and objects"
            raise InvalidInputError(path[:80], "deeper nesting", allowed)
        pairs = item.items() if isinstance(item, dict) else enumerate(item)
        for key, child in pairs:
            if isinstance(key, str) and "\x00" in key:
                raise InvalidInputError(path or "body", r"a name with \u0000", "names without it")
            rest.append((child, f"{path}.{key}" if path else str(key), depth + 1))


def refuse_zeros(request: Request) -> None:
    r"""Raise InvalidInputError where an address holds ``%00``: no stored text may."""
    named = [*request.path_params.items(), *request.query_params.multi_items()]
    for name, value in named:
        if "\x00" in name or "\x00" in str(value):
            field = name.replace("\x00", "")[:80] or "query"
            raise InvalidInputError(field, r"text with \u0000", "text without it")


def accepts_json(accept: str) -> bool:
    """Tell whether an ``Accept`` header admits an answer in JSON (RFC 9110, section 12.5.1)."""
    if not accept.strip():
        return True
    for part in accept.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        refused = any(
            parameter.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
            for parameter in parameters
        )
        if media in {"application/json", "application/*", "*/*"} and not refused:
            return True
    return False


def is_json(content_type: str) -> bool:
    """Tell whether a ``Content-Type`` header names JSON in UTF-8."""
    media, *parameters = (piece.strip().lower() for piece in content_type.split(";"))
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part[:8] == "charset="]
    named = media == "application/json" or (
        media.startswith("application/") and media.endswith("+json")
    )
    return named and all(charset in {"utf-8", "utf8"} for charset in charsets)


def timeout_s(header: str | None, limits: HttpSettings) -> float:
    """Return how long a request may take, from its header or the default.

    Raises:
        InvalidInputError: The header is no number in the allowed range.
    """
    if header is None:
        return limits.default_timeout_s
    try:
        seconds = float(header)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= limits.max_timeout_s:
        allowed = f"seconds above 0, at most {limits.max_timeout_s:g}"
        raise InvalidInputError(TIMEOUT_HEADER, header[:40], allowed)
    return seconds


def deadline_s(header: str | None) -> float | None:
    """Return how far ahead the work's deadline lies, or None where none is named.

    Raises:
        InvalidInputError: The header is no whole number of milliseconds in the allowed range.
    """
    if header is None:
        return None
    plain = header.isascii() and header.isdecimal() and len(header) <= len(str(MAX_DEADLINE_MS))
    if not plain or not 1 <= int(header) <= MAX_DEADLINE_MS:
        allowed = f"whole milliseconds from 1 to {MAX_DEADLINE_MS}"
        raise InvalidInputError(DEADLINE_HEADER, header[:40], allowed)
    return int(header) / 1000


class JsonRoute(APIRoute):
    """A route under ``/v1``: answers JSON, reads bounded strict JSON, keeps to its deadline."""

    batch: ClassVar[bool] = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind our checks of the request."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None
        needed = needed_by(self.dependant)

        async def checked(request: Request) -> Response:
            limits: HttpSettings = request.app.state.services.limits
            seconds, work_s, fault = limits.default_timeout_s, None, None
            try:
                seconds = timeout_s(request.headers.get(TIMEOUT_HEADER), limits)
                work_s = deadline_s(request.headers.get(DEADLINE_HEADER))
            except InvalidInputError as error:
                fault = error  # told to whom we know, not to strangers
            now_unix_s = time.time()
            request.state.work_deadline_unix_s = None if work_s is None else now_unix_s + work_s
            seconds = seconds if work_s is None else min(seconds, work_s)
            deadline_unix_s = now_unix_s + seconds - min(ANSWER_MARGIN_S, seconds / 4)
            request.state.deadline_unix_s = deadline_unix_s
            limit_bytes = limits.max_batch_body_bytes if self.batch else limits.max_body_bytes
            strict = JsonRequest(request.scope, request.receive, limit_bytes=limit_bytes)
            limit = asyncio.timeout(deadline_unix_s - time.time())
            try:
                async with limit:
                    await admit(request, needed)
                    if fault is not None:
                        raise fault
                    refuse_zeros(request)
                    if not accepts_json(request.headers.get("accept", "")):
                        raise HTTPException(406, "allowed: application/json")
                    if takes_body:
                        await read_body(strict)
                    return await handle(strict)
            except TimeoutError as error:
                if not limit.expired():
                    raise
                raise DeadlineExceededError(request.url.path, deadline_unix_s) from error

        return checked


class BatchRoute(JsonRoute):
    """A route whose body may be as large as a batch."""

    batch: ClassVar[bool] = True


async def read_body(request: JsonRequest) -> None:
    """Read and parse a body before the framework does, so that faults keep their names."""
    if not await request.body():
        return
    content_type = request.headers.get("content-type", "")
    if not is_json(content_type):
        got = content_type[:80] or "no Content-Type"
        raise HTTPException(415, f"got {got}; allowed: application/json in UTF-8")
    await request.json()
