"""Claims about ``gardenos score`` before anything is sent: bad files, mappings, rehearsals."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from serve_app import cli
from serve_app.commands import score
from serve_app.exit_codes import ExitCode

Say = Callable[[], str]

GOOD = "id,E-Mail,Message\na-1,ada@example.com,mow the lawn\na-2,bea@example.com,trim\n"


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder, and fail where a service would be looked for."""

    def refuse(*_: object) -> None:
        raise AssertionError("a service was looked for")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(score, "service_for", refuse)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Say:
    """Return what was said on standard error, in one line of single blanks."""
    return lambda: " ".join(capsys.readouterr().err.split())


def write(name: str, content: str | bytes) -> str:
    """Write a file into the present folder and return its name."""
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


@pytest.mark.parametrize(
    ("name", "content", "options", "told"),
    [
        ("a.csv", "", (), "a.csv: got an empty file"),
        ("a.csv", "id,E-Mail,Message\n", (), "a.csv: got no row"),
        ("a.jsonl", "\n\n", (), "a.jsonl: got an empty file"),
        ("a.csv", GOOD.replace("Bea", "B\xe4").encode("cp1252"), ("--encoding", "x"), "--encoding"),
        (
            "a.csv",
            "E-Mail,Message\nx,Hecke für 5 m\n".encode("cp1252"),
            (),
            "byte 0xfc at position 24; allowed: text in UTF-8; name another encoding with --enc",
        ),
        ("a.csv", GOOD + "a-3,x," + "y" * 10_000_000 + "\n", (), "line 4 of more than 1048576"),
        ("a.jsonl", '{"a":"' + "y" * 10_000_000 + '"}', (), "a line of more than 1048576"),
        ("a.csv", "id,created\n1,2\n", (), "only the columns id, created; allowed: a column for"),
        ("a.csv", GOOD, ("--map", "Mesage=message"), "Message (is it that?)"),
        ("a.csv", GOOD, ("--map", "Message=mesage"), "message (is it that?)"),
        ("a.csv", GOOD, ("--map", "Message"), "column=field"),
        ("a.csv", "id,Message\nx y,a\nx z,b\n", (), "2 rows without a lead; line 2, lead_id: x y"),
        ("a.csv", GOOD, ("--out", "no/such/folder.csv"), "--out: got no/such/folder.csv (No such"),
        ("a.csv", GOOD, ("--out", "."), "--out: got ., a folder"),
        ("a.csv", GOOD, ("--out", "a.csv"), "--out: got a.csv, the file that is read"),
        ("a.csv", GOOD, ("--rejects", "no/r.csv"), "--rejects: got no/r.csv (No such"),
        ("a.csv", GOOD, ("--rejects", "r.parquet"), "--rejects: got r.parquet"),
        ("a.csv", GOOD, ("--format", "xml"), "'xml' is not one of"),
        ("a.csv", GOOD, ("--limit", "0"), "0 is not in the range"),
        ("a.xlsx", b"PK\x03\x04", (), "a spreadsheet or an archive; allowed: the sheet saved as"),
        ("a.parquet", b"PAR1PAR1", (), "cannot be read as Parquet"),
    ],
)
def test_a_bad_file_or_option_is_one_clear_line_and_exit_code_2(
    said: Say, name: str, content: str | bytes, options: tuple[str, ...], told: str
) -> None:
    assert cli.main(["score", write(name, content), *options]) == ExitCode.USAGE
    line = said().rpartition("gardenos: ")[2]
    assert told in line
    assert len(line) < 800


def test_a_file_that_is_not_there_is_named(said: Say) -> None:
    assert cli.main(["score", "none.csv"]) == ExitCode.USAGE
    assert "none.csv" in said()


def test_an_error_is_a_document_where_json_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["score", write("a.csv", ""), "--json"]) == ExitCode.USAGE
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["name"] == "usage"
    assert "an empty file" in error["detail"]


def test_rows_of_which_none_is_a_lead_leave_their_rejects(said: Say) -> None:
    assert cli.main(["score", write("a.csv", "id,Message\nx y,a\nx z,b\n")]) == ExitCode.USAGE
    assert Path("a.rejects.csv").read_text().count("lead_id,x ") == 2
    assert not Path("a.scored.csv").exists()


def test_a_rehearsal_shows_the_mapping_counts_the_rejects_and_writes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("a.csv", GOOD + "a-1,cyd@example.com,again\n")
    assert cli.main(["score", "a.csv", "--dry-run", "--json", "--map", "id=-"]) == ExitCode.DONE
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["mapping"][0] == {"column": "id", "field": "-", "guessed": False}
    assert (told["rows"], told["rejected"], told["dry_run"]) == (3, 0, True)
    assert "E-Mail" in printed.err
    assert "contact.email" in printed.err
    assert cli.main(["score", "a.csv", "--dry-run"]) == ExitCode.DONE
    err = capsys.readouterr().err
    assert "2 rows would be sent, 1 rejected" in err
    assert "1 by lead_id" in err
    assert sorted(one.name for one in Path().iterdir()) == ["a.csv"]


def test_it_is_said_where_nobody_can_be_reached(said: Say) -> None:
    assert cli.main(["score", write("a.csv", "Message\nmow\n"), "--dry-run"]) == ExitCode.DONE
    assert "nobody can be called" in said()


def test_only_the_first_rows_are_looked_at_where_so_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("a.csv", GOOD)
    cli.main(["score", "a.csv", "--dry-run", "--json", "--limit", "1"])
    assert json.loads(capsys.readouterr().out)["rows"] == 1
