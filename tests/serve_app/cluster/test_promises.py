"""What every command of ``gardenos postgres`` promises: JSON, codes, and no secret by an option."""

import json
from pathlib import Path

import click
import pytest

from serve_app import cli
from serve_app.commands.postgres import PostgresCommands
from serve_app.exit_codes import ExitCode
from tests.serve_app.cluster.conftest import Command

IN_ITS_OWN_FORMAT = {"metrics"}
SECRETS = ("password", "secret", "token", "url", "dsn", "phrase")
NOWHERE = "http://127.0.0.1:1"
ASKED = [
    ("backup",),
    ("backups",),
    ("check-backups",),
    ("drill",),
    ("restore", "--to", "latest", "--data-folder", "FOLDER/new"),
    ("bootstrap",),
    ("status", "--etcd", NOWHERE),
    ("switchover", "--etcd", NOWHERE),
    ("repair-dcs", "--etcd", NOWHERE, "--scope", "s"),
    ("export-config", "--etcd", NOWHERE, "--key-file", "KEY", "--out", "FOLDER/out"),
    ("restore-config", "FOLDER/none", "--key-file", "KEY", "--to", "FOLDER/to"),
    ("import",),
]


def command_of(name: str) -> click.Command:
    """Return a command of the group."""
    group = cli.gardenos.get_command(None, "postgres")  # type: ignore[arg-type]
    assert isinstance(group, PostgresCommands)
    found = group.get_command(None, name)  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(PostgresCommands.places))
def test_every_command_answers_in_json_tells_its_codes_and_takes_no_secret(name: str) -> None:
    command = command_of(name)
    options = {word for one in command.params for word in one.opts}
    assert ("--json" in options) is (name not in IN_ITS_OWN_FORMAT)
    assert command.epilog
    assert "Exit codes: 0 done" in command.epilog
    told = [word for word in options if any(secret in word for secret in SECRETS)]
    assert set(told) <= {"--password-folder"}


@pytest.mark.parametrize("words", ASKED, ids=lambda words: words[0])
def test_a_server_that_is_not_there_is_one_line_and_a_code_that_says_so(
    gardenos: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, ...],
) -> None:
    key = f"{tmp_path}/key"
    cli.main(["postgres", "make-key", key])
    away = "postgresql://u:hunter2@127.0.0.1:1/none"
    for variable in ("DATABASE_URL", "DATABASE_ADMIN_URL", "IMPORT_URL"):
        monkeypatch.setenv(f"GARDENOS_{variable}", away)
    monkeypatch.setenv("GARDENOS_BACKUPS__PROGRAM", "/nonexistent/pgbackrest")
    given = [word.replace("FOLDER", str(tmp_path)).replace("KEY", key) for word in words]

    told = gardenos(*given)

    assert told.code in {ExitCode.UNAVAILABLE, ExitCode.CONFIGURATION}, told
    assert "hunter2" not in json.dumps(told.document)
