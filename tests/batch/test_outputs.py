"""Claims about the files a run leaves: whole or not at all, in order, safe to open."""

import csv
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types
import pytest

from batch.flat import COLUMNS, flat, harmless
from batch.output_file import OutputFile
from batch.outputs import check_apart, open_outputs
from batch.preparation import Person, Reject
from batch.results import Failed, RowResult, Scored
from batch.rows import FileFormat
from batch.writers import CsvStyle
from domain.errors import InvalidInputError
from tests.batch.analyses import an_analysis

RESULTS: list[RowResult] = [
    Scored(2, "a", an_analysis("a")),
    Reject(3, "b", "lead_id", "the id of line 2", "an id of its own"),
    Failed(4, "c", "agent_failed: it broke"),
    Scored(5, "d", an_analysis("d", grade="A", route="model", usage={"cost_nanousd": 1500})),
]


def written(folder: Path, name: str, file_format: FileFormat) -> Path:
    """Write the results and return the file."""
    out = folder / name
    with open_outputs(out, file_format, folder / "r.csv", always_rejects=False) as outputs:
        for result in RESULTS:
            outputs.write(result)
    return out


def test_json_lines_hold_whole_analyses(tmp_path: Path) -> None:
    out = written(tmp_path, "out.jsonl", FileFormat.JSONL)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert lines == [
        {"line": 2, "lead_id": "a", "analysis": an_analysis("a")},
        {"line": 4, "lead_id": "c", "error": "agent_failed: it broke"},
        {
            "line": 5,
            "lead_id": "d",
            "analysis": an_analysis("d", grade="A", route="model", usage={"cost_nanousd": 1500}),
        },
    ]


def test_csv_and_parquet_hold_the_same_table(tmp_path: Path) -> None:
    with written(tmp_path, "out.csv", FileFormat.CSV).open(newline="") as file:
        table = list(csv.DictReader(file))
    parquet = pq.read_table(written(tmp_path, "out.parquet", FileFormat.PARQUET))
    assert tuple(table[0]) == tuple(parquet.column_names) == COLUMNS
    assert [row["line"] for row in table] == ["2", "4", "5"]
    as_text = [
        {name: "" if cell is None else str(cell) for name, cell in row.items()}
        for row in parquet.to_pylist()
    ]
    assert as_text == table


def test_a_flat_row_says_what_a_seller_looks_for() -> None:
    cells = flat(Scored(2, "a", an_analysis("a", degraded_because="rate_limited: busy")))
    assert (
        cells["reasons"] == "source: referral (+0.90); decision role: owner (+0.35); photos (+0.20)"
    )
    assert cells["next_action"] == "call"
    assert cells["next_action_due"] == "2026-11-23T09:00:00Z"
    assert cells["missing"] == "area_m2, timeline"
    assert cells["degraded_because"] == "rate_limited: busy"
    assert cells["error"] is None


def test_a_closed_gate_is_the_reason() -> None:
    gates = [
        {"gate": "out_of_area", "evidence": "80 km away", "undone": True},
        {"gate": "spam", "evidence": "win a\nprize"},
    ]
    assert flat(Scored(2, "a", an_analysis(gates=gates)))["reasons"] == "spam: win a prize"


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "+491234567+cmd()"])
def test_no_text_is_taken_for_a_formula(text: str) -> None:
    assert harmless(text) == "'" + text


def test_numbers_stay_numbers() -> None:
    assert harmless(-0.5) == -0.5


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl"])
def test_rejects_say_line_field_and_reason(tmp_path: Path, name: str) -> None:
    rejects = tmp_path / name
    with open_outputs(tmp_path / "o.csv", FileFormat.CSV, rejects, always_rejects=False) as outputs:
        for result in RESULTS:
            outputs.write(result)
    if name == "r.jsonl":
        (found,) = [json.loads(line) for line in rejects.read_text().splitlines()]
    else:
        with rejects.open(newline="") as file:
            (found,) = list(csv.DictReader(file))
    assert {name: str(value) for name, value in found.items()} == {
        "line": "3",
        "lead_id": "b",
        "field": "lead_id",
        "got": "the id of line 2",
        "allowed": "an id of its own",
    }


@pytest.mark.parametrize("asked", [False, True])
def test_without_a_reject_the_file_is_written_only_where_it_was_asked_for(
    tmp_path: Path, *, asked: bool
) -> None:
    rejects = tmp_path / "r.csv"
    with open_outputs(tmp_path / "o.csv", FileFormat.CSV, rejects, always_rejects=asked):
        pass
    assert rejects.exists() == asked
    if asked:
        assert rejects.read_text().splitlines() == ["line,lead_id,field,got,allowed"]


def rejecting(folder: Path, name: str, count: int, *, asked: bool = False) -> None:
    """Do a run that leaves so many rejects."""
    out = folder / "o.csv"
    with open_outputs(out, FileFormat.CSV, folder / name, always_rejects=asked) as outputs:
        for _ in range(count):
            outputs.write(RESULTS[1])


@pytest.mark.parametrize("older", ["r.csv", "r.jsonl"])
@pytest.mark.parametrize(("count", "left"), [(0, []), (1, ["r.csv"])])
def test_rejects_of_an_earlier_run_never_lie_beside_newer_results(
    tmp_path: Path, older: str, count: int, left: list[str]
) -> None:
    rejecting(tmp_path, older, 2)
    assert (tmp_path / older).exists()
    rejecting(tmp_path, "r.csv", count)
    assert sorted(one.name for one in tmp_path.glob("r.*")) == left


