"""Claims about ``gardenos postgres backup``, ``backups``, ``restore`` and ``drill``."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.errors import UnavailableError
from postgres.backup_info import Backup, BackupKind, RepositoryInfo
from serve_app.commands import postgres_backup
from serve_app.exit_codes import ExitCode
from tests.postgres.backup_world import Archive, archived
from tests.serve_app.cluster.conftest import Command

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_backup(*, is_good: bool) -> Backup:
    """Return a backup."""
    return Backup("20260101F", BackupKind.FULL, NOON, NOON, is_good, 10, 5, None)


@pytest.mark.parametrize(
    ("backups", "code"),
    [
        ((), ExitCode.ILL),
        ((a_backup(is_good=False),), ExitCode.ILL),
        ((a_backup(is_good=True),), ExitCode.DONE),
    ],
)
def test_no_good_backup_is_told_by_the_code(
    gardenos: Command,
    monkeypatch: pytest.MonkeyPatch,
    backups: tuple[Backup, ...],
    code: ExitCode,
) -> None:
    class Tool:
        async def info(self) -> RepositoryInfo:
            return RepositoryInfo(is_sound=True, message="ok", backups=backups, newest_log=None)

    monkeypatch.setattr(postgres_backup, "tool", Tool)
    told = gardenos("backups")
    assert told.code == code
    assert len(told.document["items"]) == len(backups)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-01-01T12:00:00", NOON),
        ("2026-01-01T13:00:00+0100", NOON),
        ("2026-01-01T12:00:00.250+0000", NOON.replace(microsecond=250_000)),
        ("latest", None),
    ],
)
def test_a_time_without_a_zone_is_utc_and_latest_is_the_end(
    gardenos: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: str,
    meant: datetime | None,
) -> None:
    asked: list[Any] = []

    class Tool:
        async def restore(
            self, folder: Path, target: datetime | None, *, keep_archiving: bool
        ) -> Any:
            asked.extend([folder, target, keep_archiving])
            return type("Restored", (), {"data_folder": folder, "backup": a_backup(is_good=True)})

    monkeypatch.setattr(postgres_backup, "tool", Tool)
    folder = tmp_path / "new"
    told = gardenos("restore", "--to", given, "--data-folder", str(folder))
    assert told.code == ExitCode.DONE, told
    assert asked == [folder, meant, True]
    assert told.document["target"] == (meant.isoformat() if meant else None)


def test_a_restore_that_was_cut_off_says_what_it_left(
    gardenos: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Tool:
        async def restore(self, folder: Path, *_: object, **__: object) -> Any:
            (folder / "base").mkdir()
            raise UnavailableError("pgbackrest restore took longer than 1 s and was ended", 60.0)

    monkeypatch.setattr(postgres_backup, "tool", Tool)
    told = gardenos("restore", "--to", "latest", "--data-folder", str(tmp_path))
    assert told.code == ExitCode.UNAVAILABLE
    assert f"{tmp_path} is no whole copy" in told.document["error"]["detail"]


@pytest.mark.parametrize("words", [[], ["--to", "noon"], ["--to", "None"]])
def test_a_restore_without_a_moment_is_no_restore(
    gardenos: Command, tmp_path: Path, words: list[str]
) -> None:
    told = gardenos("restore", *words, "--data-folder", str(tmp_path / "new"))
    assert told.code == ExitCode.USAGE
    assert not (tmp_path / "new").exists()


def test_a_missing_program_is_a_wrong_setting(
    gardenos: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARDENOS_BACKUPS__PROGRAM", "/nonexistent/pgbackrest")
    for words in (["backup"], ["backups"]):
        assert gardenos(*words).code == ExitCode.CONFIGURATION


@pytest.mark.slow
def test_the_commands_drive_a_real_repository(
    gardenos: Command, monkeypatch: pytest.MonkeyPatch, short_folder: Path
) -> None:
    folder = short_folder / "backup-commands"

    async def run() -> None:
        async for archive in archived(folder):
            await asyncio.to_thread(drive, archive)

    def drive(archive: Archive) -> None:
        settings = archive.tool.settings
        monkeypatch.setenv("GARDENOS_BACKUPS__PROGRAM", str(settings.program))
        monkeypatch.setenv("GARDENOS_BACKUPS__STANZA", settings.stanza)
        monkeypatch.setenv("GARDENOS_BACKUPS__CONFIG_FILE", str(settings.config_file))
        monkeypatch.setenv("GARDENOS_BACKUPS__CIPHER_KEY_FILE", str(settings.cipher_key_file))
        monkeypatch.setenv("GARDENOS_BACKUPS__SCRATCH_FOLDER", str(settings.scratch_folder))
        monkeypatch.setenv("GARDENOS_DATABASE_ADMIN_URL", archive.admin)
        made = gardenos("backup")
        assert made.code == ExitCode.DONE, made
        assert made.document["kind"] == "full"
        proved = gardenos("drill")
        assert proved.code == ExitCode.DONE, proved
        assert proved.document["passed"]
        listed = gardenos("backups")
        assert listed.document["items"][0]["drilled_at"] is not None
        early = gardenos(
            "restore", "--to", "2020-01-01T00:00:00", "--data-folder", str(folder / "restored")
        )
        assert early.code == ExitCode.REFUSED

    asyncio.run(run())
