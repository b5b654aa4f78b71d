"""The provider speaks the chat completions protocol as clients of real providers expect it."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from openai import AsyncOpenAI

from tests.provider.asking import (
    LEAD_FACTS,
    ask,
    body,
    client,
    content_of,
    response_format,
    user_turn,
)
from tests.provider.behaviour import Behaviour
from tests.provider.faults import Fault, RetryAfterForm, Rule
from tests.provider.schema_values import find_faults
from tests.provider.server import Provider

KEY = "sk-stand-in-1234"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with client() as opened:
        yield opened


@pytest.fixture(scope="module")
def openai_settings() -> dict[str, Any]:
    """Build one client first: its imports block for a while and belong to no test's time limit."""
    return {"api_key": KEY, "max_retries": 0, "timeout": 5}


async def test_the_openai_client_gets_a_schema_true_answer(openai_settings: dict[str, Any]) -> None:
    async with (
        Provider(Behaviour(api_key=KEY)) as provider,
        AsyncOpenAI(base_url=provider.base_url, **openai_settings) as openai_client,
    ):
        completion = await openai_client.chat.completions.create(**body(temperature=0))
        (model,) = (await openai_client.models.list()).data
    (call,) = provider.log.calls
    assert find_faults(content_of(completion.model_dump()), LEAD_FACTS) == []
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.total_tokens == call.prompt_tokens + call.completion_tokens > 0
    assert model.id == "model-a"
    assert (call.model, call.key_last4, call.lead_id) == ("model-a", KEY[-4:], "lead-1")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.RATE_LIMITED, openai.RateLimitError),
        (Fault.QUOTA_EXCEEDED, openai.RateLimitError),
        (Fault.SERVER_ERROR, openai.InternalServerError),
        (Fault.BAD_GATEWAY, openai.InternalServerError),
        (Fault.UNAVAILABLE, openai.InternalServerError),
        (Fault.UNAUTHORIZED, openai.AuthenticationError),
        (Fault.FORBIDDEN, openai.PermissionDeniedError),
        (Fault.MODEL_NOT_FOUND, openai.NotFoundError),
        (Fault.CONTEXT_TOO_LONG, openai.BadRequestError),
        (Fault.NO_JSON_SCHEMA, openai.BadRequestError),
        (Fault.RESET, openai.APIConnectionError),
        (Fault.CLOSE_EARLY, openai.APIConnectionError),
        (Fault.HALF_BODY, openai.APIConnectionError),
    ],
)
async def test_the_openai_client_names_each_fault_of_http(
    fault: Fault, error: type[Exception], openai_settings: dict[str, Any]
) -> None:
    async with (
        Provider(Behaviour(rules=(Rule(fault=fault),))) as provider,
        AsyncOpenAI(base_url=provider.base_url, **openai_settings) as openai_client,
    ):
        with pytest.raises(error):
            await openai_client.chat.completions.create(**body())
    assert provider.log.totals.by_fault == {fault.value: 1}


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"model": "nobody"}, 404, "model_not_found"),
        ({"model": None}, 400, "model"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, "messages[0]"),
        ({"messages": [{"role": "user", "content": 3}]}, 400, "messages[0].content"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"max_tokens": 9, "max_completion_tokens": 9}, 400, "max_completion_tokens"),
        ({"temperature": 3}, 400, "temperature"),
        ({"stream": True}, 400, "stream"),
        ({"n": 2}, 400, "n"),
        ({"response_format": {"type": "yaml"}}, 400, "response_format.type"),
        (
            {
                "response_format": {"type": "json_object"},
                "messages": [{"role": "user", "content": "x"}],
            },
            400,
            "messages",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
            400,
            "response_format.json_schema",
        ),
    ],
)
async def test_a_call_that_breaks_the_protocol_is_refused_with_the_field(
    changes: dict[str, Any], status: int, said: str, session: aiohttp.ClientSession
) -> None:
    async with Provider(Behaviour(models=("model-a",))) as provider:
        got, document = await ask(session, provider.base_url, body(**changes))
    assert got == status
    assert said in {document["error"]["param"], document["error"]["code"]}


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer sk-wrong-0000", f"Basic {KEY}"])
async def test_only_the_expected_key_is_let_in(
    header: str | None, session: aiohttp.ClientSession
) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with Provider(Behaviour(api_key=KEY)) as provider:
        url = f"{provider.base_url}/chat/completions"
        async with session.post(url, json=body(), headers=headers) as answer:
            refused, text = answer.status, await answer.text()
        async with session.get(f"{provider.base_url}/models", headers=headers) as listing:
            listed = listing.status
        async with session.post(
            url, json=body(), headers={"Authorization": f"Bearer {KEY}"}
        ) as accepted:
            let_in = accepted.status
    assert (refused, listed, let_in) == (401, 401, 200)
    assert KEY not in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"additionalProperties": True}, "additionalProperties"),
        ({"required": []}, "required"),
        ({"anyOf": []}, "root"),
        ({"allOf": []}, "allOf"),
        ({"$defs": {"Fact": {"type": "object", "properties": {}}}}, "().Fact"),
        ({"$defs": {"Fact": {"type": "string", "default": "x"}}}, "default"),
    ],
)
async def test_a_schema_that_strict_mode_does_not_allow_is_refused(
    change: dict[str, Any], said: str, session: aiohttp.ClientSession
) -> None:
    wanted = response_format("lead_facts")
    wanted["json_schema"]["schema"] = {**LEAD_FACTS, **change}
    async with Provider() as provider:
        status, document = await ask(session, provider.base_url, body(response_format=wanted))
        provider.change(checks_schema=False)
        unchecked, _ = await ask(session, provider.base_url, body(response_format=wanted))
    assert (status, unchecked) == (400, 200)
    assert said in document["error"]["message"]


