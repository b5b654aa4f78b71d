"""The check of errors tells those that survive pickling from those that do not."""

from enum import StrEnum
from typing import NewType

import pytest

from tests.shape.errors import find_errors_that_do_not_travel

Name = NewType("Name", str)


class Colour(StrEnum):
    """An enumeration an error may carry."""

    GREEN = "green"


class SoundError(Exception):
    """Hands every argument on, in order."""

    def __init__(self, name: Name, count: int, share: float | None, colour: Colour) -> None:
        super().__init__(name, count, share, colour)
        self.name = name


class PlainError(ValueError):
    """Adds nothing to a built-in error."""


class FormattingError(Exception):
    """Hands on a finished message instead of its arguments."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"{name} {count}")


class ForgettingError(Exception):
    """Hands on the message alone, and so loses the other argument."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class RenamingError(Exception):
    """Reduces itself to another argument than it was given."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __reduce__(self) -> tuple[type[Exception], tuple[str]]:
        return RenamingError, ("other",)


class KeywordError(Exception):
    """Takes an argument by keyword only."""

    def __init__(self, *, name: str) -> None:
        super().__init__(name)


@pytest.mark.parametrize("error_class", [SoundError, PlainError])
def test_a_sound_error_passes(error_class: type[Exception]) -> None:
    assert find_errors_that_do_not_travel([error_class]) == []


@pytest.mark.parametrize(
    ("error_class", "expected"),
    [
        (FormattingError, "missing 1 required positional argument"),
        (ForgettingError, "to super().__init__, was given"),
        (RenamingError, "arrives with fields"),
        (RenamingError, "arrives as"),
        (KeywordError, "by keyword only"),
    ],
)
def test_a_faulty_error_is_found(error_class: type[Exception], expected: str) -> None:
    faults = find_errors_that_do_not_travel([error_class])

    assert any(expected in fault for fault in faults), faults
