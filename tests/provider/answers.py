"""From a call and its fault to the bytes of an answer and how they are sent; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import orjson

from tests.provider.behaviour import Behaviour
from tests.provider.faults import Fault, RetryAfterForm, Rule
from tests.provider.protocol import ChatRequest, RefusedError, error_body
from tests.provider.schema_values import broken

CHARS_PER_TOKEN = 4
TOKENS_PER_TURN = 4

_JSON_TYPE = "application/json"


class Manner(StrEnum):
    """How an answer goes onto the wire."""

    WHOLE = "whole"
    HALF = "half"
    SLOWLY = "slowly"
    NEVER = "never"
    RESET = "reset"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call costs, in tokens, whether the answer says so or not."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent to a call, and what the log says of it.

    Attributes:
        status: None where no answer is sent at all.
        wait_ms: Waited before it, over the latency of every call.
        spread_ms: Time the body takes where it is sent slowly.
    """

    status: int | None
    body: bytes = b""
    content_type: str = _JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()
    manner: Manner = Manner.WHOLE
    finish: str | None = None
    charge: Charge = Charge()
    wait_ms: float = 0.0
    spread_ms: float = 0.0


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: a quarter of its characters, rounded up."""
    return -(-len(text) // CHARS_PER_TOKEN)


def prompt_charge(request: ChatRequest, behaviour: Behaviour, *, is_known: bool) -> Charge:
    """Return what the prompt costs.

    Args:
        request: The call.
        behaviour: Names fixed counts.
        is_known: Whether the same system message was sent to the model before.
    """
    tokens = behaviour.prompt_tokens
    if tokens is None:
        tokens = sum(estimate_tokens(one.content) + TOKENS_PER_TURN for one in request.messages)
    cached = behaviour.cached_tokens
    if behaviour.caches_prefix and is_known:
        cached = max(cached, estimate_tokens(request.system))
    return Charge(prompt_tokens=tokens, cached_tokens=min(cached, tokens))


def refusal(error: RefusedError) -> Answer:
    """Return the answer to a call that is refused."""
    return Answer(error.status, error.body())


@dataclass(frozen=True, slots=True)
class Moment:
    """The call's number, which names the answer, and the time, in seconds since 1970."""

    number: int
    now_unix_s: float


def answer(
    request: ChatRequest,
    rule: Rule | None,
    *,
    brain: Callable[[ChatRequest], str],
    charge: Charge,
    moment: Moment,
) -> Answer:
    """Return the answer to a call that keeps to the protocol.

    Args:
        request: The call.
        rule: The fault to play, None for none.
        brain: Makes the content; asked only where the answer has one.
        charge: What the prompt costs; the answer's tokens are added here unless they are set.
        moment: Names and dates the answer.
    """
    if rule is None:
        return _told(request, None, brain(request), charge, moment)
    if rule.fault in _ERRORS:
        return _error(rule, moment)
    if rule.fault in _SILENT:
        return Answer(None, manner=_SILENT[rule.fault])
    if rule.fault in _BLUNT:
        return replace(_BLUNT[rule.fault], charge=charge)
    content = brain(request)
    if rule.fault in _CONTENTS:
        content = _CONTENTS[rule.fault](content)
    whole = _told(request, rule.fault, content, charge, moment)
    return _SENDINGS[rule.fault](whole, rule) if rule.fault in _SENDINGS else whole


def _told(
    request: ChatRequest, fault: Fault | None, content: str, charge: Charge, moment: Moment
) -> Answer:
    told = _completion(request, fault, content, charge)
    body = orjson.dumps(told.envelope(request, fault, moment))
    return Answer(200, body, finish=told.finish, charge=told.charge)


@dataclass(frozen=True, slots=True)
class _Completion:
    """The model's turn: its content, why it ended, what it cost."""

    content: str | None
    finish: str
    charge: Charge
    refusal: str | None = None

    def envelope(self, request: ChatRequest, fault: Fault | None, moment: Moment) -> dict[str, Any]:
        """Return the document of the answer."""
        turn = {"role": "assistant", "content": self.content, "refusal": self.refusal}
        choice = {"index": 0, "message": turn, "logprobs": None, "finish_reason": self.finish}
        document: dict[str, Any] = {
            "id": f"chatcmpl-{moment.number:08d}",
            "object": "chat.completion",
            "created": int(moment.now_unix_s),
            "model": request.model,
            "choices": [] if fault is Fault.NO_CHOICES else [choice],
        }
        if fault is not Fault.NO_USAGE:
            document["usage"] = None if fault is Fault.NULL_USAGE else _usage(self.charge)
        return document


def _usage(charge: Charge) -> dict[str, Any]:
    return {
        "prompt_tokens": charge.prompt_tokens,
        "completion_tokens": charge.completion_tokens,
        "total_tokens": charge.prompt_tokens + charge.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": charge.cached_tokens},
    }


