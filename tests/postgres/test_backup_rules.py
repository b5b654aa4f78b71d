"""What is decided about backups without any program: configuration, choice of a backup, metrics."""

import asyncio
import json
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from domain.errors import (
    ConfigurationError,
    ConflictError,
    DatabaseUnavailableError,
    UnavailableError,
)
from postgres.backup import OLDEST, PgBackRest, failure, require_empty, run_program
from postgres.backup_config import (
    local_config,
    options_of,
    render_config,
    render_secrets,
    write_config,
)
from postgres.backup_info import (
    Backup,
    BackupKind,
    RepositoryInfo,
    backup_before,
    from_unix,
    parse_info,
    refuse_future,
)
from postgres.backup_metrics import metrics_text, write_textfile
from postgres.backup_settings import BackupSettings, LocalServer, ObjectStorage, RepositorySettings
from postgres.drill import drill

EPOCH_S = 1_795_000_000
SERVER = LocalServer(data_folder=Path("/data"), socket_folder=Path("/run/pg"))
NOTHING = RepositoryInfo(is_sound=True, message="ok", backups=(), newest_log=None)


def backup(stop_s: float, *, good: bool = True, drilled_s: float | None = None) -> Backup:
    """Return a backup that was complete at a time, counted from a day."""
    return Backup(
        label=f"at{stop_s}",
        kind=BackupKind.FULL,
        started_at=from_unix(EPOCH_S + stop_s - 10),
        stopped_at=from_unix(EPOCH_S + stop_s),
        is_good=good,
        size_bytes=1,
        stored_bytes=1,
        drilled_at=None if drilled_s is None else from_unix(EPOCH_S + drilled_s),
    )


def options(text: str) -> dict[str, str]:
    """Return the options of a configuration."""
    pairs = [line.split("=", 1) for line in text.splitlines() if "=" in line]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=8),
    st.integers(0, 60),
    st.integers(0, 999_999),
)
def test_the_newest_good_backup_of_an_earlier_second_is_chosen_or_the_time_refused(
    backups: list[tuple[int, bool]], second: int, microsecond: int
) -> None:
    target = from_unix(EPOCH_S + second).replace(microsecond=microsecond)
    fitting = [stop_s for stop_s, good in backups if good and stop_s < second]
    known = [backup(stop_s, good=good) for stop_s, good in backups]
    if fitting:
        assert backup_before(known, target).stopped_at == from_unix(EPOCH_S + max(fitting))
    else:
        with pytest.raises(ConflictError):
            backup_before(known, target)


def test_a_refused_time_is_told_with_one_that_works() -> None:
    with pytest.raises(ConflictError) as refused:
        backup_before([backup(5)], from_unix(EPOCH_S + 5))
    told = str(refused.value).partition("take a time from ")[2].partition(" on")[0]
    assert backup_before([backup(5)], datetime.fromisoformat(told)).label == "at5"


def test_a_time_in_another_zone_is_the_same_time() -> None:
    target = datetime.fromisoformat("2026-11-26T03:00:00+02:00")
    stopped = datetime(2026, 11, 26, 0, 59, 59, tzinfo=UTC)
    one = backup(stopped.timestamp() - EPOCH_S)
    assert backup_before([one], target) == one
    with pytest.raises(ConflictError):
        backup_before([one], target - timedelta(seconds=1))


def answer(**changes: object) -> bytes:
    """Return what pgBackRest 2.60 says of a stanza with one backup."""
    one = {
        "label": "20261126-022230F",
        "type": "full",
        "timestamp": {"start": EPOCH_S, "stop": EPOCH_S + 3},
        "error": False,
        "info": {"size": 40, "delta": 40, "repository": {"delta": 5}},
        "annotation": {"drill-passed": str(EPOCH_S + 9)},
        **changes,
    }
    stanza = {
        "name": "test",
        "status": {"code": 0, "message": "ok"},
        "backup": [one],
        "archive": [{"id": "18-1", "min": "1", "max": "000000010000000000000009"}],
    }
    return json.dumps([stanza]).encode()