async def test_an_answer_longer_than_max_tokens_is_cut_and_says_so(
    session: aiohttp.ClientSession,
) -> None:
    async with Provider() as provider:
        _, document = await ask(session, provider.base_url, body(max_completion_tokens=5))
    choice = document["choices"][0]
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["content"]) == 20
    assert document["usage"]["completion_tokens"] == 5


async def test_token_counts_can_be_set_and_the_second_prompt_counts_as_cached(
    session: aiohttp.ClientSession,
) -> None:
    async with Provider(Behaviour(prompt_tokens=800, completion_tokens=150)) as provider:
        _, fixed = await ask(session, provider.base_url, body())
        provider.change(prompt_tokens=None, completion_tokens=None, caches_prefix=True)
        usages = [(await ask(session, provider.base_url, body()))[1]["usage"] for _ in range(2)]
    assert (fixed["usage"]["prompt_tokens"], fixed["usage"]["completion_tokens"]) == (800, 150)
    cached = [usage["prompt_tokens_details"]["cached_tokens"] for usage in usages]
    assert cached[0] == 0
    assert 0 < cached[1] < usages[1]["prompt_tokens"]
    assert provider.log.tokens().cached == cached[1]


@pytest.mark.parametrize(
    ("form", "header", "expected"),
    [
        (RetryAfterForm.SECONDS, "Retry-After", "1.5"),
        (RetryAfterForm.MILLISECONDS, "retry-after-ms", "1500"),
        (RetryAfterForm.DATE, "Retry-After", "GMT"),
        (RetryAfterForm.NONSENSE, "Retry-After", "soon"),
    ],
)
async def test_a_rate_limit_says_when_to_come_back(
    form: RetryAfterForm, header: str, expected: str, session: aiohttp.ClientSession
) -> None:
    rule = Rule(fault=Fault.RATE_LIMITED, retry_after_s=1.5, retry_after_form=form)
    async with Provider(Behaviour(rules=(rule,))) as provider:
        url = f"{provider.base_url}/chat/completions"
        async with session.post(url, json=body()) as answer:
            assert answer.status == 429
            assert answer.headers[header].endswith(expected)


async def test_without_a_schema_the_prompt_decides_what_is_answered(
    session: aiohttp.ClientSession,
) -> None:
    shown = [
        ("Answer with json of lead_facts.", "facts"),
        (f"Answer in JSON of this schema: {LEAD_FACTS}".replace("'", '"'), "facts"),
        ('Answer in JSON with "subject" and "body".', "body"),
    ]
    async with Provider() as provider:
        for prompt, key in shown:
            messages = [
                {"role": "system", "content": prompt},
                {"role": "user", "content": user_turn("Our lawn has 200 m2.")},
            ]
            for wanted in ({"type": "json_object"}, {"type": "text"}):
                asked = body(schema=None, messages=messages, response_format=wanted)
                _, document = await ask(session, provider.base_url, asked)
                assert key in content_of(document)


async def test_an_unknown_address_is_no_call(session: aiohttp.ClientSession) -> None:
    async with (
        Provider() as provider,
        session.post(f"{provider.address}/chat/completions", json=body()) as answer,
    ):
        assert answer.status == 404
    assert provider.log.calls == ()
