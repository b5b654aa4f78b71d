"""Claims about reading files: formats, delimiters, encodings, line numbers, bounded memory."""

import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from batch.csv_source import lines_like_rows, sniff_delimiter, unique_names
from batch.readers import open_source
from batch.rows import FileFormat, Row, Unreadable
from domain.errors import InvalidInputError
from tests.batch.files import write, write_parquet


def rows_of(path: Path, encoding: str | None = None) -> list[Row | Unreadable]:
    """Return everything a file gives."""
    source, _, _ = open_source(path, encoding)
    return list(source.rows())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(("name", "note")) + "\n" + delimiter.join(("Ada", '"a, b; c"')) + "\n"
    (row,) = rows_of(write(tmp_path, "leads.csv", text))
    assert row == Row(2, {"name": "Ada", "note": "a, b; c"})


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["a;b\n", "1,5;2,5\n"], (";", 0)),
        (["a,b\n", "1;2,3;4\n"], (",", 0)),
        (["sep=|\n", "a|b\n"], ("|", 1)),
        (["email\n", "ada@example.com\n"], (",", 0)),
        ([], (",", 0)),
    ],
)
def test_a_delimiter_is_judged_by_the_records_after_it(
    lines: list[str], found: tuple[str, int]
) -> None:
    assert sniff_delimiter(lines) == found


def test_the_mark_of_a_spreadsheet_is_skipped_and_lines_count_on(tmp_path: Path) -> None:
    rows = rows_of(write(tmp_path, "leads.csv", "sep=;\r\nname;note\r\nAda;x\r\n"))
    assert rows == [Row(3, {"name": "Ada", "note": "x"})]


def test_a_cell_over_several_lines_is_one_row_and_the_next_keeps_its_line(tmp_path: Path) -> None:
    rows = rows_of(write(tmp_path, "a.csv", 'name,note\n"Ada","one\ntwo"\n\n,,\nBea,x\n'))
    assert rows == [
        Row(2, {"name": "Ada", "note": "one\ntwo"}),
        Row(6, {"name": "Bea", "note": "x"}),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a;b;c\n1;2;"x\n3;4;5\n6;7;8\n', 2),
        ('a;b;c\r\n1;2;3\r\n3;4;"x\r\n6;7;8', 3),
        ('a;b;c\n1;"x\ny";"z\n', 3),
        ('a;b;c\n1;2;"', 2),
        ('sep=;\na;b;c\n1;2;"x\n', 3),
        ('a;"b;c\n1;2;3\n', 1),
    ],
)
def test_a_quote_that_is_never_closed_is_named_with_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    path = write(tmp_path, "a.csv", text)
    with pytest.raises(InvalidInputError, match=rf"opens in line {line} and is never closed"):
        rows_of(path)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_a_closed_cell_at_the_end_of_a_file_is_read(tmp_path: Path, end: str) -> None:
    (row,) = rows_of(write(tmp_path, "a.csv", f'a;b\n1;"x\n""y"" 2"{end}'))
    assert row == Row(2, {"a": "1", "b": 'x\n"y" 2'})


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("Rasen\nq-2;B;Hecke", 1),
        ("Rasen\nq-2;B;Hecke\nq-3;C;Teich\n", 2),
        ("Rasen;\nHecke; Teich; Zaun", 0),
        ("q-1;A;x", 0),
        ("Rasen\nHecke", 0),
    ],
)
def test_lines_of_a_cell_that_look_like_rows_are_counted(cell: str, found: int) -> None:
    assert lines_like_rows(["q-1", None, cell], ";", 3) == found


def test_a_short_row_is_read_and_a_long_one_is_not(tmp_path: Path) -> None:
    rows = rows_of(write(tmp_path, "a.csv", "name,note\nAda\nBea,x,,\nCyd,x,y\n"))
    assert rows == [
        Row(2, {"name": "Ada"}),
        Row(3, {"name": "Bea", "note": "x"}),
        Unreadable(4, "3 cells", "2, as in the header"),
    ]


def test_names_of_columns_are_made_unique() -> None:
    assert unique_names(["a", " a ", "", "a (2)", "b\nc"]) == (
        "a",
        "a (2)",
        "column 3",
        "a (2) (2)",
        "b c",
    )


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("name,note\nJürgen,ß\n".encode(), None),
        ("name,note\nJürgen,ß\n".encode("utf-8-sig"), None),
        ("name,note\nJürgen,ß\n".encode("utf-16"), None),
        ("name,note\nJürgen,ß\n".encode("cp1252"), "cp1252"),
        ("name,note\nJürgen,ß\n".encode("utf-16-le"), "UTF-16LE"),
    ],
)
def test_encodings_are_told_by_their_mark_or_by_the_user(
    tmp_path: Path, content: bytes, encoding: str | None
) -> None:
    assert rows_of(write(tmp_path, "a.csv", content), encoding) == [
        Row(2, {"name": "Jürgen", "note": "ß"})
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "leads", "a.json"])
def test_json_lines_are_read_line_by_line_with_their_faults(tmp_path: Path, name: str) -> None:
    text = '{"a": 1}\n\n{"a": [2]}\n{"a"\n7\n{"b": "x"}'
    rows = rows_of(write(tmp_path, name, text))
    assert rows == [
        Row(1, {"a": 1}),
        Row(3, {"a": [2]}),
        Unreadable(4, "a fault at character 5", "a JSON object"),
        Unreadable(5, "a number", "a JSON object"),
        Row(6, {"b": "x"}),
    ]


