"""Whatever a provider does, a lead is analysed: by the model, or as without one and saying why."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from actors.agent import AgentResult, PaidAgentError
from domain.analysis import LeadAnalysis, Route
from domain.usage import summarise
from tests.actors.lead_world import lead_input, lead_world
from tests.actors.model_world import MODEL
from tests.provider.behaviour import Behaviour
from tests.provider.calls import Call, Outcome
from tests.provider.faults import Fault, Rule
from tests.provider.server import Provider

RAW = {
    "lead_id": "L-1",
    "locale": "en-US",
    "contact": {"full_name": "Dana W", "email": "dana@example.com", "phone": "+15035550142"},
    "location": {"postal_code": "97209", "country": "US"},
    "message": "We own the house and want a new lawn of 3,800 sq ft. Budget is $18-25k, as soon as"
    " possible. Could someone visit next week?",
}
HASTE: dict[str, Any] = {"retries": 1, "retry_cap_s": 0.01}
MORE_THAN_WE_TAKE = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class End:
    """How a run ends under a fault that stays.

    Attributes:
        code: Why it is degraded; None where the model's answer could be used.
        calls: Calls that the provider sees.
        billed: Calls on the bill: those the provider may have worked on.
        estimated: How many of them had to be estimated.
    """

    code: str | None
    calls: int = 1
    billed: int = 0
    estimated: int = 0


ENDS = {
    Fault.RATE_LIMITED: End("rate_limited", calls=2),
    Fault.QUOTA_EXCEEDED: End("no_credit"),
    Fault.SERVER_ERROR: End("unavailable", calls=2),
    Fault.BAD_GATEWAY: End("unavailable", calls=2),
    Fault.UNAVAILABLE: End("unavailable", calls=2),
    Fault.UNAUTHORIZED: End("no_key"),
    Fault.FORBIDDEN: End("no_key"),
    Fault.MODEL_NOT_FOUND: End("bad_request"),
    Fault.CONTEXT_TOO_LONG: End("bad_request"),
    Fault.NO_JSON_SCHEMA: End(None, calls=2, billed=1),
    Fault.NO_JSON_OBJECT: End(None, billed=1),
    Fault.LATE: End(None, billed=1),
    Fault.SLOW_BODY: End(None, billed=1),
    Fault.HANG: End("timeout", calls=2, billed=2, estimated=2),
    Fault.RESET: End("connection", calls=2, billed=2, estimated=2),
    Fault.CLOSE_EARLY: End("connection", calls=2, billed=2, estimated=2),
    Fault.HALF_BODY: End("connection", calls=2, billed=2, estimated=2),
    Fault.GARBAGE: End("garbled_answer", calls=2, billed=2, estimated=2),
    Fault.HTML_PAGE: End("garbled_answer", calls=2, billed=2, estimated=2),
    Fault.OVERSIZED: End("invalid_answer", billed=1, estimated=1),
    Fault.NO_CHOICES: End("garbled_answer", calls=2, billed=2, estimated=2),
    Fault.HALF_CONTENT: End("invalid_answer", calls=2, billed=2),
    Fault.WRONG_SCHEMA: End("invalid_answer", calls=2, billed=2),
    Fault.PROSE: End(None, billed=1),
    Fault.FENCE: End(None, billed=1),
    Fault.THINKING: End(None, billed=1),
    Fault.EMPTY_CONTENT: End("invalid_answer", calls=2, billed=2),
    Fault.NULL_CONTENT: End("invalid_answer", calls=2, billed=2),
    Fault.CUT_BY_LENGTH: End("answer_cut", calls=2, billed=2),
    Fault.CONTENT_FILTER: End("refused", billed=1),
    Fault.REFUSAL: End("refused", billed=1),
    Fault.NO_USAGE: End(None, billed=1, estimated=1),
    Fault.NULL_USAGE: End(None, billed=1, estimated=1),
}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider(Behaviour()) as running:
        yield running


async def run(provider: Provider, **model: Any) -> tuple[AgentResult, LeadAnalysis]:
    async with lead_world(provider, **{**HASTE, **model}) as world:
        result = await world.run(lead_input(RAW))
        return result, world.agent.answer(result.result)


async def offline() -> LeadAnalysis:
    async with lead_world(None) as world:
        return await world.analyse(RAW)


def asked(provider: Provider) -> list[Call]:
    return [call for call in provider.log.calls if call.user_turn]


def test_every_fault_of_the_provider_is_in_the_table() -> None:
    assert set(ENDS) == set(Fault)


@pytest.mark.parametrize(("fault", "end"), ENDS.items(), ids=[str(fault) for fault in ENDS])
async def test_a_fault_never_fails_a_task(provider: Provider, fault: Fault, end: End) -> None:
    provider.plan(Rule(fault=fault, extra_ms=50, size_bytes=MORE_THAN_WE_TAKE))

    result, analysis = await run(provider, timeout_s=0.2 if fault is Fault.HANG else 5.0)

    assert analysis.route is (Route.MODEL if end.code is None else Route.DEGRADED)
    assert (analysis.degraded_because or "").partition(":")[0] == (end.code or "")
    assert len(asked(provider)) == end.calls
    assert analysis.usage == summarise(result.usage)
    assert (analysis.usage.calls, analysis.usage.estimated_calls) == (end.billed, end.estimated)
    if end.code is not None:
        assert without_route(analysis) == without_route(await offline())


@pytest.mark.parametrize(
    "fault", [fault for fault, end in ENDS.items() if end.billed and not end.estimated]
)
async def test_the_bill_is_what_the_provider_charged(provider: Provider, fault: Fault) -> None:
    provider.plan(Rule(fault=fault, extra_ms=20))
    result, _ = await run(provider)
    charged = [call for call in asked(provider) if call.status == 200]
    assert [(row.prompt_tokens, row.completion_tokens) for row in result.usage] == [
        (call.prompt_tokens, call.completion_tokens) for call in charged
    ]
    assert {row.model for row in result.usage} == {MODEL}
    assert all(row.cost_nanousd > 0 for row in result.usage)


async def test_without_a_fault_the_model_s_facts_count_and_are_named(provider: Provider) -> None:
    result, analysis = await run(provider)
    assert analysis.route is Route.MODEL
    assert (analysis.model.llm, analysis.degraded_because) == (MODEL, None)
    assert analysis.model.prompt_version
    assert {"area_m2", "budget", "decision_role"} <= {fact.name for fact in analysis.facts}
    assert [row.call for row in result.usage] == [0]


async def test_a_provider_that_is_down_degrades(provider: Provider) -> None:
    async with lead_world(provider, **HASTE) as world:
        await provider.stop()
        analysis = await world.analyse(RAW)
    assert analysis.route is Route.DEGRADED
    assert str(analysis.degraded_because).startswith("connection: ")
    assert without_route(analysis) == without_route(await offline())


async def test_a_deadline_leaves_time_to_answer_without_the_model(provider: Provider) -> None:
    provider.plan(Fault.HANG)
    async with lead_world(provider, timeout_s=30.0) as world:
        deadline_unix_s = time.time() + 0.8
        result = await world.run(lead_input(RAW), clock=time.time, deadline_unix_s=deadline_unix_s)
    assert time.time() < deadline_unix_s
    analysis = world.agent.answer(result.result)
    assert (analysis.route, analysis.usage.estimated_calls) == (Route.DEGRADED, 1)


async def test_a_cancelled_run_closes_its_call_and_keeps_its_bill(provider: Provider) -> None:
    provider.plan(Fault.HANG)
    async with lead_world(provider, timeout_s=30.0) as world:
        running = asyncio.create_task(world.run(lead_input(RAW)))
        async with asyncio.timeout(5):
            await provider.log.until(lambda log: any(call.user_turn for call in log.open_calls()))
            running.cancel()
            with pytest.raises(PaidAgentError) as raised:
                await running
            await provider.log.until(lambda log: log.totals.client_closed == 1)
    assert [row.estimated for row in raised.value.usage] == [True]
    assert asked(provider)[0].outcome is Outcome.CLIENT_CLOSED


def without_route(analysis: LeadAnalysis) -> LeadAnalysis:
    """Return the analysis without what says how it came about."""
    return analysis.model_copy(
        update={
            "route": Route.LOCAL,
            "degraded_because": None,
            "usage": summarise(()),
            "latency_ms": 0.0,
        }
    )
