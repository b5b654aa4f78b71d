"""The strict JSON schema of an answer, as providers want it, from a pydantic model."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel

_KEPT = frozenset(
    {
        "type",
        "description",
        "enum",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
    }
)
"""Strict mode knows these keywords everywhere; what others demand, our own validation checks."""


@lru_cache(maxsize=64)
def strict_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of an answer in strict mode; the same object for the same model.

    Every object lists all its properties as required and allows no others, references are
    resolved in place (not every provider follows them), and nothing has a default.

    Raises:
        ValueError: The model refers to itself, or holds a value of no fixed shape; the message
            names the place.
    """
    schema = answer.model_json_schema()
    strict = _strict(schema, schema.get("$defs", {}), (answer.__name__,), frozenset())
    if strict.get("type") != "object":
        raise ValueError(f"{answer.__name__}: an answer must be an object")
    return strict


def _strict(
    schema: dict[str, Any], defs: dict[str, Any], place: tuple[str, ...], open_refs: frozenset[str]
) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is not None:
        if reference in open_refs:
            raise ValueError(f"{'.'.join(place)}: refers to itself")
        target = {**defs[reference.removeprefix("#/$defs/")], **schema}
        del target["$ref"]
        return _strict(target, defs, place, open_refs | {reference})
    kept = {word: value for word, value in schema.items() if word in _KEPT}
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        kept["anyOf"] = [_strict(choice, defs, place, open_refs) for choice in choices]
        return kept
    match schema.get("type"):
        case "object":
            kept.update(_object(schema, defs, place, open_refs))
        case "array":
            kept["items"] = _strict(schema.get("items", {}), defs, (*place, "[]"), open_refs)
        case None if "enum" not in kept:
            raise ValueError(f"{'.'.join(place)}: a value of no fixed shape")
    return kept


def _object(
    schema: dict[str, Any], defs: dict[str, Any], place: tuple[str, ...], open_refs: frozenset[str]
) -> dict[str, Any]:
    properties = schema.get("properties")
    if not properties:
        raise ValueError(f"{'.'.join(place)}: an object of no fixed shape")
    return {
        "properties": {
            name: _strict(inner, defs, (*place, name), open_refs)
            for name, inner in properties.items()
        },
        "required": list(properties),
        "additionalProperties": False,
    }
