"""The proof of a backup: bring it back to a moment on a throwaway server, compare every row."""

import asyncio
import contextlib
import logging
import shlex
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import asyncpg

from domain.errors import ConfigurationError, UnavailableError
from postgres.backup import PgBackRest
from postgres.backup_config import (
    INCLUDES,
    SECRETS_FILE,
    local_config,
    options_of,
    section,
    write_private,
)
from postgres.backup_settings import BackupSettings
from postgres.embedded import EmbeddedOptions, embedded_server
from postgres.failures import DRIVER_ERRORS, configuration_error, translated
from postgres.fingerprint import (
    Difference,
    Moment,
    differences,
    fingerprint,
    moment_of,
    opened,
)
from postgres.queries import load_cluster

logger = logging.getLogger(__name__)

ARCHIVE_POLL_S = 0.1
WAIT_S = 60.0
OWN_CONFIG = "drill"
"""Folder in the restored data that holds what the throwaway server needs to read the archive."""

SERVER_SETTINGS: Mapping[str, str] = {
    # Nothing the old server was told counts, but for where its recovery ends.
    "archive_mode": "off",
    "hot_standby": "off",
    "shared_preload_libraries": "",
    "synchronous_standby_names": "",
    "primary_conninfo": "",
    "ssl": "off",
    "fsync": "off",
    "autovacuum": "off",
    "max_prepared_transactions": "100",
}


@dataclass(frozen=True, slots=True)
class DrillReport:
    """How a drill ended.

    Attributes:
        backup: Label of the backup that was brought back.
        target: The moment it was brought back to.
        tables: Tables that were compared.
        rows: Rows in them at that moment.
        differing: Tables that are not the same; empty where the drill passed.
        restore_s: Seconds for the restore and its recovery: how long the real one would take.
        finished_at: When the comparison was done.
    """

    backup: str
    target: datetime
    tables: int
    rows: int
    differing: tuple[Difference, ...]
    restore_s: float
    finished_at: datetime

    @property
    def passed(self) -> bool:
        """Return whether every row came back, and no other."""
        return not self.differing


