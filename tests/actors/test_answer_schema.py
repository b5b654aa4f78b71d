"""Strict schemas, checked against the rules that the stand-in keeps as providers do."""

from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, JsonValue

from actors.answer_schema import strict_schema
from tests.provider.strict_mode import find_strict_fault


class Colour(StrEnum):
    """Colours."""

    GREEN = "green"
    BROWN = "brown"


class Plant(BaseModel):
    """A plant."""

    name: str = Field(description="As people call it.", max_length=40, pattern="^[a-z]+$")
    colour: Colour | None = Field(default=None, description="Of its leaves.")
    height_m: Annotated[float, Field(ge=0, le=100)] = 1.0


class Garden(BaseModel):
    """Plants and a favourite."""

    plants: tuple[Plant, ...] = Field(default=(), max_length=5)
    favourite: Plant = Field(description="The one they love.")
    kind: Literal["garden"] = "garden"
    tags: list[str] = []


def test_a_schema_is_strict_all_the_way_down() -> None:
    schema = strict_schema(Garden)

    assert find_strict_fault(schema) is None
    assert schema["required"] == ["plants", "favourite", "kind", "tags"]
    plant = schema["properties"]["plants"]["items"]
    assert plant["required"] == ["name", "colour", "height_m"]
    assert plant["additionalProperties"] is False


def test_descriptions_and_bounds_are_kept_and_the_rest_left_out() -> None:
    schema = strict_schema(Garden)

    plant = schema["properties"]["plants"]["items"]["properties"]
    assert plant["name"] == {"type": "string", "description": "As people call it."}
    assert plant["height_m"] == {"type": "number", "minimum": 0, "maximum": 100}
    leaves, none = plant["colour"]["anyOf"]
    assert (leaves["enum"], none) == (["green", "brown"], {"type": "null"})
    assert schema["properties"]["favourite"]["description"] == "The one they love."
    assert schema["properties"]["kind"]["enum"] == ["garden"]
    assert schema["properties"]["plants"]["maxItems"] == 5


def test_a_schema_is_made_once() -> None:
    assert strict_schema(Garden) is strict_schema(Garden)


class Tree(BaseModel):
    """Refers to itself."""

    branches: list["Tree"]


class Anything(BaseModel):
    """Has a value of any shape."""

    value: JsonValue


class Map(BaseModel):
    """Has names nobody declared."""

    sizes: dict[str, int]


@pytest.mark.parametrize(
    ("answer", "place"),
    [(Tree, "Tree.branches"), (Anything, "Anything.value"), (Map, "Map.sizes")],
)
def test_what_has_no_strict_schema_is_named(answer: type[BaseModel], place: str) -> None:
    with pytest.raises(ValueError, match=place):
        strict_schema(answer)
