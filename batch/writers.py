"""Writes results as they come: JSON Lines with whole analyses, CSV and Parquet as a table."""

import codecs
import contextlib
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import orjson
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from batch.flat import COLUMNS, TEXTS, flat, harmless
from batch.output_file import OutputFile
from batch.results import Failed, Scored
from batch.rows import FileFormat

GROUP_ROWS = 5000
"""Rows of a Parquet row group, all of which are held in memory."""

_INTEGERS = ("line", "score", "cost_nanousd")


class Writer(Protocol):
    """Takes results in the order they are to stand."""

    def write(self, result: Scored | Failed) -> None:
        """Write one row, at once or with those that follow."""
        ...

    def close(self) -> None:
        """Write what is held back; the file itself stays open, and no row may follow."""
        ...

    def abandon(self) -> None:
        """Let go of the file, which will be removed; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """How CSV is written: as the file that is read, so that the same program opens both.

    Attributes:
        delimiter: Between cells; that of a file named ``.tsv`` is always the tab.
        marked: Whether a byte order mark stands first, by which spreadsheets know UTF-8.
    """

    delimiter: str = ","
    marked: bool = False

    def begin(self, output: OutputFile, columns: Sequence[str]) -> Self:
        """Write mark and header; return the style in which to write the file's lines."""
        style = replace(self, delimiter="\t") if output.path.suffix.lower() == ".tsv" else self
        header = style.line(columns, dict(zip(columns, columns, strict=True)))
        output.file.write((codecs.BOM_UTF8 if self.marked else b"") + header)
        return style

    def line(self, columns: Sequence[str], cells: Mapping[str, object]) -> bytes:
        """Return one line of CSV with its end, no cell of it a formula."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter)
        writer.writerow([harmless(cells[name]) for name in columns])
        return text.getvalue().encode()


PLAIN = CsvStyle()


def open_writer(output: OutputFile, file_format: FileFormat, style: CsvStyle = PLAIN) -> Writer:
    """Return a writer of a format into a file under way; the style is that of CSV."""
    if file_format is FileFormat.PARQUET:
        return ParquetTable(output)
    return CsvTable(output, style) if file_format is FileFormat.CSV else JsonLines(output)


class JsonLines:
    """One object a line: line, lead_id and the whole analysis, or the error."""

    def __init__(self, output: OutputFile) -> None:
        self._file = output.file

    def write(self, result: Scored | Failed) -> None:
        """Write one row."""
        line: dict[str, Any] = {"line": result.line, "lead_id": result.lead_id}
        if isinstance(result, Failed):
            line["error"] = result.error
        else:
            line["analysis"] = result.analysis
        self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Hold nothing back."""

    def abandon(self) -> None:
        """Hold nothing."""


class CsvTable:
    """A table in CSV (RFC 4180, UTF-8)."""

    def __init__(self, output: OutputFile, style: CsvStyle) -> None:
        self._file = output.file
        self._style = style.begin(output, COLUMNS)

    def write(self, result: Scored | Failed) -> None:
        """Write one row."""
        self._file.write(self._style.line(COLUMNS, flat(result)))

    def close(self) -> None:
        """Hold nothing back."""

    def abandon(self) -> None:
        """Hold nothing."""


class ParquetTable:
    """A table in Parquet."""

    def __init__(self, output: OutputFile) -> None:
        self._schema = pa.schema([pa.field(name, _type_of(name)) for name in COLUMNS])
        self._parquet = pq.ParquetWriter(output.file, self._schema)
        self._rows: list[dict[str, Any]] = []

    def write(self, result: Scored | Failed) -> None:
        """Write one row, once its group is full."""
        self._rows.append(flat(result))
        if len(self._rows) == GROUP_ROWS:
            self._write_group()

    def close(self) -> None:
        """Write the last group and the end of the file."""
        self._write_group()
        self._parquet.close()

    def abandon(self) -> None:
        """Close the writer of the library, which would do so later and then complain."""
        with contextlib.suppress(OSError, pa.ArrowException):
            self._parquet.close()

    def _write_group(self) -> None:
        if self._rows:
            self._parquet.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()


def _type_of(name: str) -> pa.DataType:
    if name in TEXTS:
        return pa.string()
    return pa.int64() if name in _INTEGERS else pa.float64()
