"""Every command of the guide for an ill Postgres is run as it stands, on real servers."""

import re
import shlex
from pathlib import Path

import pytest

from postgres.remedies import REMEDIES
from serve_app import cli
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.commands.postgres import PostgresCommands
from serve_app.exit_codes import ExitCode
from tests.serve_app.cluster.conftest import put

GUIDE = Path(__file__).parents[3] / "docs/how-to/when-postgres-is-ill.md"
TEXT = GUIDE.read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line)[1:]
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
ETCD = "http://127.0.0.1:2379"


def test_the_guides_show_every_command() -> None:
    text = "".join(guide.read_text(encoding="utf-8") for guide in GUIDE.parent.glob("*.md"))
    shown = set(re.findall(r"gardenos postgres ([a-z-]+)", text))
    assert shown == set(PostgresCommands.places)


def test_the_guide_names_findings_that_there_are() -> None:
    rows = [line.split("|")[2] for line in TEXT.splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`([a-z_0-9]+)`", row)}
    assert named - {"doctor"} <= set(REMEDIES)
    assert len(named) > 20


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[1:3]))
def test_every_command_of_the_guide_is_one(words: list[str]) -> None:
    group = cli.gardenos.get_command(None, "postgres")  # type: ignore[arg-type]
    assert isinstance(group, PostgresCommands)
    command = group.get_command(None, words[1])  # type: ignore[arg-type]
    assert command is not None
    command.make_context(words[1], list(words[2:]))


def test_a_repair_goes_as_the_guide_says(
    etcd: EtcdClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    put(etcd, "/service/postgres-cluster/initialize", "75")
    gone = '{"postgres-cluster-0": "http://127.0.0.1:1/patroni"}'
    put(etcd, "/service/postgres-cluster/failsafe", gone)
    wanted = {"make-key", "export-config", "repair-dcs", "restore-config"}
    codes = [
        cli.main([one.replace(ETCD, etcd.addresses[0]) for one in words])
        for words in COMMANDS
        if words[1] in wanted
    ]
    assert codes == [ExitCode.DONE] * 5, capsys.readouterr().err
    assert not etcd.list_range("/service/", "/service0").keys
    assert (tmp_path / "opened/etcd-snapshot.db").stat().st_size > 0
    assert "Removed 2 keys" in capsys.readouterr().out


def test_the_doctor_of_the_guide_runs(etcd: EtcdClient, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [
        cli.main([one.replace(ETCD, etcd.addresses[0]) for one in words])
        for words in COMMANDS
        if words[1] in {"status", "doctor"}
    ]
    assert codes == [ExitCode.ILL, ExitCode.ILL]
    assert "no_scope" in capsys.readouterr().out
