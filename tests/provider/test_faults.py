"""Every fault shows on the wire as it is named, to the calls its rule names, and to no others."""

import asyncio
import errno
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson
import pytest

from tests.provider.asking import LEAD_FACTS, MESSAGE, ask, body, client
from tests.provider.behaviour import Behaviour
from tests.provider.calls import Outcome
from tests.provider.faults import EXPLANATIONS, Fault, Rule, Schedule
from tests.provider.protocol import ChatRequest, Message, ResponseFormat
from tests.provider.schema_values import fits
from tests.provider.server import Provider


async def observe(fault: Fault) -> tuple[str, Any, Provider]:
    """Make one call under a fault; return what the client sees of it: a word and the details."""
    rule = Rule(fault=fault, extra_ms=40, size_bytes=300_000)
    asked = body()
    if fault is Fault.NO_JSON_OBJECT:
        asked = body(response_format={"type": "json_object"})
    async with Provider(Behaviour(rules=(rule,))) as provider, client() as session:
        url = f"{provider.base_url}/chat/completions"
        try:
            async with (
                asyncio.timeout(0.15 if fault is Fault.HANG else 5),
                session.post(url, json=asked) as answer,
            ):
                seen, details = _seen(answer, await answer.read())
        except (TimeoutError, aiohttp.ClientError) as error:
            seen, details = _lost(error), error
        async with asyncio.timeout(5):
            await provider.log.until(lambda log: log.totals.in_flight == 0)
    return seen, details, provider


def _seen(answer: aiohttp.ClientResponse, raw: bytes) -> tuple[str, Any]:
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return "bytes", (answer.content_type, raw)
    if answer.status == 200:
        return "answer", document
    return str(answer.status), document["error"]


def _lost(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientPayloadError):
        return "torn"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "closed"
    if isinstance(error, TimeoutError):
        return "nothing"
    return "reset" if getattr(error, "errno", None) == errno.ECONNRESET else "lost"


def turn(document: Any) -> Any:
    """Return the choice with its message in it."""
    return document["choices"][0]


def content(document: Any) -> Any:
    """Return the text of the answer."""
    return turn(document)["message"]["content"]


def is_true_answer(document: Any) -> bool:
    """Return whether the content is JSON that fits the schema and finds the lead's facts."""
    found = orjson.loads(content(document))
    return fits(found, LEAD_FACTS) and found["facts"][0]["quote"] in MESSAGE


