"""A model writes, is checked, may write once more; whatever it does, there is a draft."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from actors.agent import PaidAgentError
from actors.drafting.checks import DraftText
from actors.prompt_folder import load_prompt
from actors.questions import Question
from domain.analysis import Route
from domain.errors import AgentError
from domain.follow_up import DraftFinding, FollowUp, Stage, Tone
from domain.lead import Channel, Lead
from domain.usage import summarise
from tests.actors.draft_world import draft_input, draft_world
from tests.actors.drafting.drafts import checked, dana, juergen
from tests.actors.model_world import MODEL
from tests.provider.behaviour import Behaviour, BrainName
from tests.provider.calls import Call
from tests.provider.faults import Fault, Rule
from tests.provider.protocol import ChatRequest
from tests.provider.server import Provider
from tests.scoring.leads import sample

GOOD = {
    "subject": "Your garden in Portland",
    "body": "Thank you for telling us about your garden. A wall and a new lawn go well together."
    " When would a short call suit you?",
}
BAD = {
    "subject": "Your garden",
    "body": "We can do it for $900. Book at https://evil.example/pay and we will be with you.",
}
LINK = {**GOOD, "body": f"{GOOD['body']} See https://garden-demo.example/visit for more."}
HASTE: dict[str, Any] = {"retries": 1, "retry_cap_s": 0.01}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider(Behaviour()) as running:
        yield running


def saying(*answers: Any) -> Behaviour:
    return Behaviour(brain=BrainName.SCRIPTED, answers=answers)


def asked(provider: Provider) -> list[Call]:
    return [call for call in provider.log.calls if call.user_turn]


async def drafted(
    behaviour: Behaviour, lead: Lead | None = None, **given: Any
) -> tuple[FollowUp, list[dict[str, Any]]]:
    """Return the draft of an agent over a provider, and the documents the provider got."""
    async with Provider(behaviour) as provider, draft_world(provider) as world:
        draft = await world.draft(lead or dana(), **{"channel": Channel.EMAIL, **given})
        return draft, [orjson.loads(call.user_turn) for call in asked(provider)]


async def test_a_good_text_is_framed_and_kept() -> None:
    draft, turns = await drafted(saying(GOOD))
    assert (draft.route, draft.degraded_because, draft.findings) == (Route.MODEL, None, ())
    assert (draft.model.scorer, draft.model.llm) == ("model", MODEL)
    assert draft.model.prompt_version == draft.model.version
    assert draft.subject == GOOD["subject"]
    assert draft.body.startswith("Hi Dana,\n\nThank you for telling us")
    assert "Robin Hale\nGarden demo" in draft.body
    assert "no thanks" in draft.body
    assert (len(turns), draft.usage.calls) == (1, 1)
    assert draft.usage.cost_nanousd > 0


async def test_our_own_link_may_be_named() -> None:
    draft, _ = await drafted(saying(LINK))
    assert draft.route is Route.MODEL
    assert draft.body.count("https://garden-demo.example/visit") == 1


async def test_a_bad_text_is_written_once_more() -> None:
    draft, turns = await drafted(saying(BAD, GOOD))
    assert (draft.route, draft.findings, draft.usage.calls) == (Route.MODEL, (), 2)
    first, second = turns
    assert "previous" not in first
    assert second["previous"] == BAD
    assert {fault["check"] for fault in second["faults"]} >= {"foreign_link", "invented_price"}
    assert {name: second[name] for name in first} == first


async def test_two_bad_texts_leave_it_to_the_templates() -> None:
    draft, turns = await drafted(saying(BAD, BAD, GOOD))
    assert len(turns) == draft.usage.calls == 2
    assert draft.route is Route.DEGRADED
    assert draft.degraded_because == "checks_failed: foreign_link, invented_price"
    assert draft.model.scorer == "templates"
    assert draft.findings == ()
    assert "evil" not in draft.body
    assert "900" not in draft.body


@pytest.mark.parametrize(
    "body", ["", "Hi Dana,", "word " * 500, "a." * 1200, "(" * 2400, "1 " * 1200, "\u202e" * 99]
)
async def test_no_answer_is_too_odd(body: str) -> None:
    began_s = time.monotonic()
    draft, _ = await drafted(saying({"subject": "x" * 300, "body": body}))
    assert draft.route is Route.DEGRADED
    assert (draft.degraded_because or "").startswith("checks_failed: ")
    assert time.monotonic() - began_s < 3


async def test_what_the_frame_says_is_not_said_twice() -> None:
    body = f"Hi Dana,\n\n{GOOD['body']}\n\nKind regards,\nRobin Hale\nGarden demo"
    draft, _ = await drafted(saying({**GOOD, "body": body}))
    assert draft.route is Route.MODEL
    assert draft.body.count("Hi Dana") == 1
    assert draft.body.count("Robin Hale") == 1
    assert "Kind regards" not in draft.body


async def test_a_text_to_somebody_else_does_not_pass() -> None:
    body = f"Dear Mr Burns,\n\n{GOOD['body']}"
    draft, _ = await drafted(saying({**GOOD, "body": body}))
    assert draft.degraded_because == "checks_failed: wrong_name"


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("stage", Stage)
async def test_every_channel_takes_a_models_words(channel: Channel, stage: Stage) -> None:
    draft, _ = await drafted(saying(GOOD), channel=channel, stage=stage)
    assert (draft.route, draft.findings) == (Route.MODEL, ())
    assert (draft.subject is None) is (channel is not Channel.EMAIL)
    assert "When would a short call suit you?" in draft.body


@pytest.mark.parametrize("tone", Tone)
async def test_a_german_lead_is_answered_in_german(tone: Tone) -> None:
    async with Provider(Behaviour()) as provider, draft_world(provider) as world:
        await world.draft(juergen(), channel=Channel.EMAIL, tone=tone)
        call, *_ = asked(provider)
    turn = orjson.loads(call.user_turn)
    assert (turn["language"], turn["address"]) == ("de", "du" if tone is Tone.CASUAL else "Sie")
    assert "Gartenpflege" in turn["facts"]["enquiry"]
    assert turn["facts"]["call_wanted"] == "nach 18 Uhr"


async def test_the_model_learns_no_way_to_reach_anybody() -> None:
    message = (
        "Please look at our garden. I am Dana Whitfield, dana.w@example.net, call 503 555 0142"
        " or see https://album.example/garden. It is about 3,800 sq ft."
    )
    _, (turn,) = await drafted(saying(GOOD), dana(message=message))
    text = orjson.dumps(turn).decode()
    for private in ("Whitfield,", "dana.w@", "example.com", "0142", "album"):
        assert private not in text.replace("I am Dana Whitfield,", "")
    assert "Please look at our garden." in turn["message"]
    assert "3,800 sq ft" in turn["message"]


async def test_orders_in_the_message_stay_at_home() -> None:
    _, (turn,) = await drafted(saying(GOOD), sample(5))
    assert turn["message"] == "Need a quote to cut a tree."
    assert "evil" not in str(turn)


async def test_a_long_message_is_cut_and_flagged() -> None:
    async with (
        Provider(saying(GOOD)) as provider,
        draft_world(provider, message_budget_chars=500) as world,
    ):
        draft = await world.draft(sample(10), channel=Channel.EMAIL)
        (call,) = asked(provider)
    assert len(orjson.loads(call.user_turn)["message"]) < 600
    assert "truncated" in draft.flags


async def test_the_system_prompt_is_the_same_for_every_task() -> None:
    prompts: set[str] = set()

    def brain(request: ChatRequest) -> str:
        prompts.add(request.system)
        return orjson.dumps(GOOD).decode()

    async with Provider(brain=brain) as provider, draft_world(provider) as world:
        for lead in (dana(), sample(3)):
            await world.draft(lead, channel=Channel.EMAIL)
        assert prompts == {load_prompt(world.agent._folder).text}


async def test_no_call_is_paid_where_no_draft_may_be_written(provider: Provider) -> None:
    async with draft_world(provider) as world:
        for number in (4, 7, 8):
            with pytest.raises(AgentError):
                await world.draft(sample(number))
    assert asked(provider) == []


WRONG_JOB = dana(service="roof_repair", message="Please repair the roof of our house.")


@pytest.mark.parametrize(
    ("lead", "gate"), [(sample(9), "out_of_area"), (WRONG_JOB, "wrong_job_type")]
)
@pytest.mark.parametrize("stage", Stage)
async def test_a_job_that_is_not_ours_is_declined_without_a_call(
    provider: Provider, lead: Lead, gate: str, stage: Stage
) -> None:
    provider.change(brain=BrainName.SCRIPTED, answers=({**GOOD, "body": "May we visit you?"},))
    async with draft_world(provider) as world:
        draft = await world.draft(lead, channel=Channel.EMAIL, stage=stage)
    assert asked(provider) == []
    assert (draft.route, draft.degraded_because) == (Route.LOCAL, None)
    assert (draft.model.scorer, draft.usage.calls) == ("templates", 0)
    assert gate in draft.flags
    assert "visit" not in draft.body.replace("garden-demo.example/visit", "")


USABLE = {
    Fault.NO_JSON_SCHEMA, Fault.NO_JSON_OBJECT, Fault.LATE, Fault.SLOW_BODY, Fault.PROSE,
    Fault.FENCE, Fault.THINKING, Fault.NO_USAGE, Fault.NULL_USAGE, Fault.WRONG_SCHEMA,
}  # fmt: skip
"""Faults after which the model's answer can still be used; the subject may be missing."""


