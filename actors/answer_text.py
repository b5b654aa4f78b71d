"""From the text of a model's turn to a valid answer, or to what is wrong with it. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

AnswerT = TypeVar("AnswerT", bound=BaseModel)

MAX_SEARCHED_CHARS = 256 * 1024
MAX_OBJECTS_TRIED = 20
MAX_FAULTS_NAMED = 5
MAX_COMPLAINT_CHARS = 600

_THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL | re.IGNORECASE)
_BREAKS_SCHEMA = frozenset({"json_invalid", "missing", "extra_forbidden"})
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Misfit:
    """Text that is no valid answer.

    Attributes:
        complaint: What is wrong, for the model to mend; names fields and none of their values.
        breaks_schema: Whether it is no JSON, or lacks or adds fields: a provider that reads the
            schema cannot answer so.
    """

    complaint: str
    breaks_schema: bool


@dataclass(frozen=True, slots=True)
class Fit(Generic[AnswerT]):
    """Text that is a valid answer."""

    value: AnswerT


def read_answer(text: str, answer: type[AnswerT]) -> Fit[AnswerT] | Misfit:
    """Return the answer that a text holds.

    The text should be one JSON object. Where it is not, thoughts before the answer, a Markdown
    fence and prose around it are passed over, and the first object that fits is taken.
    """
    if not text.strip():
        return Misfit("The answer was empty.", breaks_schema=True)
    try:
        return Fit(answer.model_validate_json(text))
    except ValidationError as error:
        first = error
    misfit = None
    for found in _objects(_THOUGHTS.sub("", text[:MAX_SEARCHED_CHARS])):
        try:
            return Fit(answer.model_validate_json(found))
        except ValidationError as error:
            misfit = misfit or _misfit(error)
    return misfit or _misfit(first)


def _objects(text: str) -> Iterator[str]:
    """Yield the outermost JSON objects in a text, first to last."""
    start = text.find("{")
    for _ in range(MAX_OBJECTS_TRIED):
        if start < 0:
            return
        try:
            _, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield text[start:end]
        start = text.find("{", end)


def _misfit(error: ValidationError) -> Misfit:
    """Return the faults by field; never a value, which may be a person's words."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    named = [
        f"{'.'.join(map(str, fault['loc'])) or 'the whole answer'}: {fault['msg']}"
        for fault in faults[:MAX_FAULTS_NAMED]
    ]
    if len(faults) > MAX_FAULTS_NAMED:
        named.append(f"and {len(faults) - MAX_FAULTS_NAMED} more faults")
    return Misfit(
        "; ".join(named)[:MAX_COMPLAINT_CHARS],
        breaks_schema=any(
            fault["type"] in _BREAKS_SCHEMA or fault["type"].endswith("_type") for fault in faults
        ),
    )
