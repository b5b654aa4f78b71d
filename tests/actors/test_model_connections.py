"""Connections, keys and headers: what goes over the wire and what must not."""

import asyncio
import contextlib
import gzip
import json
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from actors.agent import PaidAgentError
from actors.model_transport import MAX_RESPONSE_BYTES, LeanTransport
from actors.settings import Endpoint
from tests.actors.model_world import (
    ANSWER,
    QUESTION,
    answering,
    ask_once,
    envelope,
    models_of,
    settings_for,
    settings_for_address,
)
from tests.actors.recorder import Recorder, completion
from tests.provider.faults import Fault, Rule
from tests.provider.server import Provider

GOOD = json.dumps(ANSWER)
VARIABLE = "GARDENOS_TEST_MODEL_KEY"


async def test_connections_are_kept_and_bounded() -> None:
    async with Provider(answering(latency_ms=2)) as there:
        async with models_of(settings_for(there, max_connections=4)) as models:
            await asyncio.gather(
                *(models.open(envelope(n), time.time).ask(QUESTION) for n in range(60))
            )
        calls = there.log.calls

    assert len(calls) == 60
    assert len({one.connection for one in calls}) <= 4


async def test_models_of_one_provider_share_its_connections() -> None:
    down = Rule(fault=Fault.FORBIDDEN, model="gone")
    async with Provider(answering(rules=(down,))) as there:
        settings = settings_for(there, name="gone", fallbacks=(Endpoint(name="gpt-4o"),))
        async with models_of(settings) as models:
            await models.open(envelope(), time.time).ask(QUESTION)

        assert [call.connection for call in there.log.calls] == [1, 1]


