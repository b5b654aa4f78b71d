"""A person's name, as everybody gives it who decides something."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from domain.follow_up import PersonName


def readable(text: str) -> str:
    """Refuse what nobody can read: blanks and hidden characters alone."""
    if not any(char.isalnum() for char in text):
        raise ValueError("text with a letter or a digit")
    return text


def _on_one_line(text: str) -> str:
    """Refuse what lists of decisions could not show as one name."""
    if len(text.splitlines()) > 1:
        raise ValueError("a name on one line")
    return text


Person = Annotated[
    PersonName,
    StringConstraints(strip_whitespace=True),
    AfterValidator(readable),
    AfterValidator(_on_one_line),
]
