"""A server that archives into an encrypted repository on a volume, by a real pgBackRest."""

import os
import shlex
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from postgres.backup import PgBackRest
from postgres.backup_config import write_config
from postgres.backup_settings import BackupSettings, LocalServer, RepositorySettings
from postgres.embedded import EmbeddedOptions, EmbeddedServer, start_embedded
from postgres.server_folders import run_folder_of
from tests.database import NOT_DURABLE, run_sql, with_database
from tests.debian_tools import ToolMissingError, pgbackrest

MEMORY = Path("/dev/shm")
ROOM_BYTES = 1 << 30
PHRASE = "correct horse battery staple"


@dataclass(frozen=True)
class Archive:
    """A running server and its repository."""

    server: EmbeddedServer
    tool: PgBackRest
    folder: Path

    @property
    def admin(self) -> str:
        """Return the superuser's address."""
        return self.server.superuser_dsn

    async def sql(self, *texts: str) -> None:
        """Run statements as a superuser in the product's database."""
        await run_sql(with_database(self.admin, "gardenos"), *texts, "select 1")

    def empty_folder(self, name: str) -> Path:
        """Return a folder to restore to, and forget what was there."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return folder


def program() -> Path:
    """Return pgBackRest; skip the test with the reason where there is none."""
    try:
        return pgbackrest()
    except ToolMissingError as missing:
        pytest.skip(f"no pgBackRest for PostgreSQL 18: {missing}")


def prepared(folder: Path) -> tuple[PgBackRest, EmbeddedOptions]:
    """Make a folder with pgBackRest's configuration; return how to run it and the server."""
    found = program()
    scratch = folder / "scratch"
    for one in (folder, scratch):
        one.mkdir()
        one.chmod(0o711)
    key = folder / "phrase"
    key.write_text(f"{PHRASE}\n")
    settings = BackupSettings(
        program=found,
        stanza="test",
        config_file=folder / "etc" / "pgbackrest.conf",
        cipher_key_file=key,
        scratch_folder=scratch,
        repository=RepositorySettings(path=folder / "repository", cipher_key_file=key),
    )
    data = folder / "server"
    beside = LocalServer(
        data_folder=data / "data", socket_folder=run_folder_of(data, EmbeddedOptions().run_root)
    )
    write_config(settings, beside)
    if os.geteuid() == 0:
        # The server does not run as root either, but in a namespace in which it has another name.
        (settings.config_file.parent / "conf.d" / "root.conf").write_text(
            "[global]\nallow-root=y\n"
        )
    tool = PgBackRest(settings)
    archive_command = f'{shlex.join(tool.command(["archive-push"]))} "%p"'
    own = {**NOT_DURABLE, "archive_mode": "on", "archive_command": archive_command}
    return tool, EmbeddedOptions(server_settings=own)


@contextmanager
def in_memory(folder: Path) -> Iterator[Path]:
    """Give a folder in memory that is gone afterwards, or where that is short the one given.

    A restore brings more than a thousand files to the disk one by one.
    """
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        yield folder
        return
    with TemporaryDirectory(prefix="gardenos-test-", dir=MEMORY) as name:
        Path(name).chmod(0o711)
        yield Path(name) / folder.name


async def archived(folder: Path) -> AsyncIterator[Archive]:
    """Give a server whose log is archived."""
    with in_memory(folder) as place:
        tool, options = prepared(place)
        with start_embedded(place / "server", options) as server:
            await tool.create_stanza()
            yield Archive(server, tool, place)