async def test_a_start_opens_a_connection_and_pays_for_nothing() -> None:
    async with Provider(answering()) as there, models_of(settings_for(there)) as models:
        await models.start()
        before = len(there.log.calls)
        await models.open(envelope(), time.time).ask(QUESTION)

        assert before == 0
        assert [call.connection for call in there.log.calls] == [1]


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_start_survives_a_provider_that_is_down(caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_for_address(f"http://127.0.0.1:{_unused_port()}/v1", name="gpt-4o")
    async with models_of(settings) as models:
        await models.start()

    assert [record.message for record in caplog.records] == ["model_unreachable"]


async def test_a_start_says_once_which_models_have_no_price(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Provider(answering()) as there:
        settings = settings_for(there, fallbacks=(Endpoint(name="garden-7b"),))
        async with models_of(settings) as models:
            await models.start()

    (record,) = [one for one in caplog.records if one.message == "model_unpriced"]
    assert vars(record)["model"] == "garden-7b"


async def test_a_start_says_that_the_key_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    behaviour = answering(api_key="the-right-one")
    async with Provider(behaviour) as there, models_of(settings_for(there)) as models:
        await models.start()

    assert "model_key_refused" in [record.message for record in caplog.records]


async def test_a_provider_that_cannot_be_reached_costs_nothing() -> None:
    settings = settings_for_address(f"http://127.0.0.1:{_unused_port()}/v1")
    reply, run = await ask_once(settings, time.time)

    assert str(reply.degraded_because).startswith("connection: ")
    assert run.usage == ()


async def test_a_connection_that_never_comes_about_costs_nothing() -> None:
    with socket.socket() as deaf, contextlib.ExitStack() as held:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        for _ in range(3):  # fill the queue of a server that accepts nobody
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(address)
        settings = settings_for_address(
            f"http://127.0.0.1:{address[1]}/v1", connect_timeout_s=0.1, retries=0
        )
        reply, run = await ask_once(settings, time.time)

    assert str(reply.degraded_because).startswith("connection: ")
    assert run.usage == ()


async def test_a_wait_for_a_free_connection_counts_and_costs_nothing() -> None:
    async with Provider(answering(rules=(Rule(fault=Fault.HANG),))) as there:
        settings = settings_for(there, max_connections=1, retries=0, reserve_s=0)
        async with models_of(settings) as models:
            holding = asyncio.create_task(models.open(envelope(), time.time).ask(QUESTION))
            await there.log.until(lambda log: len(log.calls) == 1)
            run = models.open(envelope(2, deadline_unix_s=0.15), lambda: 0.0)
            reply = await run.ask(QUESTION)
            holding.cancel()
            with pytest.raises(PaidAgentError):
                await holding

        assert len(there.log.calls) == 1
    assert str(reply.degraded_because).startswith("connection: ")
    assert run.usage == ()


async def test_a_key_in_a_variable_is_sent_to_its_provider_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GARDENOS_MODEL__API_KEY", "sk-main-4444")
    down = Rule(fault=Fault.FORBIDDEN)
    async with Provider(answering(rules=(down,))) as main, Provider(answering()) as other:
        settings = settings_for(
            main,
            fallbacks=(
                Endpoint(base_url=main.base_url, name="second"),
                Endpoint(base_url=other.base_url, name="elsewhere"),
            ),
        )
        reply, _ = await ask_once(settings, time.time)

        assert [call.key_last4 for call in main.log.calls] == ["4444", "4444"]
        assert [call.key_last4 for call in other.log.calls] == [""]
    assert reply.llm == "elsewhere"


async def test_a_key_file_that_changed_is_read_again_when_the_old_key_is_refused(
    tmp_path: Path,
) -> None:
    file = tmp_path / "key"
    file.write_text("sk-old-1111\n")
    async with Provider(answering(api_key="sk-new-2222")) as there:
        settings = settings_for(there, api_key_file=file)
        async with models_of(settings) as models:
            refused = await models.open(envelope(), time.time).ask(QUESTION)
            new = tmp_path / "new"
            new.write_text("sk-new-2222\n")
            new.replace(file)
            reply = await models.open(envelope(), time.time).ask(QUESTION)

        assert [call.key_last4 for call in there.log.calls] == ["1111", "1111", "2222"]
    assert str(refused.degraded_because).startswith("unauthorised: ")
    assert reply.value is not None


async def test_every_call_under_way_with_the_old_key_is_made_again_with_the_new(
    tmp_path: Path,
) -> None:
    file = tmp_path / "key"
    file.write_text("sk-old-1111\n")
    async with Provider(answering(api_key="sk-new-2222", latency_ms=100)) as there:
        settings = settings_for(there, api_key_file=file)
        async with models_of(settings) as models:
            runs = [models.open(envelope(number), time.time) for number in range(8)]
            asked = asyncio.gather(*(run.ask(QUESTION) for run in runs))
            async with asyncio.timeout(5):
                await there.log.until(lambda log: log.totals.calls == len(runs))
            file.write_text("sk-new-2222\n")
            replies = await asked

    assert [reply.degraded_because for reply in replies] == [None] * len(runs)


async def test_a_missing_key_is_named_as_the_reason() -> None:
    async with Provider(answering(api_key="sk-wanted")) as there:
        settings = settings_for(there, api_key_variable=VARIABLE)
        assert VARIABLE not in os.environ
        reply, _ = await ask_once(settings, time.time)

    assert reply.degraded_because == "no_key: The provider asks for a key and none is set (401)."


async def test_a_request_tells_a_provider_nothing_about_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-program")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: yes")
    async with Recorder(lambda _: completion(GOOD)) as there:
        await ask_once(settings_for_address(there.base_url), time.time)

    (request,) = there.requests
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["authorization"] == "Bearer none"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"] == "gardenos"
    told = set(headers) - {"x-stainless-retry-count", "x-stainless-read-timeout"}
    assert not [name for name in told if name.startswith(("x-", "openai-", "cookie"))]


async def test_no_log_holds_a_key_or_a_prompt(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GARDENOS_MODEL__API_KEY", "sk-secret-key")
    caplog.set_level(logging.DEBUG)
    behaviour = answering(rules=(Rule(fault=Fault.SERVER_ERROR, times=3),))
    async with Provider(behaviour) as there, models_of(settings_for(there)) as models:
        await models.start()
        await models.open(envelope(), time.time).ask(QUESTION)
        await models.open(envelope(), time.time).ask(QUESTION)

    told = "\n".join(str(vars(record)) for record in caplog.records)
    assert "sk-secret-key" not in told
    assert "hedge" not in told
    assert [one.message for one in caplog.records if one.name == "actors.models"] == [
        "model_failing",
        "model_recovered",
    ]


async def test_a_packed_answer_is_unpacked_once() -> None:
    status, body, _ = completion(GOOD)
    packed = status, gzip.compress(body), {"Content-Encoding": "gzip"}
    async with Recorder(lambda _: packed) as there:
        reply, _ = await ask_once(settings_for_address(there.base_url), time.time)

    assert reply.value is not None


async def test_an_answer_that_unpacks_beyond_the_bound_is_a_fault() -> None:
    bomb = 200, gzip.compress(b" " * (MAX_RESPONSE_BYTES + 1)), {"Content-Encoding": "gzip"}
    async with Recorder(lambda _: bomb) as there:
        reply, _ = await ask_once(settings_for_address(there.base_url), time.time)

    assert reply.degraded_because == "invalid_answer: The provider's answer is too long."


async def test_a_redirect_is_not_followed() -> None:
    async with Recorder(lambda _: completion(GOOD)) as elsewhere:
        moved = 307, b"", {"Location": f"{elsewhere.base_url}/chat/completions"}
        async with Recorder(lambda _: moved) as there:
            reply, _ = await ask_once(settings_for_address(there.base_url), time.time)

    assert elsewhere.requests == []
    assert reply.degraded_because == "bad_request: The provider's address has moved (307)."


async def test_what_is_streamed_goes_the_stock_way() -> None:
    async with Recorder(lambda _: completion(GOOD)) as there:
        transport = LeanTransport(max_connections=2, connect_timeout_s=1.0)
        url = f"{there.base_url}/chat/completions"
        request = transport.build_request("POST", url, content=b"{}", timeout=5.0)
        answer = await transport.send(request, stream=True)
        pieces = [piece async for piece in answer.aiter_bytes()]
        stock = await transport.get(url, timeout=httpx2.Timeout(5.0))
        await transport.aclose()

    assert b"".join(pieces) == completion(GOOD)[1]
    assert stock.status_code == 200


def test_an_installation_without_a_model_imports_neither_openai_nor_ray() -> None:
    asked = "import sys, actors.models, actors.prices; print({'openai', 'ray'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "set()"
