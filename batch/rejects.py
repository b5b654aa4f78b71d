"""The file of rows that gave no lead: which line, which field, why."""

from dataclasses import asdict, fields
from pathlib import Path

import orjson

from batch.output_file import OutputFile
from batch.preparation import Reject
from batch.readers import format_by_name
from batch.rows import FileFormat
from batch.writers import csv_line
from domain.errors import InvalidInputError

COLUMNS = tuple(field.name for field in fields(Reject))


def rejects_format(path: Path) -> FileFormat:
    """Return the format of a rejects file by its name.

    Raises:
        InvalidInputError: It is neither CSV nor JSON Lines.
    """
    named = format_by_name(path)
    if named is None or named is FileFormat.PARQUET:
        raise InvalidInputError("--rejects", str(path), "a name that ends in .csv or .jsonl")
    return named


class RejectsFile:
    """Takes rejects in the order of the file."""

    def __init__(self, output: OutputFile) -> None:
        """Begin the file.

        Raises:
            InvalidInputError: Its name asks for a format it cannot have.
        """
        self._output = output
        self._as_csv = rejects_format(output.path) is FileFormat.CSV
        self.count = 0
        if self._as_csv:
            header = dict(zip(COLUMNS, COLUMNS, strict=True))
            output.file.write(csv_line(COLUMNS, header))

    def write(self, reject: Reject) -> None:
        """Write one reject."""
        self.count += 1
        told = asdict(reject)
        if self._as_csv:
            line = csv_line(COLUMNS, told)
        else:
            line = orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
        self._output.file.write(line)