def test_the_answer_of_pgbackrest_is_read() -> None:
    info = parse_info(answer(), "test")
    assert info.last_drill == from_unix(EPOCH_S + 9)
    assert info.newest_log == "000000010000000000000009"
    assert info.last_good is not None
    assert (info.last_good.stored_bytes, info.last_good.size_bytes) == (5, 40)
    assert parse_info(answer(error=True), "test").last_good is None
    assert parse_info(b"[]", "test").is_sound is False


@pytest.mark.parametrize("text", [b"", b"{", b"[{}]", answer(timestamp=None), answer(type="odd")])
def test_an_answer_of_another_shape_is_an_error_of_ours(text: bytes) -> None:
    with pytest.raises(UnavailableError):
        parse_info(text, "test")


def repository(tmp_path: Path, *, bucket: bool) -> RepositorySettings:
    """Return an encrypted repository, on a volume or in a bucket."""
    for name in ("phrase", "key", "secret"):
        (tmp_path / name).write_text(f"the-{name}\n")
    storage = ObjectStorage(
        bucket="backups",
        endpoint="s3.example.org",
        region="eu",
        key_file=tmp_path / "key",
        secret_file=tmp_path / "secret",
    )
    return RepositorySettings(
        cipher_key_file=tmp_path / "phrase", object_storage=storage if bucket else None
    )


@pytest.mark.parametrize("bucket", [False, True])
def test_the_configuration_holds_no_secret_and_the_secrets_nothing_else(
    tmp_path: Path, *, bucket: bool
) -> None:
    settings = BackupSettings(
        config_file=tmp_path / "etc" / "pgbackrest.conf",
        repository=repository(tmp_path, bucket=bucket),
    )
    write_config(settings, SERVER)
    public = settings.config_file.read_text()
    secrets = tmp_path / "etc" / "conf.d" / "secrets.conf"

    assert "the-" not in public
    assert options(public)["repo1-cipher-type"] == "aes-256-cbc"
    assert ("repo1-s3-bucket" in public) is bucket
    wanted = {"repo1-cipher-pass": "the-phrase"}
    if bucket:
        wanted |= {"repo1-s3-key": "the-key", "repo1-s3-key-secret": "the-secret"}
    assert options(secrets.read_text()) == wanted
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets.parent.stat().st_mode) == 0o700


def test_what_is_kept_and_how_it_is_packed_is_said() -> None:
    plain = RepositorySettings(keep_full=2, keep_differential=5, compression="none")
    found = options(render_config(BackupSettings(repository=plain), SERVER))
    assert (found["repo1-retention-full"], found["repo1-retention-diff"]) == ("2", "5")
    assert found["repo1-cipher-type"] == "none"
    assert "compress-level" not in found
    assert found["lock-path"] == "/run/pg/pgbackrest"


@pytest.mark.parametrize("text", ["", "two\nlines", "x" * 5000, "a\0b"])
def test_a_secrets_file_that_holds_none_is_refused_without_showing_it(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "phrase"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        render_secrets(RepositorySettings(cipher_key_file=file))
    assert not text or text not in str(refused.value)


def test_who_restores_elsewhere_knows_no_server_and_takes_the_environments_repository() -> None:
    text = (
        "[global]\nrepo1-path=/r\nrepo1-cipher-pass = a\n[s]\npg1-host=h\npg2-path=/d\n pg1-port=1"
    )
    given = options_of(
        {
            "PGBACKREST_REPO1_CIPHER_PASS": "b",
            "PGBACKREST_REPO2_S3_KEY": "c",
            "PGBACKREST_PG1_PATH": "/x",
            "PGBACKREST_STANZA": "s",
            "HOME": "/",
        }
    )
    assert given == {"repo1-cipher-pass": "b", "repo2-s3-key": "c"}
    assert local_config(text, given) == "[global]\nrepo1-path=/r\n[s]\n"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("P00  ERROR: [075]: unable to find backup set", ConflictError),
        ("P00   ERROR: [055]: unable to load info file", UnavailableError),
        ("Segmentation fault", UnavailableError),
        ("", UnavailableError),
    ],
)
def test_a_failure_keeps_pgbackrests_own_reason(said: str, kind: type[Exception]) -> None:
    error = failure("restore", 1, said)
    assert isinstance(error, kind)
    assert said.rpartition(": ")[2] in str(error)


