"""How a model is asked for an answer of a shape, and what is learned from refusals and misfits."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from actors.answer_ladder import (
    MISFITS_BEFORE_STEP,
    RELEARN_S,
    AnswerLadder,
    Manner,
    Rung,
    refused_feature,
)
from actors.errors import Feature
from tests.actors.model_world import (
    ANSWER,
    MODEL,
    QUESTION,
    answering,
    ask_once,
    envelope,
    models_of,
    settings_for,
    settings_for_address,
)
from tests.actors.recorder import Answer, Recorder, Request, completion, refusal
from tests.provider.behaviour import Behaviour
from tests.provider.faults import Fault
from tests.provider.server import Provider

GOOD = json.dumps(ANSWER)


async def _formats(behaviour: Behaviour, questions: int) -> list[str]:
    """Ask some questions of one replica; return what each call asked for."""
    async with Provider(behaviour) as there, models_of(settings_for(there)) as models:
        for number in range(questions):
            reply = await models.open(envelope(number), time.time).ask(QUESTION)
            assert reply.value is not None
        return [call.format for call in there.log.calls]


@pytest.mark.parametrize(
    ("refused", "asked"),
    [
        ((), ["json_schema", "json_schema"]),
        ((Fault.NO_JSON_SCHEMA,), ["json_schema", "json_object", "json_object"]),
        (
            (Fault.NO_JSON_SCHEMA, Fault.NO_JSON_OBJECT),
            ["json_schema", "json_object", "text", "text"],
        ),
    ],
)
async def test_a_refused_rung_is_not_asked_for_again(
    refused: Sequence[Fault], asked: list[str]
) -> None:
    rules = [{"fault": fault} for fault in refused]

    assert await _formats(answering(rules=rules), 2) == asked


async def test_a_model_that_ignores_the_schema_is_told_it_in_words_in_the_end() -> None:
    def answer(request: Request) -> Answer:
        is_told = any("JSON schema" in turn["content"] for turn in request.body["messages"])
        return completion(GOOD if is_told else '{"facts": []}')

    async with Recorder(answer) as there, models_of(settings_for_address(there.base_url)) as models:
        for number in range(MISFITS_BEFORE_STEP + 1):
            reply = await models.open(envelope(number), time.time).ask(QUESTION)
            assert reply.value is not None

    kinds = [request.body["response_format"]["type"] for request in there.requests]
    assert kinds == [*["json_schema"] * 2 * MISFITS_BEFORE_STEP, "json_object"]


async def test_fields_that_newer_models_refuse_are_left_out_from_then_on() -> None:
    def answer(request: Request) -> Answer:
        if "max_tokens" in request.body:
            return refusal(400, "Unsupported parameter: use 'max_completion_tokens' instead.")
        if "temperature" in request.body:
            return refusal(400, "Unsupported value: 'temperature' does not support 0.")
        return completion(GOOD)

    async with Recorder(answer) as there, models_of(settings_for_address(there.base_url)) as models:
        for number in range(2):
            reply = await models.open(envelope(number), time.time).ask(QUESTION)
            assert reply.value is not None

    assert len(there.requests) == 4
    assert there.requests[-1].body["max_completion_tokens"] == QUESTION.max_output_tokens
    assert there.requests[-1].body["response_format"]["type"] == "json_schema"


async def test_refusals_that_no_lesser_request_cures_teach_nothing() -> None:
    broken = True

    def answer(_: Request) -> Answer:
        return refusal(400, "Something is unsupported.") if broken else completion(GOOD)

    async with Recorder(answer) as there, models_of(settings_for_address(there.base_url)) as models:
        reply = await models.open(envelope(), time.time).ask(QUESTION)
        assert str(reply.degraded_because).startswith("bad_request: ")
        broken = False
        await models.open(envelope(), time.time).ask(QUESTION)

    assert len(there.requests) == 4  # three rungs in vain, and then the first again
    assert there.requests[-1].body["response_format"]["type"] == "json_schema"


async def test_only_lower_rungs_describe_the_schema_and_always_at_the_end_of_the_system_turn() -> (
    None
):
    def answer(request: Request) -> Answer:
        if request.body.get("response_format", {}).get("type") == "json_schema":
            return refusal(400, "This response_format type is unavailable now")
        return completion(GOOD)

    async with Recorder(answer) as there:
        await ask_once(settings_for_address(there.base_url), time.time)

    top, lower = (request.body["messages"] for request in there.requests)
    assert top[0]["content"] == QUESTION.system
    assert lower[0]["content"].startswith(QUESTION.system)
    assert '"words"' in lower[0]["content"]
    assert top[1] == lower[1] == {"role": "user", "content": QUESTION.user}


async def test_a_faulty_answer_is_shown_to_the_model_with_what_is_wrong() -> None:
    answers = iter([completion('{"words": "a hedge"}'), completion(GOOD)])
    async with Recorder(lambda _: next(answers)) as there:
        reply, run = await ask_once(settings_for_address(there.base_url), time.time)

    first, second = (request.body["messages"] for request in there.requests)
    assert second[:2] == first
    assert second[2] == {"role": "assistant", "content": '{"words": "a hedge"}'}
    assert second[3]["role"] == "user"
    assert "count: Field required" in second[3]["content"]
    assert reply.value is not None
    assert len(run.usage) == 2


async def test_an_empty_answer_is_not_shown_to_the_model_again() -> None:
    answers = iter([completion(""), completion(GOOD)])
    async with Recorder(lambda _: next(answers)) as there:
        await ask_once(settings_for_address(there.base_url), time.time)

    roles = [turn["role"] for turn in there.requests[1].body["messages"]]
    assert roles == ["system", "user", "user"]


async def test_a_cut_answer_is_asked_for_again_with_twice_the_room() -> None:
    async with Provider(answering(rules=({"fault": "cut_by_length", "times": 1},))) as there:
        reply, run = await ask_once(settings_for(there), time.time)

        assert [call.finish for call in there.log.calls] == ["length", "stop"]
    assert reply.value is not None
    assert len(run.usage) == 2


async def test_a_request_is_the_same_text_up_to_the_user_turn_for_every_task() -> None:
    async with (
        Recorder(lambda _: completion(GOOD)) as there,
        models_of(settings_for_address(there.base_url)) as models,
    ):
        for number in range(2):
            await models.open(envelope(number), time.time).ask(QUESTION)

    first, second = (request.body for request in there.requests)
    assert first == second
    assert first["model"] == MODEL
    assert (first["max_tokens"], first["temperature"]) == (200, 0)


@dataclass(frozen=True)
class Refusal:
    """A provider's words, and the field they speak of."""

    status: int
    text: str
    feature: Feature | None


