"""CSV as people export it: any of four delimiters, a header, cells over several lines."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Self, TextIO

from batch.rows import MAX_LINE_CHARACTERS, Column, Reading, Row, Unreadable
from domain.errors import InvalidInputError

DELIMITERS = ",;\t|"
SAMPLE_RECORDS = 20
LEAST_WIDTH_OF_ROWS = 3
"""Cells that a line inside of a cell must have to be taken for a row."""

_MARK_OF_EXCEL = "sep="


def sniff_delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """Return the delimiter of a file by its first lines, and how many lines precede the header.

    The best delimiter splits the header into more than one cell and the records after it into as
    many; a first line ``sep=;``, which Excel writes, decides by itself.
    """
    first = lines[0].strip().strip('"') if lines else ""
    if first.lower().startswith(_MARK_OF_EXCEL) and len(first) == len(_MARK_OF_EXCEL) + 1:
        return first[-1], 1
    return max(DELIMITERS, key=lambda delimiter: _fitness(lines, delimiter)), 0


def _fitness(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    try:
        found = [record for record in csv.reader(lines, delimiter=delimiter) if record]
    except csv.Error:
        return 0.0, 0
    records = found[:SAMPLE_RECORDS]
    width = len(records[0]) if records else 0
    if width < 2:  # noqa: PLR2004 - one cell says nothing about the delimiter
        return 0.0, 0
    return sum(len(record) == width for record in records) / len(records), width


class CsvSource:
    """A CSV file with a header."""

    def __init__(self, reading: Reading) -> None:
        """Read the header.

        Raises:
            InvalidInputError: There is none, or what stands in its place is a record.
        """
        self._reading = reading
        csv.field_size_limit(MAX_LINE_CHARACTERS)
        with self._open() as file:
            _, header = next(self._records(file), (0, []))
        if not header:
            raise self._error("no header line", "a line of column names before the first lead")
        if any("@" in cell and "." in cell.rpartition("@")[2] for cell in header):
            got = "an e-mail address among the column names"
            raise self._error(got, "a line of column names before the first lead")
        self._names = unique_names(header)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The header's names, each made unique."""
        return tuple(Column(name) for name in self._names)

    def rows(self) -> Iterator[Row | Unreadable]:
        """Yield the records after the header; a line without any text is none.

        Raises:
            InvalidInputError: A line or a cell is beyond its bound, so nobody can say where the
                next record begins.
        """
        width = len(self._names)
        with self._open() as file:
            for line, cells in islice(self._records(file), 1, None):
                if len(cells) > width and any(cell.strip() for cell in cells[width:]):
                    yield Unreadable(line, f"{len(cells)} cells", f"{width}, as in the header")
                else:
                    yield Row(line, dict(zip(self._names, cells, strict=False)))

    def _open(self) -> TextIO:
        return self._reading.path.open(encoding=self._reading.encoding, newline="")

    def _records(self, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        skipped = self._reading.skipped_lines
        lines = _Lines(islice(self._bounded(file), skipped, None))
        reader = csv.reader(lines, delimiter=self._reading.delimiter)
        while True:
            line = skipped + reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                got = f"a record at line {line} that cannot be read ({error})"
                raise self._error(got, "a record whose quotes are closed") from error
            if lines.ended:
                # a reader asks for a line after the last one only where a quote is still open
                opened = skipped + reader.line_num + 1 - max(1, _lines_of(cells[-1]))
                got = f"a quote that opens in line {opened} and is never closed"
                raise self._error(got, "each quote closed")
            if any(cell.strip() for cell in cells):
                yield line, cells

    def _bounded(self, file: TextIO) -> Iterator[str]:
        number = 0
        while True:
            try:
                line = file.readline(MAX_LINE_CHARACTERS + 1)
            except UnicodeDecodeError as error:
                raise self._error("a file that changes", "a file nobody writes to") from error
            number += 1
            if not line:
                return
            if len(line) > MAX_LINE_CHARACTERS:
                got = f"line {number} of more than {MAX_LINE_CHARACTERS} characters"
                raise self._error(got, "shorter lines, each quote closed")
            yield line

    def _error(self, got: str, allowed: str) -> InvalidInputError:
        return InvalidInputError(str(self._reading.path), got, allowed)


class _Lines:
    """Lines that know whether somebody asked beyond the last."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.ended = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        try:
            return next(self._lines)
        except StopIteration:
            self.ended = True
            raise


def _lines_of(cell: str) -> int:
    return sum(1 for _ in io.StringIO(cell, newline=""))


def lines_like_rows(cells: Iterable[object], delimiter: str, width: int) -> int:
    """Return how many lines inside of cells look like rows: what a lost quote swallows.

    Such a line has as many cells as the header, and no blank after a delimiter as prose has.
    """
    return sum(
        line.count(delimiter) == width - 1 and f"{delimiter} " not in line
        for cell in cells
        if width >= LEAST_WIDTH_OF_ROWS and isinstance(cell, str)
        for line in cell.splitlines()[1:]
    )


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Return the header's names trimmed; an empty one is numbered, a repeated one too."""
    names: dict[str, None] = {}
    for number, cell in enumerate(header, start=1):
        name = " ".join(cell.split()) or f"column {number}"
        candidates = chain([name], (f"{name} ({again})" for again in range(2, len(header) + 2)))
        names[next(one for one in candidates if one not in names)] = None
    return tuple(names)