async def test_a_program_that_is_missing_or_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="installed"):
        await PgBackRest(BackupSettings(program=tmp_path / "none")).require_version()
    old = tmp_path / "pgbackrest"
    old.write_text(f"#!/bin/sh\necho pgBackRest {OLDEST[0]}.{OLDEST[1] - 1}\n")
    old.chmod(0o755)
    with pytest.raises(ConfigurationError, match=f"{OLDEST[0]}.{OLDEST[1]} or newer"):
        await PgBackRest(BackupSettings(program=old)).require_version()


async def test_a_program_past_its_limit_is_ended_with_what_it_started(tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = tmp_path / "slow"
    program.write_text(f"#!/bin/sh\nsleep 300 & echo $! > {started}\nwait\n")
    program.chmod(0o755)
    with pytest.raises(UnavailableError, match="was ended"):
        await run_program([str(program)], {"PATH": os.defpath}, limit_s=1.0)

    child = int(started.read_text())
    for _ in range(100):
        # What its parent left behind may wait a moment for somebody to reap it.
        if not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie":
            return
        await asyncio.sleep(0.05)
    pytest.fail("it still runs")


def test_only_an_empty_folder_is_restored_to(tmp_path: Path) -> None:
    require_empty(tmp_path / "new")
    require_empty(tmp_path / "new")
    (tmp_path / "new" / "file").touch()
    for folder in (tmp_path / "new", Path("relative"), tmp_path / "new" / "file"):
        with pytest.raises(ConfigurationError):
            require_empty(folder)


def samples(text: str) -> Mapping[str, float]:
    """Return every sample, as Prometheus reads the text."""
    return {s.name: s.value for f in text_string_to_metric_families(text) for s in f.samples}


def test_the_ages_are_those_of_the_last_good_backup_and_of_the_last_drill() -> None:
    backups = (backup(0, drilled_s=70), backup(50), backup(60, good=False))
    info = RepositoryInfo(is_sound=True, message="ok", backups=backups, newest_log=None)
    found = samples(metrics_text(info, "test", from_unix(EPOCH_S + 100)))
    assert found["gardenos_backup_age_seconds"] == 50
    assert found["gardenos_backup_drill_age_seconds"] == 30
    assert found["gardenos_backup_good"] == 2


@pytest.mark.parametrize(("info", "up"), [(None, 0), (NOTHING, 1)])
def test_an_age_that_is_not_known_is_absent(info: RepositoryInfo | None, up: int) -> None:
    found = samples(metrics_text(info, "test", from_unix(EPOCH_S)))
    assert found["gardenos_backup_repository_up"] == up
    assert not [name for name in found if "_age_" in name]


def test_a_textfile_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "backup.prom"
    write_textfile(file, "a 1\n")
    write_textfile(file, "b 2\n")
    assert file.read_text() == "b 2\n"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(ConfigurationError):
        write_textfile(tmp_path / "none" / "x.prom", "")


def test_a_moment_that_has_not_come_is_refused_and_a_clocks_error_is_not() -> None:
    now = from_unix(EPOCH_S)
    for seconds in (-3600, 0, 59):
        refuse_future(now + timedelta(seconds=seconds), now)
    with pytest.raises(ConflictError, match="take a moment that has been"):
        refuse_future(now + timedelta(seconds=61), now)


class Empty(PgBackRest):
    """A repository without a backup."""

    async def info(self) -> RepositoryInfo:
        return NOTHING


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@127.0.0.1:1/d", "postgresql:///d?host=/x"])
def test_a_drill_of_a_server_that_is_away_says_that_it_is(url: str) -> None:
    with pytest.raises(DatabaseUnavailableError, match="no connection") as told:
        asyncio.run(drill(url, Empty(BackupSettings())))
    assert "hunter2" not in str(told.value)
