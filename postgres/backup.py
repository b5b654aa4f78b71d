"""Backups by pgBackRest: made, listed, checked and brought back, each within a time limit.

Whoever runs this may read the server's data and the repository. The pass phrase travels by the
child's environment, never by its arguments.
"""

import asyncio
import contextlib
import logging
import os
import re
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import ConfigurationError, ConflictError, UnavailableError
from postgres.backup_config import INCLUDES, read_secret
from postgres.backup_info import (
    DRILL_KEY,
    Backup,
    BackupKind,
    RepositoryInfo,
    backup_before,
    parse_info,
    refuse_future,
)
from postgres.backup_settings import CIPHER_VARIABLE, BackupSettings

logger = logging.getLogger(__name__)

OLDEST = (2, 57)
"""The first pgBackRest that knows PostgreSQL 18."""

VERSION_LIMIT_S = 10.0
END_S = 5.0
RETRY_S = 60.0
SETTLE_S = 2.0
OLD_TIMELINE = "does not match pg_control timeline"
SAID_BYTES = 500
TARGET_TOO_EARLY = 75
ERROR = re.compile(r"ERROR: \[(\d{3})\]: (.*)")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back, before its recovery.

    Attributes:
        data_folder: Ready to be started by a server, which then recovers to the target.
        backup: Where it began.
        target: Where its recovery will end; None for the end of the log.
    """

    data_folder: Path
    backup: Backup
    target: datetime | None


class PgBackRest:
    """One stanza of a repository, through pgBackRest's program.

    Every method raises UnavailableError where the program fails or takes too long, and
    ConfigurationError where it is missing or too old.
    """

    def __init__(self, settings: BackupSettings) -> None:
        self.settings = settings

    def program(self) -> str:
        """Return the program's whole path."""
        found = shutil.which(self.settings.program)
        if found is None:
            raise ConfigurationError(
                "program", str(self.settings.program), "the program pgbackrest, installed"
            )
        return str(Path(found).absolute())

    async def require_version(self) -> tuple[int, int]:
        """Return the version; refuse one that does not know PostgreSQL 18."""
        said = (await self.run(["version"], limit_s=VERSION_LIMIT_S)).decode()
        match = re.search(r"(\d+)\.(\d+)", said)
        version = (int(match[1]), int(match[2])) if match else (0, 0)
        if version < OLDEST:
            got = f"pgBackRest {version[0]}.{version[1]}"
            raise ConfigurationError("program", got, f"pgBackRest {OLDEST[0]}.{OLDEST[1]} or newer")
        return version

    async def create_stanza(self) -> None:
        """Make the stanza in the repository; does nothing where it is there and fits."""
        await self.run_stanza(["stanza-create"], limit_s=self.settings.check_limit_s)

    async def check(self) -> None:
        """Prove that a segment of the log, made now, arrives in the repository."""
        await self.run_stanza(["check"], limit_s=self.settings.check_limit_s)

    async def backup(self, kind: BackupKind) -> Backup:
        """Make a backup, let go what is past its retention, and return the new one.

        The first is always full, whatever is asked for.

        Raises:
            ConflictError: Pages failed their checksum: the backup is there, and is not good.
        """
        give_up_at = time.monotonic() + self.settings.check_limit_s
        while not await self._backup_of_a_settled_leader(kind):
            if time.monotonic() > give_up_at:
                what = "the new leader has not written its first checkpoint yet"
                raise UnavailableError(what, RETRY_S)
            await asyncio.sleep(SETTLE_S)
        made = (await self.info()).backups[-1]
        if not made.is_good:
            raise ConflictError("backup", made.label, "pages of the server fail their checksum")
        logger.info("backup_made", extra={"label": made.label, "kind": made.kind})
        return made

    async def _backup_of_a_settled_leader(self, kind: BackupKind) -> bool:
        """Make a backup; False where the leader was promoted a moment ago.

        Until its first checkpoint its control file tells the old timeline, which pgBackRest
        refuses. A job's retries within that moment would all be spent.
        """
        words = ["backup", f"--type={kind}"]
        try:
            await self.run_stanza(words, limit_s=self.settings.backup_limit_s)
        except UnavailableError as error:
            if OLD_TIMELINE in error.what:
                return False
            raise
        return True

    async def info(self) -> RepositoryInfo:
        """Return what the repository holds."""
        limit_s = self.settings.info_limit_s
        return parse_info(
            await self.run_stanza(["info", "--output=json"], limit_s=limit_s), self.settings.stanza
        )

    async def note_drill(self, label: str, passed_at: datetime) -> None:
        """Write into the repository that a backup was brought back whole."""
        note = f"--annotation={DRILL_KEY}={int(passed_at.timestamp())}"
        await self.run_stanza(
            ["annotate", f"--set={label}", note], limit_s=self.settings.info_limit_s
        )

    async def restore(
        self, data_folder: Path, target: datetime | None = None, *, keep_archiving: bool = True
    ) -> Restored:
        """Bring a backup back into an empty folder; the server that starts on it recovers.

        Args:
            data_folder: Absolute; made where it is not there.
            target: Last moment to keep, with a time zone; None for all there is.
            keep_archiving: Whether that server will archive as the old one did.

        Raises:
            ConfigurationError: The folder holds something.
            ConflictError: No backup leads to that moment, or it has not come yet.
        """
        require_empty(data_folder)
        if target:
            refuse_future(target, datetime.now(UTC))
        info = await self.info()
        chosen = backup_before(info.backups, target) if target else info.last_good
        if chosen is None:
            raise ConflictError("backup", self.settings.stanza, "the repository holds no good one")
        words = ["restore", f"--set={chosen.label}", f"--pg1-path={data_folder}"]
        if not keep_archiving:
            words.append("--archive-mode=off")
        if target:
            words += ["--type=time", f"--target={target.isoformat(sep=' ')}"]
            words += ["--target-action=promote"]
        await self.run_stanza(words, limit_s=self.settings.restore_limit_s)
        logger.info("backup_restored", extra={"label": chosen.label})
        return Restored(data_folder, chosen, target)

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the arguments of a call for our stanza; no secret is among them."""
        includes = self.settings.config_file.parent / INCLUDES
        options = [f"--config={self.settings.config_file}", f"--config-include-path={includes}"]
        # What it logs would stand in the middle of what it answers.
        options += ["--log-level-console=off", "--log-level-stderr=warn"]
        return [self.program(), *options, f"--stanza={self.settings.stanza}", *words]

    async def run_stanza(self, words: Sequence[str], *, limit_s: float) -> bytes:
        """Run pgBackRest for our stanza; return what it wrote."""
        return await run_program(self.command(words), self.environment(), limit_s=limit_s)

    async def run(self, words: Sequence[str], *, limit_s: float) -> bytes:
        """Run pgBackRest without a stanza; return what it wrote."""
        return await run_program([self.program(), *words], self.environment(), limit_s=limit_s)

    def environment(self) -> dict[str, str]:
        """Return the child's environment; a secret."""
        own = dict(os.environ)
        if self.settings.cipher_key_file is not None:
            own[CIPHER_VARIABLE] = read_secret(self.settings.cipher_key_file)
        return own


