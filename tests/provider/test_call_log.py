"""The log is the outside truth: who left, what was open, which connection, what was charged."""

import asyncio
import hashlib
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.provider.asking import ask, body, client, user_turn
from tests.provider.behaviour import Behaviour
from tests.provider.call_log import CallLog
from tests.provider.calls import Outcome, read_calls
from tests.provider.faults import Fault, Rule
from tests.provider.server import Provider


def has_left(log: CallLog) -> bool:
    """Return whether a client left without its answer."""
    return log.totals.client_closed == 1


async def test_a_client_that_leaves_is_seen_while_its_call_hangs() -> None:
    async with (
        Provider(Behaviour(rules=(Rule(fault=Fault.HANG),))) as provider,
        client() as session,
    ):
        waiting = asyncio.create_task(ask(session, provider.base_url, body()))
        async with asyncio.timeout(5):
            await provider.log.until(lambda log: log.totals.in_flight == 1)
        (hanging,) = provider.log.open_calls()
        waiting.cancel()
        async with asyncio.timeout(0.2):
            await provider.log.until(has_left)
        assert provider.log.open_calls() == ()
    assert hanging.outcome is Outcome.CLIENT_CLOSED
    assert hanging.closed_s is not None
    assert hanging.answered_s is None
    assert hanging.prompt_tokens == 0


async def test_a_client_that_leaves_during_latency_or_a_slow_body_is_seen() -> None:
    for behaviour in (
        Behaviour(latency_ms=60_000),
        Behaviour(rules=(Rule(fault=Fault.SLOW_BODY, extra_ms=60_000),)),
    ):
        async with Provider(behaviour) as provider, client() as session:
            waiting = asyncio.create_task(ask(session, provider.base_url, body()))
            async with asyncio.timeout(5):
                await provider.log.until(lambda log: log.totals.in_flight == 1)
                waiting.cancel()
                await provider.log.until(has_left)


async def test_a_stop_cuts_open_calls_and_does_not_blame_the_client() -> None:
    provider = Provider(Behaviour(rules=(Rule(fault=Fault.HANG, times=1),)))
    async with client() as session:
        async with provider:
            waiting = asyncio.create_task(ask(session, provider.base_url, body()))
            async with asyncio.timeout(5):
                await provider.log.until(lambda log: log.totals.in_flight == 1)
            port = provider.address
        with pytest.raises(aiohttp.ClientError):
            await waiting
        async with provider:
            again, _ = await ask(session, provider.base_url, body())
    assert (provider.address, again) == (port, 200)
    assert [call.outcome for call in provider.log.calls] == [Outcome.CUT, Outcome.ANSWERED]


async def test_calls_one_after_the_other_share_a_connection_and_others_do_not() -> None:
    async with Provider(Behaviour(latency_ms=20)) as provider, client() as session:
        for _ in range(3):
            await ask(session, provider.base_url, body())
        assert provider.log.totals.connections_with_calls == 1
        await asyncio.gather(*(ask(session, provider.base_url, body()) for _ in range(4)))
    totals = provider.log.totals
    assert totals.connections_with_calls == 4
    assert totals.most_in_flight == 4
    assert {call.connection for call in provider.log.calls[:3]} == {1}
    assert totals.open_connections == 0


async def test_what_was_open_at_a_moment_can_be_asked_later() -> None:
    async with (
        Provider(Behaviour(rules=(Rule(fault=Fault.HANG),))) as provider,
        client() as session,
    ):
        waiting = asyncio.create_task(ask(session, provider.base_url, body()))
        async with asyncio.timeout(5):
            await provider.log.until(lambda log: log.totals.in_flight == 1)
            waiting.cancel()
            await provider.log.until(has_left)
    (call,) = provider.log.calls
    assert call.ended_unix_s is not None
    moments = (call.arrived_unix_s - 1, call.arrived_unix_s, call.ended_unix_s)
    assert [len(provider.log.open_at(moment)) for moment in moments] == [0, 1, 0]


async def test_the_file_tells_of_each_call_at_once_and_of_its_end(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    rule = Rule(fault=Fault.HANG, contains="hang")
    async with (
        Provider(Behaviour(rules=(rule,)), log_path=path) as provider,
        client() as session,
    ):
        await ask(session, provider.base_url, body("answer me"))
        waiting = asyncio.create_task(ask(session, provider.base_url, body("hang on")))
        async with asyncio.timeout(5):
            await provider.log.until(lambda log: log.totals.in_flight == 1)
        during = read_calls(path)
        waiting.cancel()
        async with asyncio.timeout(5):
            await provider.log.until(has_left)
    provider.log.close()
    assert [call.outcome for call in during] == [Outcome.ANSWERED, Outcome.OPEN]
    assert read_calls(path) == list(provider.log.calls)
    with path.open("ab") as file:
        file.write(b'{"event":"arri')
    assert len(read_calls(path)) == 2


async def test_a_second_run_on_the_same_file_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    for _ in range(2):
        async with Provider(log_path=path) as provider, client() as session:
            await ask(session, provider.base_url, body())
        provider.log.close()
    assert [call.number for call in read_calls(path)] == [1, 1]


async def test_calls_are_counted_by_lead_and_by_user_turn_repairs_included() -> None:
    first = user_turn("Our lawn has 200 m2.")
    repair = [
        {"role": "system", "content": "json"},
        {"role": "user", "content": first},
        {"role": "assistant", "content": "{}"},
        {"role": "user", "content": "facts: missing"},
    ]
    async with Provider() as provider, client() as session:
        await ask(session, provider.base_url, body("Our lawn has 200 m2."))
        await ask(session, provider.base_url, body(messages=repair))
    digest = hashlib.sha256(first.encode()).hexdigest()
    assert provider.log.per_lead() == {"lead-1": 2}
    assert provider.log.per_user_turn() == {digest: 2}
    assert [call.turns for call in provider.log.calls] == [2, 4]


async def test_tokens_are_charged_for_what_was_answered_though_it_did_not_say_so() -> None:
    behaviour = Behaviour(prompt_tokens=800, completion_tokens=150)
    async with Provider(behaviour) as provider, client() as session:
        provider.plan(Rule(fault=Fault.SERVER_ERROR, times=1), Fault.NO_USAGE)
        for _ in range(3):
            await ask(session, provider.base_url, body())
    tokens = provider.log.tokens()
    assert (tokens.prompt, tokens.completion) == (1600, 300)


async def test_memory_is_bounded_and_the_counters_are_not() -> None:
    async with Provider(keep=2) as provider, client() as session:
        for _ in range(5):
            await ask(session, provider.base_url, body())
    assert [call.number for call in provider.log.calls] == [4, 5]
    assert provider.log.totals.calls == 5


async def test_a_broken_call_is_logged_and_no_key_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    key = "sk-secret-of-somebody-9876"
    async with Provider(log_path=path) as provider, client() as session:
        async with session.post(
            f"{provider.base_url}/chat/completions",
            data=b"{",
            headers={"Authorization": f"Bearer {key}"},
        ) as answer:
            assert answer.status == 400
        async with session.get(f"{provider.address}/_log") as listing:
            told = await listing.read()
    provider.log.close()
    assert [call.status for call in provider.log.calls] == [400]
    assert orjson.loads(told)["calls"][0]["key_last4"] == "9876"
    assert key.encode() not in told + path.read_bytes()