def is_no_json(text: str) -> bool:
    """Return whether a text is not JSON as it stands."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return True
    return False


SEEN: dict[Fault, tuple[str, Callable[[Any], bool]]] = {
    Fault.RATE_LIMITED: ("429", lambda error: error["code"] == "rate_limit_exceeded"),
    Fault.QUOTA_EXCEEDED: ("429", lambda error: error["type"] == "insufficient_quota"),
    Fault.SERVER_ERROR: ("500", lambda error: error["type"] == "server_error"),
    Fault.BAD_GATEWAY: ("502", lambda error: error["type"] == "server_error"),
    Fault.UNAVAILABLE: ("503", lambda error: error["type"] == "server_error"),
    Fault.UNAUTHORIZED: ("401", lambda error: error["code"] == "invalid_api_key"),
    Fault.FORBIDDEN: ("403", lambda error: error["type"] == "permission_error"),
    Fault.MODEL_NOT_FOUND: ("404", lambda error: error["code"] == "model_not_found"),
    Fault.CONTEXT_TOO_LONG: ("400", lambda error: error["code"] == "context_length_exceeded"),
    Fault.NO_JSON_SCHEMA: ("400", lambda error: "json_schema" in error["message"]),
    Fault.NO_JSON_OBJECT: ("400", lambda error: "json_object" in error["message"]),
    Fault.LATE: ("answer", is_true_answer),
    Fault.SLOW_BODY: ("answer", is_true_answer),
    Fault.HANG: ("nothing", lambda _: True),
    Fault.RESET: ("reset", lambda _: True),
    Fault.CLOSE_EARLY: ("closed", lambda _: True),
    Fault.HALF_BODY: ("torn", lambda _: True),
    Fault.GARBAGE: ("bytes", lambda seen: seen[0] == "application/json"),
    Fault.HTML_PAGE: ("bytes", lambda seen: seen[0] == "text/html" and b"<h1>" in seen[1]),
    Fault.OVERSIZED: ("answer", lambda one: len(orjson.dumps(one)) == 300_000),
    Fault.NO_CHOICES: ("answer", lambda one: one["choices"] == []),
    Fault.HALF_CONTENT: ("answer", lambda one: is_no_json(content(one)) and content(one)[0] == "{"),
    Fault.WRONG_SCHEMA: ("answer", lambda one: not fits(orjson.loads(content(one)), LEAD_FACTS)),
    Fault.PROSE: ("answer", lambda one: is_no_json(content(one)) and '{"facts"' in content(one)),
    Fault.FENCE: ("answer", lambda one: content(one).startswith("```json\n{")),
    Fault.THINKING: ("answer", lambda one: content(one).startswith("<think>")),
    Fault.EMPTY_CONTENT: ("answer", lambda one: content(one) == ""),
    Fault.NULL_CONTENT: ("answer", lambda one: content(one) is None),
    Fault.CUT_BY_LENGTH: (
        "answer",
        lambda one: is_no_json(content(one)) and turn(one)["finish_reason"] == "length",
    ),
    Fault.CONTENT_FILTER: ("answer", lambda one: turn(one)["finish_reason"] == "content_filter"),
    Fault.REFUSAL: ("answer", lambda one: turn(one)["message"]["refusal"] is not None),
    Fault.NO_USAGE: ("answer", lambda one: "usage" not in one and is_true_answer(one)),
    Fault.NULL_USAGE: ("answer", lambda one: one["usage"] is None and is_true_answer(one)),
}


@pytest.mark.parametrize("fault", list(Fault))
async def test_each_fault_is_seen_by_the_client_and_named_in_the_log(fault: Fault) -> None:
    expected, holds = SEEN[fault]
    seen, details, provider = await observe(fault)
    (call,) = provider.log.calls
    assert seen == expected
    assert holds(details)
    assert call.fault is fault
    assert call.status == (int(seen) if seen.isdigit() else 200 if call.prompt_tokens else None)
    assert (call.outcome is Outcome.CLIENT_CLOSED) == (fault is Fault.HANG)
    assert (call.outcome is Outcome.CUT) == (seen in {"reset", "closed", "torn"})


def test_every_fault_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Fault)


def request_for(
    model: str = "a", user: str = "x", kind: ResponseFormat = ResponseFormat.TEXT
) -> ChatRequest:
    """Return a small call."""
    return ChatRequest(model=model, messages=(Message("user", user),), format=kind)


def played(rules: list[Rule], requests: list[ChatRequest], *, seed: int = 0) -> list[str]:
    """Return the fault that each call gets, or a dash."""
    schedule = Schedule(rules, seed=seed)
    chosen = [schedule.choose(request) for request in requests]
    return [rule.fault.value if rule else "-" for rule in chosen]


@pytest.mark.parametrize(
    ("conditions", "requests", "expected"),
    [
        ({}, [request_for()] * 3, "xxx"),
        ({"times": 2}, [request_for()] * 4, "xx--"),
        ({"calls": (1, 3)}, [request_for()] * 4, "x-x-"),
        ({"model": "b"}, [request_for(), request_for("b")], "-x"),
        ({"model": "b", "calls": (2,)}, [request_for("b"), request_for(), request_for("b")], "--x"),
        ({"contains": "poison"}, [request_for(), request_for(user="poison!")], "-x"),
        (
            {"format": ResponseFormat.JSON_OBJECT},
            [request_for(), request_for(kind=ResponseFormat.JSON_OBJECT)],
            "-x",
        ),
        ({"probability": 0.0}, [request_for()] * 3, "---"),
    ],
)
def test_a_rule_plays_on_the_calls_it_names(
    conditions: dict[str, Any], requests: list[ChatRequest], expected: str
) -> None:
    rule = Rule(fault=Fault.RESET, **conditions)
    chosen = played([rule], requests)
    assert "".join("-" if one == "-" else "x" for one in chosen) == expected


def test_a_refused_format_concerns_only_calls_that_ask_for_it() -> None:
    rule = Rule(fault=Fault.NO_JSON_SCHEMA, times=1)
    requests = [request_for(), *[request_for(kind=ResponseFormat.JSON_SCHEMA)] * 2]
    assert played([rule], requests) == ["-", "no_json_schema", "-"]


def test_the_first_rule_that_applies_wins_and_the_rest_wait() -> None:
    rules = [Rule(fault=Fault.RESET, times=1), Rule(fault=Fault.HANG, times=1)]
    assert played(rules, [request_for()] * 3) == ["reset", "hang", "-"]


def test_chance_repeats_with_its_seed_and_each_rule_has_its_own() -> None:
    rule = Rule(fault=Fault.RESET, probability=0.3)
    requests = [request_for()] * 400
    first = played([rule], requests, seed=7)
    beside = played([rule, Rule(fault=Fault.HANG, probability=0.5)], requests, seed=7)
    assert first == played([rule], requests, seed=7)
    assert first != played([rule], requests, seed=8)
    assert [one == "reset" for one in beside] == [one == "reset" for one in first]
    assert 80 < first.count("reset") < 160


async def test_calls_over_the_bound_are_turned_away() -> None:
    async with Provider(Behaviour(max_in_flight=2, latency_ms=50)) as provider, client() as session:
        answers = await asyncio.gather(*(ask(session, provider.base_url, body()) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 200, 429, 429, 429]


async def test_latency_and_jitter_come_from_the_seed() -> None:
    async def waits(seed: int) -> list[float]:
        behaviour = Behaviour(latency_ms=15, jitter_ms=10, seed=seed)
        async with Provider(behaviour) as provider, client() as session:
            for _ in range(4):
                await ask(session, provider.base_url, body())
        return [(call.answered_s or 0) - call.arrived_s for call in provider.log.calls]

    first, second = await waits(1), await waits(2)
    assert all(wait >= 0.005 for wait in first + second)
    assert max(first) - min(first) > 0.001