def test_a_file_of_somebodys_own_is_not_taken_for_rejects(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("name,why\nAda,too far\n")
    (tmp_path / "r.jsonl").write_text('{"name": "Ada"}\n')
    rejecting(tmp_path, "r.csv", 0)
    assert sorted(one.name for one in tmp_path.glob("r.*")) == ["r.csv", "r.jsonl"]


def test_a_place_that_was_named_leaves_others_alone(tmp_path: Path) -> None:
    rejecting(tmp_path, "r.jsonl", 1)
    rejecting(tmp_path, "r.csv", 1, asked=True)
    assert sorted(one.name for one in tmp_path.glob("r.*")) == ["r.csv", "r.jsonl"]


@pytest.mark.parametrize(
    ("name", "style", "begins"),
    [
        ("o.csv", CsvStyle(), b"line,lead_id,name,phone,email,score,"),
        ("o.csv", CsvStyle(";"), b"line;lead_id;name;"),
        ("o.csv", CsvStyle(";", marked=True), b"\xef\xbb\xbfline;lead_id;name;"),
        ("o.tsv", CsvStyle(";"), b"line\tlead_id\tname\t"),
    ],
)
def test_csv_is_written_as_it_was_read(
    tmp_path: Path, name: str, style: CsvStyle, begins: bytes
) -> None:
    out, rejects = tmp_path / name, tmp_path / "r.csv"
    with open_outputs(out, FileFormat.CSV, rejects, always_rejects=True, style=style) as outputs:
        for result in RESULTS:
            outputs.write(result)
    assert out.read_bytes().startswith(begins)
    mark = b"\xef\xbb\xbf" if style.marked else b""
    header = style.delimiter.join(("line", "lead_id", "field", "got", "allowed"))
    assert rejects.read_bytes().startswith(mark + header.encode())


def test_a_table_says_who_a_row_is_about(tmp_path: Path) -> None:
    person = Person("Ada König", "+4930123456", "=cmd@example.com")
    out = tmp_path / "o.csv"
    rejects = tmp_path / "r.csv"
    with open_outputs(out, FileFormat.CSV, rejects, always_rejects=False) as outputs:
        probability = an_analysis("a", probability=0.12345678901)
        outputs.write(Scored(2, "a", probability, person=person))
        outputs.write(Failed(3, "b", "it broke", person=person))
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = [(row["name"], row["phone"], row["email"]) for row in rows]
    assert found == [("Ada König", "+4930123456", "'=cmd@example.com")] * 2
    assert rows[0]["probability"] == "0.123457"


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_what_ends_early_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, file_format: FileFormat
) -> None:
    out = tmp_path / "out"
    out.write_text("before")

    def interrupted() -> None:
        rejects = tmp_path / "r.csv"
        with open_outputs(out, file_format, rejects, always_rejects=True) as outputs:
            outputs.write(RESULTS[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [one.name for one in tmp_path.iterdir()] == ["out"]
    assert out.read_text() == "before"


def test_what_a_killed_run_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".out.csv.part").write_text("half a line")
    out = written(tmp_path, "out.csv", FileFormat.CSV)
    assert out.read_text().startswith("line,lead_id")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.csv", "r.csv"]


@pytest.mark.parametrize("place", ["no-such-folder/out.csv", "a-folder", "file.csv/out.csv"])
def test_a_place_that_cannot_be_written_is_found_at_once(tmp_path: Path, place: str) -> None:
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "file.csv").touch()
    with pytest.raises(InvalidInputError, match=r"--out: got .*allowed: a file"):
        OutputFile(tmp_path / place, "--out")


def test_two_runs_never_write_one_file(tmp_path: Path) -> None:
    with (
        OutputFile(tmp_path / "out.csv", "--out"),
        pytest.raises(InvalidInputError, match="another run is writing"),
    ):
        OutputFile(tmp_path / "out.csv", "--out")


@contextmanager
def little_room() -> Iterator[None]:
    """Let this process write files of 16 KiB at most; Python turns the signal into an error.

    Within a test only: what the test runner prints may go to a file that is longer.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_a_file_without_room_is_told_and_removed(tmp_path: Path, file_format: FileFormat) -> None:
    def fill() -> None:
        rejects = tmp_path / "r.csv"
        with open_outputs(tmp_path / "out", file_format, rejects, always_rejects=False) as outputs:
            for line in range(20_000):
                outputs.write(Scored(line, f"lead-{line}", an_analysis()))

    with little_room(), pytest.raises(InvalidInputError, match=r"--out.*File too large"):
        fill()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "rejects", "option"),
    [("a.csv", "r.csv", "--out"), ("o.csv", "a.csv", "--rejects"), ("o.csv", "o.csv", "--rejects")],
)
def test_no_two_of_the_files_are_one(tmp_path: Path, out: str, rejects: str, option: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_apart(tmp_path / "a.csv", tmp_path / out, tmp_path / rejects)
    assert refusal.value.field == option


def test_rejects_are_never_parquet(tmp_path: Path) -> None:
    place = tmp_path / "r.parquet"
    with (
        pytest.raises(InvalidInputError, match=r"--rejects.*\.csv or \.jsonl"),
        open_outputs(tmp_path / "o.csv", FileFormat.CSV, place, always_rejects=True),
    ):
        pass
