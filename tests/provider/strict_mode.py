"""What strict mode of json_schema allows in a schema."""

from collections.abc import Iterator
from typing import Any

import orjson

_FORBIDDEN = ("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "default")
_BOUND = 512

_known: dict[bytes, str | None] = {}


def find_strict_fault(schema: dict[str, Any]) -> str | None:
    """Return what strict mode has against a schema, or None.

    Its objects name every property as required and close themselves against others, its root is
    an object and no choice, and a few keywords are not understood. Verdicts are remembered, since
    every call of an agent brings the same schema.
    """
    key = orjson.dumps(schema)
    if key not in _known:
        if len(_known) >= _BOUND:
            _known.clear()
        _known[key] = next(_faults(schema), None)
    return _known[key]


def _faults(schema: dict[str, Any]) -> Iterator[str]:
    if schema.get("type") != "object" or "anyOf" in schema:
        yield "the root must be of type object and no anyOf."
    yield from _faults_at(schema, "()")


def _faults_at(schema: Any, where: str) -> Iterator[str]:
    if not isinstance(schema, dict):
        yield f"In context={where}, a schema must be an object."
        return
    for word in _FORBIDDEN:
        if word in schema:
            yield f"In context={where}, '{word}' is not permitted."
    if schema.get("type") == "object":
        yield from _faults_of_object(schema, where)
    for word in ("properties", "$defs"):
        for name, inner in schema.get(word, {}).items():
            yield from _faults_at(inner, f"{where}.{name}")
    if "items" in schema:
        yield from _faults_at(schema["items"], f"{where}.items")
    for place, inner in enumerate(schema.get("anyOf", ())):
        yield from _faults_at(inner, f"{where}.anyOf[{place}]")


def _faults_of_object(schema: dict[str, Any], where: str) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield (
            f"In context={where}, 'additionalProperties' is required to be supplied and to be"
            " false."
        )
    missing = set(schema.get("properties", {})) - set(schema.get("required", ()))
    if missing:
        names = ", ".join(sorted(missing))
        yield f"In context={where}, 'required' must name every property; missing: {names}."