async def drill(url: str, tool: PgBackRest, *, bin_folder: Path | None = None) -> DrillReport:
    """Restore the newest backup to a moment of now, compare all rows; note in the repository.

    The server at ``url`` goes on; its writers wait once for an instant. Needs the scratch folder's
    room for all data, and leaves nothing there.

    Args:
        url: Of the primary, for a superuser; a secret.
        tool: The stanza's pgBackRest.
        bin_folder: Programs of the throwaway server; of the primary's major version.

    Raises:
        ConfigurationError: The login is refused; programs are missing or of another version.
        ConflictError: There is no good backup.
        UnavailableError: A step failed or took too long.
    """
    settings = tool.settings
    with reported():
        moment = await witnessed(url, tool)
    with scratch_folder(settings.scratch_folder) as scratch:
        began = time.monotonic()
        async with restored_server(scratch, tool, moment.at, bin_folder=bin_folder) as (
            dsn,
            label,
        ):
            restore_s = time.monotonic() - began
            with reported():
                found = await fingerprint(dsn, limit_s=settings.compare_limit_s)
    report = DrillReport(
        backup=label,
        target=moment.at,
        tables=len(moment.rows),
        rows=sum(one.rows for one in moment.rows.values()),
        differing=differences(moment.rows, found),
        restore_s=restore_s,
        finished_at=datetime.now(UTC),
    )
    if report.passed:
        await tool.note_drill(label, report.finished_at)
    logger.log(
        logging.INFO if report.passed else logging.ERROR,
        "drill_passed" if report.passed else "drill_failed",
        extra={"label": label, "differing": [one.table for one in report.differing]},
    )
    return report


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Tell in our words of a server that refuses us, or is not there."""
    try:
        yield
    except (*DRIVER_ERRORS, ValueError) as error:
        ours = configuration_error(error, "admin_url") or translated(error)
        if ours is None:
            raise
        raise ours from error


async def witnessed(url: str, tool: PgBackRest) -> Moment:
    """Return a moment later than the newest backup, with the log behind it in the archive."""
    newest = (await tool.info()).last_good
    settings = tool.settings
    if newest is not None:
        await wait_past(url, newest.stopped_at, settings)
    moment = await moment_of(
        url, lock_limit_s=settings.lock_limit_s, limit_s=settings.compare_limit_s
    )
    await archive_past_now(url, settings)
    return moment


async def wait_past(url: str, moment: datetime, settings: BackupSettings) -> None:
    """Wait until the server's clock shows a later second than a backup's last.

    Raises:
        UnavailableError: Its clock is far behind the backup's.
    """
    async with opened(url, "postgres", limit_s=settings.info_limit_s) as connection:
        now: datetime = await connection.fetchval("select clock_timestamp()")
    wait_s = (moment + timedelta(seconds=1) - now).total_seconds()
    if wait_s > settings.info_limit_s:
        raise UnavailableError(f"the server's clock is {wait_s:.0f} s behind its backup's", WAIT_S)
    await asyncio.sleep(max(0.0, wait_s))


async def archive_past_now(url: str, settings: BackupSettings) -> None:
    """Make a commit, end the segment of the log that holds it, and wait until it is archived.

    Without a commit behind the target a recovery would not know that it has reached it.

    Raises:
        UnavailableError: The segment does not arrive.
    """
    async with opened(url, "postgres", limit_s=settings.check_limit_s) as connection:
        await connection.execute("select pg_current_xact_id()")
        segment = await connection.fetchval(load_cluster("switch_segment"))
        try:
            async with asyncio.timeout(settings.check_limit_s):
                await until_archived(connection, segment)
        except TimeoutError as error:
            what = f"segment {segment} of the log does not reach the archive"
            raise UnavailableError(what, WAIT_S) from error


async def until_archived(connection: "asyncpg.Connection[asyncpg.Record]", segment: str) -> None:
    """Ask until a segment of the log is in the archive."""
    while not await connection.fetchval(load_cluster("last_archived"), segment):  # noqa: ASYNC110 - no event tells of another process
        await asyncio.sleep(ARCHIVE_POLL_S)


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Give a folder that is gone afterwards, with all that was brought back."""
    try:
        folder = Path(mkdtemp(prefix="gardenos-drill-", dir=parent))
    except OSError as error:
        raise ConfigurationError(
            "scratch_folder", f"{parent} ({error.strerror})", "a folder that this user may write"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def restored_server(
    scratch: Path, tool: PgBackRest, target: datetime | None, *, bin_folder: Path | None = None
) -> AsyncIterator[tuple[str, str]]:
    """Run a throwaway server on what was restored; give its address and the backup's label.

    It listens on a socket in a private folder only, archives nothing and follows nobody. Its
    address is for the superuser.

    Raises:
        UnavailableError: It does not reach the target.
    """
    config = scratch / "config"
    local = PgBackRest(write_local_config(tool, config))
    data = scratch / "data"
    restored = await local.restore(data, target, keep_archiving=False)
    inside = data / OWN_CONFIG
    shutil.copytree(config, inside)
    (inside / "hba.conf").write_text("local all all trust\n")
    (inside / "server.conf").write_text("")
    options = EmbeddedOptions(
        bin_folder=bin_folder,
        server_settings={
            **SERVER_SETTINGS,
            "config_file": str(inside / "server.conf"),
            "hba_file": str(inside / "hba.conf"),
            "restore_command": restore_command(local, inside, data),
        },
        start_s=tool.settings.restore_limit_s,
    )
    try:
        async with embedded_server(scratch, options) as server:
            yield server.superuser_dsn, restored.backup.label
    except ConfigurationError as error:
        # Of its own account the server says only that it ended: its log says why.
        if error.field == "data_folder" and (scratch / "server.log").exists():
            raise UnavailableError(f"the recovery failed: {last_words(scratch)}", WAIT_S) from error
        raise


def write_local_config(tool: PgBackRest, folder: Path) -> BackupSettings:
    """Copy pgBackRest's configuration without its servers; return settings that name the copy.

    What the environment says of the repository goes into a file, since that of the throwaway server
    is empty; the folder is private.
    """
    source = tool.settings.config_file
    includes = folder / INCLUDES
    own = options_of(tool.environment())
    try:
        includes.mkdir(parents=True, mode=0o700)
        for file in (source, *sorted((source.parent / INCLUDES).glob("*.conf"))):
            target = folder if file == source else includes
            text = local_config(file.read_text(encoding="utf-8"), own)
            write_private(target / file.name, text)
        write_private(includes / f"own-{SECRETS_FILE}", section("global", own))
    except OSError as error:
        raise ConfigurationError(
            "config_file", f"{source} ({error.strerror})", "pgBackRest's configuration"
        ) from error
    return tool.settings.model_copy(update={"config_file": folder / source.name})


def restore_command(tool: PgBackRest, config: Path, data: Path) -> str:
    """Return the command by which the throwaway server fetches segments."""
    inside = tool.settings.model_copy(
        update={"config_file": config / tool.settings.config_file.name}
    )
    words = PgBackRest(inside).command(
        [f"--pg1-path={data}", f"--lock-path={data / OWN_CONFIG}", "archive-get"]
    )
    return f'{shlex.join(words).replace("%", "%%")} %f "%p"'


def last_words(scratch: Path) -> str:
    """Return why the server gave up."""
    lines = (scratch / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
    reasons = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
    reasons += [line.strip() for line in lines if "ERROR: [" in line][:1]
    return (reasons or lines or ["it says nothing"])[-1][:500]