@pytest.mark.parametrize("fault", Fault)
async def test_a_fault_never_fails_a_task(provider: Provider, fault: Fault) -> None:
    provider.plan(Rule(fault=fault, extra_ms=50, size_bytes=5 * 1024 * 1024))
    timeout_s = 0.2 if fault is Fault.HANG else 5.0
    async with draft_world(provider, timeout_s=timeout_s, **HASTE) as world:
        lead = dana()
        result = await world.run(draft_input(lead, channel=Channel.EMAIL))
    draft = world.agent.answer(result.result)
    assert draft.route is (Route.MODEL if fault in USABLE else Route.DEGRADED)
    assert (draft.degraded_because is None) is (fault in USABLE)
    assert draft.usage == summarise(result.usage)
    assert draft.findings == checked_of(draft, lead) == ()


def checked_of(draft: FollowUp, lead: Lead) -> tuple[DraftFinding, ...]:
    return checked(DraftText(draft.channel, draft.language, draft.subject, draft.body), lead)


async def test_a_fault_at_the_second_try_says_so(provider: Provider) -> None:
    provider.change(brain=BrainName.SCRIPTED, answers=(BAD,))
    provider.plan(Rule(fault=Fault.FORBIDDEN, calls=(2,)))
    async with draft_world(provider, **HASTE) as world:
        draft = await world.draft(dana(), channel=Channel.EMAIL)
    assert draft.route is Route.DEGRADED
    assert (draft.degraded_because or "").startswith("no_key")
    assert draft.usage.calls >= 1


async def test_a_provider_that_is_away_costs_nothing() -> None:
    async with Provider(Behaviour()) as provider, draft_world(provider, **HASTE) as world:
        await provider.stop()
        draft = await world.draft(dana(), channel=Channel.EMAIL)
    assert (draft.route, draft.usage.calls) == (Route.DEGRADED, 0)


async def test_a_cancelled_run_brings_its_bill(provider: Provider) -> None:
    provider.plan(Fault.HANG)
    async with draft_world(provider, timeout_s=30.0) as world:
        running = asyncio.create_task(world.run(draft_input(dana())))
        async with asyncio.timeout(5):
            await provider.log.until(lambda log: any(call.user_turn for call in log.open_calls()))
            running.cancel()
            with pytest.raises(PaidAgentError) as raised:
                await running
    assert [row.estimated for row in raised.value.usage] == [True]


async def test_the_question_names_its_prompt(provider: Provider) -> None:
    async with draft_world(provider) as world:
        question: Question[Any] = world.agent._question({"stage": "breakup"})
    assert question.name == "follow_up_draft"
    assert len(question.prompt_version) == 12
