"""``gardenos keys``: a key is shown once, listed without its secret, and revoked by its id."""

import json
from typing import Any

import pytest

from serve_app.auth.key_text import read_key
from serve_app.cli import main


@pytest.fixture(autouse=True)
def database_of_the_test(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", dsn)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["keys", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def made(capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    code, out, _ = run(capsys, "create", "--tenant", "green", "--scope", "read", *more, "--json")
    assert code == 0
    return json.loads(out)


def test_a_key_is_the_one_line_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "create", "--tenant", "green", "--scope", "read")
    assert code == 0
    parts = read_key(out.strip())
    assert parts is not None
    assert parts.key_id in err
    assert "not shown again" in err
    assert out.strip() not in err


def test_the_list_shows_everything_but_the_secret(capsys: pytest.CaptureFixture[str]) -> None:
    key = made(capsys, "--scope", "write", "--name", "web form", "--expires-in", "90d")
    made(capsys)
    run(capsys, "create", "--tenant", "blue", "--scope", "admin")
    _, out, _ = run(capsys, "list", "--tenant", "green", "--json")
    items = json.loads(out)["items"]
    assert len(items) == 2
    (listed,) = [one for one in items if one["key_id"] == key["key_id"]]
    assert (listed["name"], listed["scopes"]) == ("web form", ["read", "write"])
    assert (listed["state"], listed["last_used_at"]) == ("active", None)
    assert listed["expires_at"]
    _, table, _ = run(capsys, "list")
    assert "blue" in table
    assert key["key"] not in out + table
    assert key["key"].split("_")[2] not in out + table


def test_a_revoked_key_stays_in_the_list_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    key_id = made(capsys)["key_id"]
    code, out, _ = run(capsys, "revoke", key_id)
    assert code == 0
    assert "within 10 s" in out
    _, out, _ = run(capsys, "list", "--json")
    assert json.loads(out)["items"][0]["state"] == "revoked"


def test_a_key_itself_is_no_argument_and_is_not_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = made(capsys)["key"]
    code, out, err = run(capsys, "revoke", key)
    assert code == 2
    assert key not in out + err


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--tenant", "green"),
        ("create", "--scope", "read"),
        ("create", "--tenant", "a tenant", "--scope", "read"),
        ("create", "--tenant", "green", "--scope", "everything"),
        ("create", "--tenant", "green", "--scope", "read", "--expires-in", "soon"),
        ("create", "--tenant", "green", "--scope", "read", "--expires-in", "0d"),
        ("create", "--tenant", "green", "--scope", "read", "--expires-in", "9999999d"),
        ("create", "--tenant", "green", "--scope", "read", "--name", "x" * 101),
        ("revoke",),
    ],
)
def test_what_does_not_fit_makes_no_key(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert json.loads(run(capsys, "list", "--json")[1])["items"] == []


def test_an_unknown_id_is_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "revoke", "a" * 11)
    assert code == 5
    assert "no key" in err
