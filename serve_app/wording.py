"""What a field would have taken, in the words of who sends JSON instead of Python's."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

ALLOWED: Mapping[str, str] = MappingProxyType(
    {
        "bool_parsing": "true or false",
        "bool_type": "true or false",
        "datetime_from_date_parsing": "a time such as 2026-11-23T12:00:00Z",
        "datetime_parsing": "a time such as 2026-11-23T12:00:00Z",
        "datetime_type": "a time such as 2026-11-23T12:00:00Z",
        "dict_type": "an object",
        "extra_forbidden": "no field of this name",
        "float_parsing": "a number",
        "float_type": "a number",
        "int_from_float": "a whole number",
        "int_parsing": "a whole number",
        "int_type": "a whole number",
        "list_type": "a list",
        "missing": "a value; the field is required",
        "model_attributes_type": "an object",
        "model_type": "an object",
        "string_type": "text",
        "timezone_aware": "a time with its zone, such as 2026-11-23T12:00:00Z",
        "tuple_type": "a list",
        "uuid_parsing": "a UUID",
        "uuid_type": "a UUID",
    }
)
"""By the type of pydantic's error; other types keep pydantic's own sentence."""

PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        r"^[A-Za-z0-9][A-Za-z0-9._:@/-]*$": (
            "letters, digits and . _ : @ / -, with a letter or a digit first"
        ),
        r"^\+[1-9][0-9]{5,14}$": "a phone number such as +15035550142",
        r"^[A-Z]{3}$": "a currency of three letters such as USD",
        r"^[A-Z]{2}$": "a country of two letters such as US",
    }
)
"""By the pattern a text has to follow."""

KINDS: Mapping[type, str] = MappingProxyType(
    {
        bool: "true or false",
        dict: "an object",
        float: "a number",
        int: "a number",
        list: "a list",
        str: "text",
        tuple: "a list",
    }
)


def allowed_of(error: Mapping[str, Any]) -> str:
    """Return what would be accepted where pydantic refused a value."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind in ALLOWED:
        return ALLOWED[kind]
    if kind == "too_short":
        return f"at least {context['min_length']} {_items(context['min_length'])}"
    if kind == "too_long":
        return f"at most {context['max_length']} {_items(context['max_length'])}"
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(str(context["pattern"]), "text of another form")
    return str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")


def kind_of_value(value: object) -> str:
    """Return what sort of JSON a value is, without the value."""
    return KINDS.get(type(value), "a value")


def _items(count: int) -> str:
    return "item" if count == 1 else "items"
