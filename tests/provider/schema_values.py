"""Values for a JSON schema: whether one fits, the smallest that does, and one that does not."""

import re
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]

_MAX_DEPTH = 12
"""Schemas may refer to themselves; below this depth the shortest way out is taken."""

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "email": "a@example.com",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def fits(value: Any, schema: Schema) -> bool:
    """Return whether a value satisfies a schema."""
    return next(_faults(value, schema, schema), None) is None


def find_faults(value: Any, schema: Schema) -> list[str]:
    """Return what a schema has against a value, by JSON path."""
    return list(_faults(value, schema, schema))


def smallest(schema: Schema) -> Any:
    """Return a value that satisfies a schema and says as little as it may.

    A string with a ``pattern`` is only tried with a few likely texts.
    """
    return _smallest(schema, schema, 0)


def broken(value: Any) -> Any:
    """Return a value of another shape: its first key renamed, or wrapped in a list."""
    if not isinstance(value, dict) or not value:
        return [value]
    first, *rest = value
    return {f"{first}_unexpected": value[first], **{key: value[key] for key in rest}}


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return the schema itself, or the one its ``$ref`` leads to within the root."""
    for _ in range(_MAX_DEPTH):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        target: Any = root
        for part in reference.removeprefix("#").strip("/").split("/"):
            target = target[part] if part else target
        others = {word: value for word, value in schema.items() if word != "$ref"}
        schema = {**target, **others}
    return schema


def _faults(value: Any, schema: Schema, root: Schema, path: str = "$") -> Iterator[str]:
    schema = resolved(schema, root)
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{path}: not {schema['const']!r}"
    if "anyOf" in schema and not any(
        next(_faults(value, choice, root, path), None) is None for choice in schema["anyOf"]
    ):
        yield f"{path}: fits no choice"
    for part in schema.get("allOf", ()):
        yield from _faults(value, part, root, path)
    types = _types_of(schema)
    if types and not any(_TYPES[name](value) for name in types):
        yield f"{path}: not of type {' or '.join(types)}"
        return
    yield from _faults_inside(value, schema, root, path)


def _faults_inside(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _faults_of_object(value, schema, root, path)
    elif isinstance(value, list):
        yield from _outside(len(value), schema, "minItems", "maxItems", path)
        for place, item in enumerate(value):
            yield from _faults(item, schema.get("items", {}), root, f"{path}[{place}]")
    elif isinstance(value, str):
        yield from _outside(len(value), schema, "minLength", "maxLength", path)
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{path}: does not match {schema['pattern']}"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _outside(value, schema, "minimum", "maximum", path)
        if value <= schema.get("exclusiveMinimum", value - 1):
            yield f"{path}: not above {schema['exclusiveMinimum']}"
        if value >= schema.get("exclusiveMaximum", value + 1):
            yield f"{path}: not below {schema['exclusiveMaximum']}"


def _faults_of_object(
    value: dict[str, Any], schema: Schema, root: Schema, path: str
) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name}: missing"
    others = schema.get("additionalProperties", True)
    for name, inner in value.items():
        if name in properties:
            yield from _faults(inner, properties[name], root, f"{path}.{name}")
        elif others is False:
            yield f"{path}.{name}: not allowed"
        elif isinstance(others, dict):
            yield from _faults(inner, others, root, f"{path}.{name}")


def _outside(size: float, schema: Schema, least: str, most: str, path: str) -> Iterator[str]:
    if size < schema.get(least, size):
        yield f"{path}: under {least} {schema[least]}"
    if size > schema.get(most, size):
        yield f"{path}: over {most} {schema[most]}"


def _types_of(schema: Schema) -> list[str]:
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else list(given)


def _smallest(schema: Schema, root: Schema, depth: int) -> Any:
    schema = resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if schema.get(word):
            choices = schema[word]
            return _smallest(_way_out(choices, root, depth), root, depth + 1)
    if schema.get("allOf"):
        merged: Schema = {}
        for part in schema["allOf"]:
            merged |= resolved(part, root)
        return _smallest(merged, root, depth + 1)
    types = _types_of(schema) or (["object"] if "properties" in schema else ["null"])
    kind = "null" if "null" in types else types[0]
    return _MAKERS[kind](schema, root, depth)


def _way_out(choices: list[Schema], root: Schema, depth: int) -> Schema:
    """Return the first choice, or, deep inside, the first that has nothing inside itself."""
    if depth < _MAX_DEPTH // 2:
        return choices[0]
    plain = (
        one for one in choices if not {"object", "array"} & set(_types_of(resolved(one, root)))
    )
    return next(plain, choices[-1])


def _object(schema: Schema, root: Schema, depth: int) -> Any:
    properties = schema.get("properties", {})
    if depth >= _MAX_DEPTH:
        return {}
    return {
        name: _smallest(properties.get(name, {}), root, depth + 1)
        for name in schema.get("required", ())
    }


def _array(schema: Schema, root: Schema, depth: int) -> Any:
    if depth >= _MAX_DEPTH:
        return []
    return [
        _smallest(schema.get("items", {}), root, depth + 1)
        for _ in range(schema.get("minItems", 0))
    ]


def _string(schema: Schema, root: Schema, depth: int) -> Any:
    del root, depth
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    least = schema.get("minLength", 0)
    pattern = schema.get("pattern")
    if not pattern:
        return "x" * least
    likely = ("", "x", "X", "0", "a1", "AA", "USD", "+15550100", "00:00", "2026-01-01", "x" * least)
    return next((one for one in likely if len(one) >= least and re.search(pattern, one)), "x")


def _number(schema: Schema, root: Schema, depth: int) -> Any:
    """Return the number nearest to 0, or just inside an exclusive bound."""
    del root, depth
    tried: list[Any] = [0]
    for word, step in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0)):
        if word in schema:
            tried.append(schema[word] + step)
    if "exclusiveMaximum" in schema:
        least = schema.get(
            "minimum", schema.get("exclusiveMinimum", schema["exclusiveMaximum"] - 2)
        )
        tried += [schema["exclusiveMaximum"] - 1, (least + schema["exclusiveMaximum"]) / 2]
    if "maximum" in schema and "exclusiveMinimum" in schema:
        tried.append((schema["exclusiveMinimum"] + schema["maximum"]) / 2)
    return next((one for one in tried if fits(one, schema)), 0)


_MAKERS: dict[str, Callable[[Schema, Schema, int], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": lambda *_: False,
    "null": lambda *_: None,
}