def test_columns_of_json_lines_are_those_of_its_rows_together(tmp_path: Path) -> None:
    source, reading, _ = open_source(write(tmp_path, "a.jsonl", '{"a": 1}\n{"b": {}, "a": 2}\n'))
    assert [(one.name, one.nested) for one in source.columns] == [("a", False), ("b", True)]
    assert reading.format is FileFormat.JSONL


def test_a_line_of_ten_megabytes_is_one_reject_of_json_lines(tmp_path: Path) -> None:
    long_line = '{"a": "' + "x" * 10_000_000 + '"}\n'
    path = write(tmp_path, "a.jsonl", '{"a": 1}\n' + long_line + '{"a": 2}\n')
    tracemalloc.start()
    rows = rows_of(path)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [type(row) for row in rows] == [Row, Unreadable, Row]
    assert rows[1].line == 2
    assert most_bytes < 8 * 2**20


def test_a_file_is_never_held_whole(tmp_path: Path) -> None:
    line = "Ada,ada@example.com," + "x" * 200 + "\n"
    path = write(tmp_path, "a.csv", "name,mail,note\n" + line * 40_000)
    source, _, _ = open_source(path)
    tracemalloc.start()
    count = sum(1 for _ in source.rows())
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 40_000
    assert most_bytes < 2**20


def test_parquet_gives_values_of_json(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "id": [1, 2],
        "at": [datetime(2026, 11, 20, 8, tzinfo=UTC), None],
        "day": [date(2026, 11, 20), None],
        "price": [Decimal("2.50"), Decimal("3.00")],
        "share": [float("nan"), 0.5],
        "contact": [{"email": "a@example.com"}, None],
        "raw": [b"x", b"y"],
    }
    path = write_parquet(tmp_path, "a.parquet", columns)
    source, reading, _ = open_source(path)
    rows = list(source.rows())
    assert reading.format is FileFormat.PARQUET
    assert [one.name for one in source.columns if one.nested] == ["contact"]
    assert rows[0] == Row(
        1,
        {
            "id": 1,
            "at": "2026-11-20T08:00:00+00:00",
            "day": "2026-11-20",
            "price": 2.5,
            "share": None,
            "contact": {"email": "a@example.com"},
            "raw": "x",
        },
    )
    assert rows[1].line == 2


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "an empty file"),
        ("a.csv", b"\xef\xbb\xbf\r\n", "an empty file"),
        ("a.jsonl", b"\n \n", "an empty file"),
        ("a.parquet", b"", "an empty file"),
        ("a.csv", "name,note\nJürgen,x\n".encode("cp1252"), "byte 0xfc at position 11"),
        ("a.jsonl", b'{"a": "\xff"}', "byte 0xff at position 7"),
        ("a.csv", b"n\x00a\x00", "byte 0x00 at position 1"),
        ("a.csv", b"a" * 2**20 + b"\xfc\n", f"byte 0xfc at position {2**20}"),
        ("a.csv", b"name,note\nAda,\xc3", "byte 0xc3 at position 14"),
        ("a.csv", b"ada@example.com,Ada\nbea@example.com,Bea\n", "an e-mail address among"),
        ("a.json", b'[{"a": 1}]', "one JSON list"),
        ("a.jsonl", b'{"a": 1\n', "a fault at character"),
        ("a.xlsx", b"PK\x03\x04...", "a spreadsheet"),
        ("a.csv.gz", b"\x1f\x8b...", "a compressed file"),
        ("a.parquet", b"name,note\n", "no Parquet file"),
        ("a.parquet", b"PAR1 and then nothing of the kind", "cannot be read as Parquet"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(InvalidInputError) as refusal:
        rows_of(path)
    assert refusal.value.field == str(path)
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name,note\nAda," + "x" * 10_000_000 + "\nBea,y\n", "line 2 of more than 1048576"),
        ('name,note\nAda,"' + "x\n" * 1_000_000, "a record at line 2 that cannot be read"),
    ],
)
def test_csv_ends_where_nobody_can_say_where_the_next_record_begins(
    tmp_path: Path, content: str, told: str
) -> None:
    path = write(tmp_path, "a.csv", content)
    with pytest.raises(InvalidInputError, match=told):
        rows_of(path)


def test_an_encoding_that_is_none_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "name,note\n")
    for name in ("klingon", "base64"):
        with pytest.raises(InvalidInputError, match=f"--encoding: got {name}"):
            open_source(path, name)
