"""Opens a file of leads: finds its format, its encoding and its delimiter, and proves them."""

import io
from itertools import islice
from pathlib import Path

from batch.csv_source import CsvSource, sniff_delimiter
from batch.jsonl_source import JsonlSource
from batch.parquet_source import ParquetSource
from batch.rows import FileFormat, Reading, Source
from batch.survey import Survey, encoding_of, head_of, is_marked, survey
from domain.errors import InvalidInputError

_SUFFIXES = {
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.CSV,
    ".txt": FileFormat.CSV,
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".parquet": FileFormat.PARQUET,
    ".pq": FileFormat.PARQUET,
}
_OTHERS = (
    (b"PK\x03\x04", "a spreadsheet or an archive", "the sheet saved as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet", "the sheet saved as CSV"),
    (b"\x1f\x8b", "a compressed file", "the file unpacked"),
    (b"%PDF", "a PDF", "CSV, JSON Lines or Parquet"),
)
_PARQUET = b"PAR1"
_SAMPLE_LINES = 50
_SAMPLE_LINE_CHARACTERS = 2**16


def format_by_name(path: Path) -> FileFormat | None:
    """Return the format that a file's name tells, or None."""
    return _SUFFIXES.get(path.suffix.lower())


def open_source(path: Path, encoding: str | None = None) -> tuple[Source, Reading, Survey]:
    """Open a file; return it with how it is read and what one pass over it found.

    Args:
        path: The file.
        encoding: Codec the user named, or None to find out.

    Raises:
        InvalidInputError: It is empty, of another kind, or not text of its encoding.
    """
    head = head_of(path)
    file_format = _format_of(path, head)
    if file_format is FileFormat.PARQUET:
        found = survey(path, "")
        reading = Reading(path, file_format)
        return ParquetSource(reading), reading, found
    codec = encoding_of(head, encoding)
    found = survey(path, codec)
    if file_format is FileFormat.JSONL:
        reading = Reading(path, file_format, codec)
        return JsonlSource(reading), reading, found
    delimiter, skipped_lines = sniff_delimiter(_sample(path, codec))
    marked = is_marked(head)
    reading = Reading(path, file_format, codec, delimiter, skipped_lines, marked)
    return CsvSource(reading), reading, found


def _format_of(path: Path, head: bytes) -> FileFormat:
    for magic, what, allowed in _OTHERS:
        if head.startswith(magic):
            raise InvalidInputError(str(path), what, allowed)
    named = format_by_name(path)
    is_parquet = head.startswith(_PARQUET)
    if named is FileFormat.PARQUET or is_parquet:
        if not is_parquet:
            raise InvalidInputError(str(path), "no Parquet file", "a file that begins with PAR1")
        return FileFormat.PARQUET
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"[" and named is not FileFormat.CSV:
        got = "one JSON list"
        raise InvalidInputError(str(path), got, "JSON Lines: one object a line, no list around")
    return named or (FileFormat.JSONL if start == b"{" else FileFormat.CSV)


def _sample(path: Path, codec: str) -> list[str]:
    """Return the first lines, each cut, with line ends, for the look at delimiters."""
    with path.open(encoding=codec, newline="") as file:
        lines = iter(lambda: file.readline(_SAMPLE_LINE_CHARACTERS), "")
        text = "".join(islice(lines, _SAMPLE_LINES))
    return list(io.StringIO(text, newline=""))