async def run_program(argv: Sequence[str], environment: dict[str, str], *, limit_s: float) -> bytes:
    """Run a program and all it starts, to its end or to the limit's; return what it wrote.

    Raises:
        UnavailableError: It failed, or took too long and was ended.
        ConflictError: It finds no backup that leads to the target.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limit_s):
            out, complaints = await process.communicate()
    except TimeoutError as error:
        await end_group(process)
        what = f"pgbackrest {named(argv)} took longer than {limit_s:g} s and was ended"
        raise UnavailableError(what, RETRY_S) from error
    except BaseException:
        await end_group(process)
        raise
    if process.returncode != 0:
        raise failure(
            named(argv), process.returncode or 1, (out + complaints).decode(errors="replace")
        )
    return out


async def end_group(process: asyncio.subprocess.Process) -> None:
    """End a program and what it started: asked first, so that it lets go of its locks."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), END_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def named(argv: Sequence[str]) -> str:
    """Return which command of pgBackRest a call is."""
    return next((word for word in argv[1:] if not word.startswith("-")), "")


def failure(command: str, code: int, said: str) -> UnavailableError | ConflictError:
    """Return the error for a call that failed."""
    match = ERROR.search(said)
    reason = match[2] if match else (said.strip().splitlines() or ["it says nothing"])[-1]
    number = int(match[1]) if match else code
    if number == TARGET_TOO_EARLY:
        why = f"no backup was complete before it ([{number:03d}]: {reason[:SAID_BYTES]})"
        return ConflictError("restore target", command, why)
    what = f"pgbackrest {command} failed with [{number:03d}]: {reason[:SAID_BYTES]}"
    return UnavailableError(what, RETRY_S)


def require_empty(folder: Path) -> None:
    """Make a folder, or find it empty.

    Raises:
        ConfigurationError: It holds something or cannot be made.
    """
    if not folder.is_absolute():
        raise ConfigurationError("data_folder", str(folder), "an absolute path")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_empty = next(folder.iterdir(), None) is None
    except OSError as error:
        raise ConfigurationError(
            "data_folder", f"{folder} ({error.strerror})", "a folder that this user may write"
        ) from error
    if not is_empty:
        raise ConfigurationError(
            "data_folder", f"{folder}, which holds files", "an empty folder: nothing is overwritten"
        )
