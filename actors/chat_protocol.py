"""The chat completions protocol, as much as we speak of it: requests out, answers in. Pure."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic

import msgspec
import orjson
from pydantic import BaseModel

from actors.answer_ladder import Manner, Rung
from actors.answer_schema import strict_schema
from actors.questions import AnswerT, Question

FINISHED_BY_LENGTH = "length"
FINISHED_BY_FILTER = "content_filter"

MAX_TOKENS_BELIEVED = 100_000_000
"""A provider that counts more for one call has counted wrong."""

MAX_QUOTED_CHARS = 8000
"""So much of a faulty answer is shown to the model again."""

Turn = dict[str, str]


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The shape of an answer, written out once for every way to ask for it.

    Attributes:
        response_format: Field of the request by rung, as JSON; None for the prompt alone.
        in_words: What the system turn says of the shape where the provider reads no schema.
        schema: The schema as JSON text.
    """

    response_format: dict[Rung, orjson.Fragment | None]
    in_words: str
    schema: str


@lru_cache(maxsize=64)
def answer_form(name: str, answer: type[BaseModel]) -> AnswerForm:
    """Return the form of an answer; made once per answer model.

    Raises:
        ValueError: The model has no strict schema.
    """
    schema = strict_schema(answer)
    wanted = {
        "type": "json_schema",
        "json_schema": {"name": name, "strict": True, "schema": schema},
    }
    text = orjson.dumps(schema).decode()
    return AnswerForm(
        response_format={
            Rung.JSON_SCHEMA: orjson.Fragment(orjson.dumps(wanted)),
            Rung.JSON_OBJECT: orjson.Fragment(b'{"type":"json_object"}'),
            Rung.PROMPT: None,
        },
        in_words="Answer with one JSON object and nothing before or after it."
        f" It must fit this JSON schema:\n{text}",
        schema=text,
    )


@dataclass(frozen=True, slots=True)
class Ask(Generic[AnswerT]):
    """One request to be written: a question, and what came of it so far.

    Attributes:
        max_tokens: Bound of this answer's length.
        repair: Turns after the question: a faulty answer, and what is wrong with it.
    """

    question: Question[AnswerT]
    form: AnswerForm
    manner: Manner
    max_tokens: int
    repair: tuple[Turn, ...] = ()

    def turns(self) -> list[Turn]:
        """Return the turns of the conversation."""
        system = self.question.system
        if self.manner.rung is not Rung.JSON_SCHEMA:
            system = f"{system}\n\n{self.form.in_words}"
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": self.question.user},
            *self.repair,
        ]

    def texts(self) -> list[str]:
        """Return everything of the prompt that is counted in tokens."""
        texts = [turn["content"] for turn in self.turns()]
        return [*texts, self.form.schema] if self.manner.rung is Rung.JSON_SCHEMA else texts

    def body(self, model: str) -> bytes:
        """Return the request's body."""
        body: dict[str, Any] = {
            "model": model,
            "messages": self.turns(),
            self.manner.length_field: self.max_tokens,
        }
        wanted = self.form.response_format[self.manner.rung]
        if wanted is not None:
            body["response_format"] = wanted
        if self.manner.sends_temperature:
            body["temperature"] = 0
        return orjson.dumps(body)


def repair_turns(content: str, complaint: str, form: AnswerForm, rung: Rung) -> tuple[Turn, ...]:
    """Return the turns that ask a model to mend its answer.

    The schema is written out where the model had it from the provider alone, which may not have
    passed it on.
    """
    asked = (
        f"That answer cannot be used. {complaint}\n"
        "Answer again: one whole JSON object that mends this, and nothing else."
    )
    if rung is Rung.JSON_SCHEMA:
        asked += f" It must fit this JSON schema:\n{form.schema}"
    turn = {"role": "user", "content": asked}
    if not content.strip():
        return (turn,)  # an empty turn of the assistant is refused by some providers
    return ({"role": "assistant", "content": content[:MAX_QUOTED_CHARS]}, turn)


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Envelope(msgspec.Struct):
    choices: list[_Choice]
    usage: Any = None


_ENVELOPES = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider says it counted; ``cached`` is part of ``prompt``."""

    prompt: int
    cached: int
    completion: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's turn.

    Attributes:
        tokens: None where the provider did not say.
    """

    content: str
    is_cut: bool
    is_refused: bool
    tokens: Tokens | None


def read_completion(body: bytes) -> Completion | None:
    """Return the turn that an answer brings, or None where it brings none.

    Fields that are not known are passed over.
    """
    try:
        envelope = _ENVELOPES.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if not envelope.choices:
        return None
    choice = envelope.choices[0]
    return Completion(
        content=choice.message.content or "",
        is_cut=choice.finish_reason == FINISHED_BY_LENGTH,
        is_refused=bool(choice.message.refusal) or choice.finish_reason == FINISHED_BY_FILTER,
        tokens=read_tokens(envelope.usage),
    )


def read_tokens(usage: object) -> Tokens | None:
    """Return the tokens of a ``usage`` field, or None where it does not say them.

    Tokens from the cache stand in ``prompt_tokens_details.cached_tokens``, at DeepSeek's own API
    in ``prompt_cache_hit_tokens``.
    """
    if not isinstance(usage, dict):
        return None
    prompt = _count(usage.get("prompt_tokens"))
    completion = _count(usage.get("completion_tokens"))
    if prompt is None or completion is None:
        return None
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    if cached is None:
        cached = _count(usage.get("prompt_cache_hit_tokens"))
    return Tokens(prompt=prompt, cached=min(cached or 0, prompt), completion=completion)


def _count(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_TOKENS_BELIEVED else None
