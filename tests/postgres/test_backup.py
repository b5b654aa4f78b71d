"""Backups of a real server by a real pgBackRest, brought back to a moment and compared."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from domain.errors import ConfigurationError, ConflictError, UnavailableError
from postgres.backup import PgBackRest
from postgres.backup_config import SECRETS_FILE
from postgres.backup_info import BackupKind
from postgres.backup_settings import CIPHER_VARIABLE
from postgres.drill import drill, restored_server, scratch_folder, wait_past
from postgres.fingerprint import differences, fingerprint, moment_of
from tests.database import with_database
from tests.postgres.backup_world import PHRASE, Archive, archived

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS = 20_000
FILL = """
create table if not exists kept (n bigint primary key, word text);
insert into kept select n, md5(n::text) from generate_series(1, 20000) n on conflict do nothing;
create table if not exists bytes (b bytea, j jsonb, t timestamptz, f double precision, d interval);
insert into bytes values ('\\x00ff', '{"a": 1}', now(), 0.1, '1 day');
create table if not exists "Odd ""name" (x int);
insert into "Odd ""name" values (1), (1), (null);
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def archive(short_folder: Path) -> AsyncIterator[Archive]:
    """Give a server with rows, archived, and one full backup of it."""
    async for one in archived(short_folder / "bk"):
        await one.sql(FILL)
        await one.tool.backup(BackupKind.FULL)
        yield one


async def test_a_server_is_backed_up_in_three_ways_and_all_are_listed(archive: Archive) -> None:
    assert await archive.tool.require_version() >= (2, 57)
    await archive.tool.check()
    await archive.tool.create_stanza()
    differential = await archive.tool.backup(BackupKind.DIFFERENTIAL)
    incremental = await archive.tool.backup(BackupKind.INCREMENTAL)
    info = await archive.tool.info()

    assert info.is_sound
    assert info.newest_log is not None
    assert [one.kind for one in info.backups[-3:]] == ["full", "diff", "incr"]
    assert info.backups[-2:] == (differential, incremental)
    assert info.last_good == incremental
    assert all(one.is_good and one.size_bytes > 0 for one in info.backups)
    assert incremental.stored_bytes < info.backups[0].stored_bytes / 2


async def test_a_drill_under_load_brings_back_every_row_of_the_moment_and_no_later_one(
    archive: Archive,
) -> None:
    stop = asyncio.Event()

    async def write() -> int:
        connection = await asyncpg.connect(with_database(archive.admin, "gardenos"))
        number = ROWS
        try:
            while not stop.is_set():
                number += 1
                await connection.execute("insert into kept values ($1, 'later')", number)
                await connection.execute("update kept set word = 'new' where n = $1", number - 1)
        finally:
            await connection.close()
        return number

    writer = asyncio.create_task(write())
    try:
        report = await drill(archive.admin, archive.tool)
    finally:
        stop.set()
        last = await writer

    assert report.differing == ()
    assert report.passed
    assert ROWS < report.rows < ROWS + last
    assert report.tables >= 3
    info = await archive.tool.info()
    assert info.last_drill == report.finished_at.replace(microsecond=0)
    assert info.last_good is not None
    assert info.last_good.label == report.backup
    assert list(archive.tool.settings.scratch_folder.iterdir()) == []


@pytest.mark.slow
async def test_a_drill_on_a_server_that_nobody_writes_to_knows_when_it_has_arrived(
    archive: Archive,
) -> None:
    newest = await archive.tool.backup(BackupKind.INCREMENTAL)
    report = await drill(archive.admin, archive.tool)

    assert report.passed
    assert report.backup == newest.label


