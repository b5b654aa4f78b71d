"""The file of rows that gave no lead: which line, which field, why."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

import orjson

from batch.output_file import OutputFile
from batch.preparation import Reject
from batch.readers import format_by_name
from batch.rows import FileFormat
from batch.writers import CsvStyle
from domain.errors import InvalidInputError

COLUMNS = tuple(field.name for field in fields(Reject))
_FIRST_LINE_BYTES = 4096


def rejects_format(path: Path) -> FileFormat:
    """Return the format of a rejects file by its name.

    Raises:
        InvalidInputError: It is neither CSV nor JSON Lines.
    """
    named = format_by_name(path)
    if named is None or named is FileFormat.PARQUET:
        raise InvalidInputError("--rejects", str(path), "a name that ends in .csv or .jsonl")
    return named


def stale_rejects(rejects: Path) -> Iterator[Path]:
    """Yield what earlier runs left of rejects under a name of ours, in either format.

    Only what begins as such a file does; any other file of that name is somebody's own.
    """
    for suffix in (".csv", ".jsonl"):
        path = rejects.with_suffix(suffix)
        if path.is_file() and _is_ours(path):
            yield path


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(_FIRST_LINE_BYTES).strip()
    try:
        return tuple(orjson.loads(first)) == COLUMNS
    except (orjson.JSONDecodeError, TypeError):
        cells = re.split(rb"[,;\t|]", first.removeprefix(codecs.BOM_UTF8))
        return cells == [name.encode() for name in COLUMNS]


class RejectsFile:
    """Takes rejects in the order of the file."""

    def __init__(self, output: OutputFile, style: CsvStyle) -> None:
        """Begin the file.

        Raises:
            InvalidInputError: Its name asks for a format it cannot have.
        """
        self._output = output
        self._as_csv = rejects_format(output.path) is FileFormat.CSV
        self.count = 0
        self._style = style.begin(output, COLUMNS) if self._as_csv else style

    def write(self, reject: Reject) -> None:
        """Write one reject."""
        self.count += 1
        told = asdict(reject)
        if self._as_csv:
            line = self._style.line(COLUMNS, told)
        else:
            line = orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
        self._output.file.write(line)
