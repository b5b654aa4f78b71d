"""How to ask a model for an answer of a shape, learned from what its provider refuses.

Not every provider takes a JSON schema, and not every model takes every field. So each question goes
out on the highest rung that was not refused: ``json_schema``, then ``json_object``, then the prompt
alone. What is learned holds for the replica's life, but is tried again after some hours, since
providers learn too.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

from actors.errors import Feature

RELEARN_S = 6 * 3600.0
"""After so many seconds the top rung and the refused fields are tried again."""

MISFITS_BEFORE_STEP = 3
"""So many answers in a row that break the schema say that the provider does not read it."""

REFUSAL_STATUSES = frozenset({400, 404, 422, 501})

_FORMAT_WORDS = (
    "response_format",
    "response format",
    "json_schema",
    "json schema",
    "json_object",
    "json mode",
    "structured output",
    "unsupported",
    "not supported",
)
_OTHER_FAULTS = ("context_length", "context length", "model_not_found", "does not exist")


class Rung(IntEnum):
    """A way to ask for the shape; a higher number asks for less of the provider."""

    JSON_SCHEMA = 0
    JSON_OBJECT = 1
    PROMPT = 2


@dataclass(frozen=True, slots=True)
class Manner:
    """How to write a request.

    Attributes:
        length_field: Name of the field that bounds the answer's length.
        sends_temperature: Whether to ask for temperature 0.
    """

    rung: Rung = Rung.JSON_SCHEMA
    length_field: str = "max_tokens"
    sends_temperature: bool = True


class AnswerLadder:
    """What is known of one model of one provider."""

    def __init__(self) -> None:
        self._manner = Manner()
        self._learned_at_s = 0.0
        self._misfits = 0

    def manner(self, now_s: float) -> Manner:
        """Return how to ask now."""
        if self._manner != Manner() and now_s - self._learned_at_s >= RELEARN_S:
            self._manner = Manner()
            self._misfits = 0
        return self._manner

    def learn(self, refused: Feature, asked: Manner, now_s: float) -> None:
        """Take note that a request written in a manner was refused for one of its fields.

        Many calls may be refused at once: only one that was written as all are now teaches.
        """
        known = self._manner
        match refused:
            case Feature.ANSWER_FORMAT if asked.rung == known.rung < Rung.PROMPT:
                self._manner = replace(known, rung=Rung(known.rung + 1))
            case Feature.LENGTH_FIELD:
                self._manner = replace(known, length_field="max_completion_tokens")
            case Feature.TEMPERATURE:
                self._manner = replace(known, sends_temperature=False)
            case _:
                return
        self._learned_at_s = now_s

    def revert(self, before: Manner) -> None:
        """Unlearn what came after a manner: asking for less did not help."""
        self._manner = before

    def note(self, asked: Manner, now_s: float, *, broke_schema: bool) -> None:
        """Take note whether a first answer broke the schema that was asked for."""
        self._misfits = self._misfits + 1 if broke_schema else 0
        if self._misfits >= MISFITS_BEFORE_STEP and asked.rung is Rung.JSON_SCHEMA:
            self._misfits = 0
            self.learn(Feature.ANSWER_FORMAT, asked, now_s)


def refused_feature(status: int, text: str, asked: Manner) -> Feature | None:
    """Return the field that a refusal speaks of, or None where it is about something else.

    Args:
        status: HTTP status of the refusal.
        text: Its body, or the start of it.
        asked: How the request was written.
    """
    if status not in REFUSAL_STATUSES:
        return None
    said = text.lower()
    if any(words in said for words in _OTHER_FAULTS):
        return None
    if "max_completion_tokens" in said and asked.length_field == "max_tokens":
        return Feature.LENGTH_FIELD
    if "temperature" in said and asked.sends_temperature:
        return Feature.TEMPERATURE
    if asked.rung is not Rung.PROMPT and any(words in said for words in _FORMAT_WORDS):
        return Feature.ANSWER_FORMAT
    return None