REFUSALS = [
    Refusal(400, "This response_format type is unavailable now", Feature.ANSWER_FORMAT),
    Refusal(422, '{"detail":[{"loc":["body","response_format"]}]}', Feature.ANSWER_FORMAT),
    Refusal(404, "JSON Schema is not available for this model", Feature.ANSWER_FORMAT),
    Refusal(400, "Unsupported parameter", Feature.ANSWER_FORMAT),
    Refusal(400, "use 'max_completion_tokens' instead", Feature.LENGTH_FIELD),
    Refusal(400, "'temperature' does not support 0", Feature.TEMPERATURE),
    Refusal(404, "The model `x` does not exist; json_schema", None),
    Refusal(400, "context_length_exceeded", None),
    Refusal(400, "messages must not be empty", None),
    Refusal(429, "response_format", None),
    Refusal(500, "json_schema", None),
]


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda one: one.text[:30])
def test_the_words_of_a_refusal_name_the_field(refused: Refusal) -> None:
    assert refused_feature(refused.status, refused.text, Manner()) is refused.feature


def test_below_the_last_rung_there_is_nothing_to_refuse() -> None:
    bare = Manner(Rung.PROMPT, "max_completion_tokens", sends_temperature=False)

    for refused in REFUSALS:
        assert refused_feature(refused.status, refused.text, bare) is None


def test_many_refusals_at_once_step_down_once() -> None:
    ladder = AnswerLadder()
    asked = ladder.manner(0)

    for _ in range(64):
        ladder.learn(Feature.ANSWER_FORMAT, asked, 0)

    assert ladder.manner(0).rung is Rung.JSON_OBJECT


def test_the_top_is_tried_again_after_some_hours() -> None:
    ladder = AnswerLadder()
    ladder.learn(Feature.ANSWER_FORMAT, ladder.manner(0), 0)

    assert ladder.manner(RELEARN_S - 1).rung is Rung.JSON_OBJECT
    assert ladder.manner(RELEARN_S).rung is Rung.JSON_SCHEMA


def test_a_fitting_answer_forgives_the_misfits_before_it() -> None:
    ladder = AnswerLadder()
    for fits in (False, False, True, False, False):
        ladder.note(ladder.manner(0), 0, broke_schema=not fits)

    assert ladder.manner(0).rung is Rung.JSON_SCHEMA
