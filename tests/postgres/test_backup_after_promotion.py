"""A backup begun just after a failover waits for the new leader's first checkpoint."""

import json
from pathlib import Path

import pytest

from domain.errors import UnavailableError
from postgres import backup
from postgres.backup import PgBackRest
from postgres.backup_info import BackupKind
from postgres.backup_settings import BackupSettings
from serve_app import cli
from tests.postgres.manifests.shipped import pods, rendered

REFUSAL = "ERROR: [058]: WAL timeline 2 does not match pg_control timeline 1"
REPORT = [
    {
        "name": "postgres-cluster",
        "archive": [{"max": "000000020000000000000009"}],
        "status": {"code": 0, "message": "ok"},
        "backup": [
            {
                "label": "20261126-020000F",
                "type": "full",
                "error": False,
                "timestamp": {"start": 1, "stop": 2},
                "info": {"size": 3, "repository": {"delta": 1}},
            }
        ],
    }
]


def tool(folder: Path, refusals: int, refusal: str = REFUSAL) -> PgBackRest:
    """Return one whose program refuses so many backups, and counts them all."""
    (folder / "report.json").write_text(json.dumps(REPORT))
    script = folder / "pgbackrest"
    script.write_text(
        f"""#!/bin/sh
cd {folder}
case "$*" in *info*) exec cat report.json;; esac
echo x >> calls
[ "$(wc -l < calls)" -gt {refusals} ] || {{ echo '{refusal}'; exit 58; }}
"""
    )
    script.chmod(0o755)
    return PgBackRest(BackupSettings(program=script, check_limit_s=20))


def calls(folder: Path) -> int:
    """Return how many backups were begun."""
    return len((folder / "calls").read_text().splitlines())


async def test_it_is_made_as_soon_as_the_timelines_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "SETTLE_S", 0.01)
    made = await tool(tmp_path, refusals=3).backup(BackupKind.FULL)
    assert made.label == "20261126-020000F"
    assert calls(tmp_path) == 4


async def test_a_leader_that_does_not_settle_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "SETTLE_S", 0.01)
    stuck = tool(tmp_path, refusals=10_000)
    hasty = PgBackRest(stuck.settings.model_copy(update={"check_limit_s": 0.05}))
    with pytest.raises(UnavailableError, match="first checkpoint"):
        await hasty.backup(BackupKind.FULL)


async def test_any_other_refusal_is_told_at_once(tmp_path: Path) -> None:
    other = tool(tmp_path, refusals=10_000, refusal="ERROR: [056]: unable to connect")
    with pytest.raises(UnavailableError, match=r"\[056\]"):
        await other.backup(BackupKind.FULL)
    assert calls(tmp_path) == 1


BACKUPS = [
    container["command"]
    for pod in pods(rendered("volume"))
    if pod.labels["app.kubernetes.io/component"] == "backup"
    for container in pod.spec["containers"]
]


@pytest.mark.parametrize("command", BACKUPS, ids=" ".join)
def test_what_jobs_run_waits_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(backup, "SETTLE_S", 0.01)
    program = tool(tmp_path, refusals=3).settings.program
    monkeypatch.setenv("GARDENOS_BACKUPS__PROGRAM", str(program))

    assert command[0] == "gardenos"
    assert cli.main(command[1:]) == 0
    assert calls(tmp_path) == 4
