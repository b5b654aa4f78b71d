"""What a file of leads is made of: its format, its columns, its rows and what is no row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

MAX_LINE_CHARACTERS = 2**20
"""Longest line of a text file; a lead's message and attributes together are at most 96 KiB."""


class FileFormat(StrEnum):
    """A format that is read and written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read; two readings of one file may give other rows.

    Attributes:
        encoding: Codec of a text file; empty for Parquet.
        delimiter: Between the cells of CSV; empty for others.
        skipped_lines: Lines before the header of CSV, such as ``sep=;``.
        marked: Whether a byte order mark stands first.
    """

    path: Path
    format: FileFormat
    encoding: str = ""
    delimiter: str = ""
    skipped_lines: int = 0
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name; ``nested`` where it holds objects or lists."""

    name: str
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Attributes:
        line: Where it begins, from 1: a line of a text file, a row of Parquet.
        values: By column; JSON values, text of CSV as it stands.
    """

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that gives no row; the next one may."""

    line: int
    got: str
    allowed: str


class Source(Protocol):
    """An opened file of leads."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in their order; those of JSON Lines as far as its first lines show."""
        ...

    def rows(self) -> Iterator[Row | Unreadable]:
        """Yield every record in file order, reading as it goes; callable again.

        Raises:
            InvalidInputError: The rest of the file cannot be read; says where.
        """
        ...
