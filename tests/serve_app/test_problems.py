"""Claims about the table from errors to problems."""

import inspect

import pytest

from domain import errors
from domain.errors import AgentError, ConflictError, GardenosError, NotFoundError
from serve_app.problems import KINDS, describe, kind_of, problem_of

OURS = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, GardenosError)
]


@pytest.mark.parametrize("cls", OURS)
def test_every_error_of_ours_has_a_row_of_the_table(cls: type[GardenosError]) -> None:
    assert any(parent in KINDS for parent in cls.__mro__)


def test_the_nearest_class_decides() -> None:
    class NarrowConflictError(ConflictError):
        """A conflict that the table does not know."""

    assert kind_of(NarrowConflictError("task", "1", "is done")) is KINDS[ConflictError]


def test_kinds_have_names_of_their_own() -> None:
    names = [kind.name for kind in KINDS.values()]
    assert len(set(names)) == len(names)


def test_a_fault_without_a_row_of_its_own_says_nothing_of_its_inside() -> None:
    assert "secret" not in problem_of(GardenosError("secret"), "/").detail


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (NotFoundError("lead", "a"), "no lead 'a'"),
        (AgentError("payload_invalid", "no lead in it", False), "payload_invalid: no lead in it"),
    ],
)
def test_the_detail_says_what_happened(error: GardenosError, detail: str) -> None:
    assert problem_of(error, "/v1/leads").detail == detail


@pytest.mark.parametrize(
    ("value", "path", "told"),
    [
        (None, ["area_m2"], "null"),
        (17, ["area_m2"], "17"),
        ("x" * 200, ["service"], '"' + "x" * 78 + "…"),
        ([1, 2], ["events"], "a list of 2"),
        ({"a": 1}, ["budget"], "an object of 1"),
        ("+15035550142", ["contact", "phone"], "text of 12 characters"),
        ("call me", ["lead", "message"], "text of 7 characters"),
    ],
)
def test_what_came_is_told_short_and_without_a_persons_data(
    value: object, path: list[str], told: str
) -> None:
    assert describe(value, path) == told
