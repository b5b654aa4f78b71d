"""The smallest value of a schema fits it, and a broken one does not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.settings import ModelSettings, WritingSettings
from domain.analysis import LeadAnalysis
from domain.follow_up import FollowUpRecord
from domain.lead import Lead
from domain.task import Task
from tests.provider.schema_values import broken, find_faults, fits, smallest

RECURSIVE: dict[str, Any] = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {
            "type": "object",
            "required": ["next", "children"],
            "properties": {
                "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}, "minItems": 0},
            },
        }
    },
}


@pytest.mark.parametrize(
    "model", [Lead, LeadAnalysis, FollowUpRecord, Task, ModelSettings, WritingSettings]
)
def test_the_smallest_value_fits_the_schemas_of_the_product(model: Any) -> None:
    schema = model.model_json_schema()
    assert find_faults(smallest(schema), schema) == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, ""),
        ({"type": "string", "minLength": 3}, "xxx"),
        ({"type": "string", "pattern": "^[A-Z]{3}$"}, "USD"),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, 1),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": ["string", "null"]}, None),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 7}, 7),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, False),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [False, False]),
        ({"allOf": [{"type": "object", "required": ["a"]}]}, {"a": None}),
    ],
)
def test_the_smallest_value_says_as_little_as_it_may(schema: dict[str, Any], value: Any) -> None:
    assert smallest(schema) == value
    assert fits(value, schema)


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    assert fits(smallest(RECURSIVE), RECURSIVE)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"facts": []}, "$.facts: under minItems 1"),
        ({"facts": [3]}, "$.facts[0]: not of type string"),
        ({"facts": ["long"]}, "$.facts[0]: over maxLength 3"),
        ({}, "$.facts: missing"),
        ({"facts": ["a"], "b": 1}, "$.b: not allowed"),
        ([], "$: not of type object"),
    ],
)
def test_what_does_not_fit_is_named(value: Any, fault: str) -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["facts"],
        "properties": {
            "facts": {"type": "array", "minItems": 1, "items": {"type": "string", "maxLength": 3}}
        },
    }
    assert find_faults(value, schema) == [fault]


@given(st.recursive(st.none() | st.booleans() | st.text(), st.lists))
def test_a_broken_value_has_another_shape(value: Any) -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["facts"],
        "properties": {"facts": {}},
    }
    assert fits({"facts": value}, schema)
    assert not fits(broken({"facts": value}), schema)
    assert isinstance(broken(value), list)