@pytest.mark.slow
async def test_a_drill_finds_the_phrase_where_the_environment_alone_has_it(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = archive.tool.settings
    folder = archive.empty_folder("mounted")
    shutil.copytree(settings.config_file.parent, folder)
    (folder / "conf.d" / SECRETS_FILE).unlink()
    monkeypatch.setenv(CIPHER_VARIABLE, PHRASE)
    mounted = {"config_file": folder / settings.config_file.name, "cipher_key_file": None}
    report = await drill(archive.admin, PgBackRest(settings.model_copy(update=mounted)))

    assert report.passed


async def test_the_moment_of_a_drill_is_in_a_later_second_than_its_backup(archive: Archive) -> None:
    second = datetime.now(UTC).replace(microsecond=0)
    await wait_past(archive.admin, second, archive.tool.settings)

    assert datetime.now(UTC) >= second + timedelta(seconds=1)


async def test_a_moment_before_a_mistake_is_brought_back_after_it(archive: Archive) -> None:
    await next_second(archive)
    before = await moment_of(archive.admin, lock_limit_s=2, limit_s=30)
    await archive.sql("delete from kept where n % 2 = 0")
    await archive.tool.check()
    with scratch_folder(archive.tool.settings.scratch_folder) as scratch:
        async with restored_server(scratch, archive.tool, before.at) as (dsn, _):
            found = await fingerprint(dsn, limit_s=30)
    now = await moment_of(archive.admin, lock_limit_s=2, limit_s=30)

    assert differences(before.rows, found) == ()
    assert [one.table for one in differences(now.rows, found)] == ["gardenos/public.kept"]
    await archive.sql(FILL)


async def test_one_changed_byte_one_lost_and_one_doubled_row_are_found(archive: Archive) -> None:
    before = await moment_of(archive.admin, lock_limit_s=2, limit_s=30)
    for harm, undo in (
        (
            "update kept set word = word || ' ' where n = 7",
            "update kept set word = md5('7') where n = 7",
        ),
        ("delete from kept where n = 7", "insert into kept values (7, md5('7'))"),
        ("create table extra ()", "drop table extra"),
        ('insert into "Odd ""name" values (1)', None),
    ):
        await archive.sql(harm)
        after = await moment_of(archive.admin, lock_limit_s=2, limit_s=30)
        assert len(differences(before.rows, after.rows)) == 1, harm
        if undo:
            await archive.sql(undo)
            again = await moment_of(archive.admin, lock_limit_s=2, limit_s=30)
            assert differences(before.rows, again.rows) == (), undo


async def test_a_restore_to_a_folder_gives_a_servers_data_and_overwrites_nothing(
    archive: Archive,
) -> None:
    folder = archive.empty_folder("restored")
    restored = await archive.tool.restore(folder, datetime.now(UTC))

    assert (folder / "PG_VERSION").read_text() == "18\n"
    assert "recovery_target_time" in (folder / "postgresql.auto.conf").read_text()
    assert restored.backup == (await archive.tool.info()).last_good
    with pytest.raises(ConfigurationError, match="nothing is overwritten"):
        await archive.tool.restore(folder)


async def test_a_time_in_the_second_of_the_backups_end_is_refused_with_what_to_do(
    archive: Archive,
) -> None:
    first = (await archive.tool.info()).backups[0]
    folder = archive.empty_folder("refused")
    for target in (first.stopped_at, first.stopped_at + timedelta(microseconds=999_999)):
        with pytest.raises(ConflictError, match=r"in that very second.* take a time from"):
            await archive.tool.restore(folder, target)
    with pytest.raises(ConflictError, match="the oldest backup"):
        await archive.tool.restore(folder, first.started_at - timedelta(days=1))
    with pytest.raises(ConflictError, match="take a moment that has been"):
        await archive.tool.restore(folder, datetime.now(UTC) + timedelta(days=1))


@pytest.mark.slow
async def test_a_moment_behind_the_end_of_the_archive_gives_no_server(archive: Archive) -> None:
    """A restore alone cannot know what was never archived; the recovery does, and says it."""
    with scratch_folder(archive.tool.settings.scratch_folder) as scratch:
        ahead = datetime.now(UTC) + timedelta(seconds=50)
        with pytest.raises(UnavailableError, match="recovery ended before configured"):
            async with restored_server(scratch, archive.tool, ahead):
                pass


@pytest.mark.slow
async def test_the_latest_moment_is_all_that_was_archived(archive: Archive) -> None:
    await archive.sql("insert into kept values (-7, 'last')")
    await archive.tool.check()
    folder = archive.empty_folder("latest")
    await archive.tool.restore(folder)
    assert "recovery_target_time" not in (folder / "postgresql.auto.conf").read_text()
    with scratch_folder(archive.tool.settings.scratch_folder) as scratch:
        async with restored_server(scratch, archive.tool, None) as (dsn, _):
            found = await fingerprint(dsn, limit_s=30)
    now = await moment_of(archive.admin, lock_limit_s=2, limit_s=30)
    assert differences(now.rows, found) == ()
    await archive.sql("delete from kept where n = -7")


@pytest.mark.slow
async def test_a_writer_that_does_not_end_is_not_waited_for_for_ever(archive: Archive) -> None:
    writer = await asyncpg.connect(with_database(archive.admin, "gardenos"))
    try:
        await writer.execute("begin")
        await writer.execute("insert into kept values (-1, 'open')")
        with pytest.raises(UnavailableError, match="writes for longer"):
            await moment_of(archive.admin, lock_limit_s=0.01, limit_s=30, tries=2)
        await writer.execute("rollback")
    finally:
        await writer.close()


async def test_nothing_in_the_repository_can_be_read_without_the_phrase(archive: Archive) -> None:
    repository = archive.folder / "repository"
    files = [file for file in repository.rglob("*") if file.is_file()]
    assert len(files) > 10
    assert not [file for file in files if b"PostgreSQL" in file.read_bytes()]
    wrong = archive.folder / "wrong"
    wrong.write_text("wrong")
    other = PgBackRest(archive.tool.settings.model_copy(update={"cipher_key_file": wrong}))
    with pytest.raises(UnavailableError) as refused:
        await other.backup(BackupKind.INCREMENTAL)
    assert "wrong" not in str(refused.value).replace("wrong passphrase", "")


async def test_the_phrase_is_in_one_private_file_and_in_no_log(archive: Archive) -> None:
    holders = [
        file
        for file in archive.folder.rglob("*")
        if file.is_file() and PHRASE.encode() in file.read_bytes()
    ]
    secrets = archive.folder / "etc" / "conf.d" / "secrets.conf"
    assert sorted(holders) == sorted([archive.folder / "phrase", secrets])
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert PHRASE not in " ".join(archive.tool.command(["backup"]))


@pytest.mark.slow
async def test_a_backup_that_takes_too_long_is_ended_with_all_it_started(archive: Archive) -> None:
    hasty = archive.tool.settings.model_copy(update={"backup_limit_s": 0.05})
    with pytest.raises(UnavailableError, match=r"took longer than 0\.05 s"):
        await PgBackRest(hasty).backup(BackupKind.FULL)
    await archive.tool.backup(BackupKind.INCREMENTAL)


async def test_a_drill_without_any_backup_says_so(archive: Archive) -> None:
    stranger = PgBackRest(archive.tool.settings.model_copy(update={"stanza": "nobody"}))
    info = await stranger.info()
    assert not info.is_sound
    assert info.last_good is None
    with pytest.raises(ConflictError, match="holds no good backup"):
        await stranger.restore(archive.empty_folder("none"), datetime.now(UTC))


async def next_second(archive: Archive) -> None:
    """Wait until the clock shows another second than the newest backup's end."""
    newest = (await archive.tool.info()).last_good
    assert newest is not None
    wait_s = (newest.stopped_at + timedelta(seconds=1) - datetime.now(UTC)).total_seconds()
    await asyncio.sleep(max(0.0, wait_s))