def _completion(
    request: ChatRequest, fault: Fault | None, content: str, charge: Charge
) -> _Completion:
    if fault is Fault.CONTENT_FILTER:
        return _Completion(None, "content_filter", charge)
    if fault is Fault.REFUSAL:
        return _Completion(None, "stop", charge, refusal="I cannot help with this request.")
    if fault is Fault.NULL_CONTENT:
        return _Completion(None, "stop", charge)
    bound = request.max_tokens
    if fault is Fault.CUT_BY_LENGTH:
        bound = min(bound or len(content), max(1, estimate_tokens(content) // 2))
    finish = "stop"
    if bound is not None and estimate_tokens(content) > bound:
        content, finish = content[: bound * CHARS_PER_TOKEN], "length"
    if not charge.completion_tokens:
        charge = replace(charge, completion_tokens=estimate_tokens(content))
    return _Completion(content, finish, charge)


def _half(content: str) -> str:
    return content[: max(1, len(content) // 2)]


def _other_shape(content: str) -> str:
    try:
        return orjson.dumps(broken(orjson.loads(content))).decode()
    except orjson.JSONDecodeError:
        return '{"unexpected":true}'


_CONTENTS: Mapping[Fault, Callable[[str], str]] = {
    Fault.HALF_CONTENT: _half,
    Fault.WRONG_SCHEMA: _other_shape,
    Fault.PROSE: lambda content: f"Sure! Here is what I found:\n{content}\nLet me know!",
    Fault.FENCE: lambda content: f"```json\n{content}\n```",
    Fault.THINKING: lambda content: f"<think>The user wants {{}} of JSON.</think>\n\n{content}",
    Fault.EMPTY_CONTENT: lambda _: "",
}
_SILENT: Mapping[Fault, Manner] = {
    Fault.HANG: Manner.NEVER,
    Fault.RESET: Manner.RESET,
    Fault.CLOSE_EARLY: Manner.CLOSE,
}
_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head>"
    b"<body><h1>Please sign in to the network</h1></body></html>"
)


_BLUNT: Mapping[Fault, Answer] = {
    Fault.GARBAGE: Answer(200, b"\x00\xffnot json at all \x1b{{{]"),
    Fault.HTML_PAGE: Answer(200, _PAGE, content_type="text/html; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class _Error:
    status: int
    message: str
    code: str | None = None
    param: str | None = None


_ERRORS: Mapping[Fault, _Error] = {
    Fault.RATE_LIMITED: _Error(429, "Rate limit reached.", "rate_limit_exceeded"),
    Fault.QUOTA_EXCEEDED: _Error(429, "You exceeded your current quota.", "insufficient_quota"),
    Fault.SERVER_ERROR: _Error(500, "The server had an error."),
    Fault.BAD_GATEWAY: _Error(502, "Bad gateway."),
    Fault.UNAVAILABLE: _Error(503, "The model is overloaded."),
    Fault.UNAUTHORIZED: _Error(401, "Incorrect API key provided.", "invalid_api_key"),
    Fault.FORBIDDEN: _Error(403, "Your account may not use this model."),
    Fault.MODEL_NOT_FOUND: _Error(404, "The model does not exist.", "model_not_found", "model"),
    Fault.CONTEXT_TOO_LONG: _Error(
        400,
        "The messages are longer than the model's context.",
        "context_length_exceeded",
        "messages",
    ),
    Fault.NO_JSON_SCHEMA: _Error(
        400, "response_format type json_schema is unavailable now", param="response_format"
    ),
    Fault.NO_JSON_OBJECT: _Error(
        400, "response_format type json_object is unavailable now", param="response_format"
    ),
}


def _error(rule: Rule, moment: Moment) -> Answer:
    error = _ERRORS[rule.fault]
    status = rule.status or error.status
    body = error_body(status, error.message, error.param, error.code)
    return Answer(status, body, headers=_retry_after(rule, moment.now_unix_s))


def _retry_after(rule: Rule, now_unix_s: float) -> tuple[tuple[str, str], ...]:
    wait_s = rule.retry_after_s
    if wait_s is None:
        return ()
    match rule.retry_after_form:
        case RetryAfterForm.SECONDS:
            return (("Retry-After", f"{wait_s:.10g}"),)
        case RetryAfterForm.DATE:
            return (("Retry-After", formatdate(now_unix_s + wait_s, usegmt=True)),)
        case RetryAfterForm.MILLISECONDS:
            return (("retry-after-ms", f"{wait_s * 1000:.10g}"),)
        case RetryAfterForm.NONSENSE:
            return (("Retry-After", "soon"),)


def _blown_up(body: bytes, size_bytes: int) -> bytes:
    """Return a body of a size: the same document with one long field more."""
    rest = max(0, size_bytes - len(body) - len(b',"padding":""'))
    return b'%b,"padding":"%b"}' % (body[:-1], b"x" * rest)


_SENDINGS: Mapping[Fault, Callable[[Answer, Rule], Answer]] = {
    Fault.LATE: lambda whole, rule: replace(whole, wait_ms=rule.extra_ms),
    Fault.SLOW_BODY: lambda whole, rule: replace(
        whole, manner=Manner.SLOWLY, spread_ms=rule.extra_ms
    ),
    Fault.HALF_BODY: lambda whole, _: replace(whole, manner=Manner.HALF),
    Fault.OVERSIZED: lambda whole, rule: replace(
        whole, body=_blown_up(whole.body, rule.size_bytes)
    ),
}


def head(given: Answer, *, request_id: str, keeps_alive: bool) -> bytes:
    """Return the status line and headers of an answer that has a status."""
    status = given.status or 500
    phrase = HTTPStatus(status).phrase if status in _STATUSES else "Error"
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        f"Content-Type: {given.content_type}",
        f"Content-Length: {len(given.body)}",
        f"x-request-id: {request_id}",
        *(f"{name}: {value}" for name, value in given.headers),
    ]
    if not keeps_alive:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


_STATUSES = frozenset(int(status) for status in HTTPStatus)
