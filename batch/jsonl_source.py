"""JSON Lines: one object a line, whose names are the columns."""

from collections.abc import Iterator
from itertools import islice
from typing import TextIO

import orjson

from batch.rows import MAX_LINE_CHARACTERS, Column, Reading, Row, Unreadable
from domain.errors import InvalidInputError

SAMPLE_ROWS = 1000
"""Rows whose names are the columns; a name that first comes later becomes an attribute."""

MAX_COLUMNS = 1000
_SKIPPED_AT_ONCE = 2**16
_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "a boolean"}


class JsonlSource:
    """A file of JSON objects, one a line."""

    def __init__(self, reading: Reading) -> None:
        """Read the names of the first rows.

        Raises:
            InvalidInputError: None of the first lines is a JSON object.
        """
        self._reading = reading
        nested: dict[str, bool] = {}
        first: Unreadable | None = None
        for row in islice(self.rows(), SAMPLE_ROWS):
            if isinstance(row, Unreadable):
                first = first or row
                continue
            for name, value in row.values.items():
                if name in nested or len(nested) < MAX_COLUMNS:
                    nested[name] = nested.get(name, False) or isinstance(value, dict | list)
        if not nested:
            got = f"{first.got} in line {first.line}" if first else "no object"
            raise InvalidInputError(str(reading.path), got, "JSON Lines: one object a line")
        self._columns = tuple(Column(name, holds) for name, holds in nested.items())

    @property
    def columns(self) -> tuple[Column, ...]:
        """The names of the first rows, in the order they came."""
        return self._columns

    def rows(self) -> Iterator[Row | Unreadable]:
        """Yield every line but blank ones; a faulty or too long one does no harm to the next."""
        reading = self._reading
        with reading.path.open(encoding=reading.encoding, newline="\n") as file:
            for number, line in _lines(file):
                if line is None:
                    got = f"a line of more than {MAX_LINE_CHARACTERS} characters"
                    yield Unreadable(number, got, "a shorter line")
                elif line.strip():
                    yield _row(number, line)


def _lines(file: TextIO) -> Iterator[tuple[int, str | None]]:
    """Yield number and text of every line, None for one that is too long to be held."""
    number = 0
    while line := file.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(line) <= MAX_LINE_CHARACTERS:
            yield number, line
            continue
        while line and not line.endswith("\n"):
            line = file.readline(_SKIPPED_AT_ONCE)
        yield number, None


def _row(number: int, line: str) -> Row | Unreadable:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Unreadable(number, f"a fault at character {error.pos}", "a JSON object")
    if not isinstance(value, dict):
        return Unreadable(number, _KINDS.get(type(value), "no object"), "a JSON object")
    return Row(number, value)
