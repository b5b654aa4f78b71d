"""What a call wants answered: facts of a lead, a draft, or something else of a known schema."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from tests.provider.protocol import ChatRequest
from tests.provider.schema_values import Schema, fits, resolved

_BOUND = 256


class Shape(StrEnum):
    """The answers that brains know how to make."""

    FACTS = "lead_facts"
    DRAFT = "follow_up_draft"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the answer must be.

    Attributes:
        schema: Of response_format, else the one the system message shows, else None.
        fact_names: The names that facts may have; empty where any may.
    """

    shape: Shape
    schema: Schema | None
    fact_names: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Return whether the schema, where there is one, accepts a value."""
        return self.schema is None or fits(value, self.schema)


_known: dict[tuple[str | None, bytes, str], Wanted] = {}


def wanted(request: ChatRequest) -> Wanted:
    """Return what a call wants; remembered by schema, or by system message where there is none."""
    shown = orjson.dumps(request.schema) if request.schema is not None else b""
    key = (request.schema_name, shown, "" if shown else request.system)
    if key not in _known:
        if len(_known) >= _BOUND:
            _known.clear()
        _known[key] = _wanted(request)
    return _known[key]


def _wanted(request: ChatRequest) -> Wanted:
    schema = request.schema
    if schema is None:
        shown = (value for value in json_values(request.system) if _is_schema(value))
        schema = next(shown, None)
    shape = _shape(request, schema)
    names = _fact_names(schema) if shape is Shape.FACTS and schema is not None else ()
    return Wanted(shape, schema, names)


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("properties"), dict)


def _shape(request: ChatRequest, schema: Schema | None) -> Shape:
    """Return the shape by the schema's name, else by its properties, else by the prompt's words."""
    prompt = "" if schema is not None else request.system or request.user_turn
    properties = (schema or {}).get("properties", {})
    for shape, key in ((Shape.FACTS, "facts"), (Shape.DRAFT, "body")):
        is_named = request.schema_name == shape.value or shape.value in prompt
        if is_named or key in properties or re.search(rf'["`]{key}["`]', prompt):
            return shape
    return Shape.OTHER


def _fact_names(schema: Schema) -> tuple[str, ...]:
    facts = resolved(schema.get("properties", {}).get("facts", {}), schema)
    item = resolved(facts.get("items", {}), schema)
    name = resolved(item.get("properties", {}).get("name", {}), schema)
    return tuple(one for one in name.get("enum", ()) if isinstance(one, str))


_MAX_VALUES = 20


def json_values(text: str) -> Iterator[Any]:
    """Yield the JSON objects and lists that stand in a text, outermost first, at most 20."""
    at = 0
    for _ in range(_MAX_VALUES):
        starts = [place for mark in "{[" if (place := text.find(mark, at)) >= 0]
        if not starts:
            return
        start = min(starts)
        end = _end_of(text, start)
        try:
            yield orjson.loads(text[start:end])
            at = end
        except orjson.JSONDecodeError:
            at = start + 1


def _end_of(text: str, start: int) -> int:
    """Return the place after the bracket that closes the one at ``start``, or ``start``."""
    depth, quoted, escaped = 0, False, False
    for at in range(start, len(text)):
        char = text[at]
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted, escaped = True, False
        elif char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
            if not depth:
                return at + 1
    return start
