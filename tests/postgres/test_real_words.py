"""The words of real programs, made to fail here and now, are those that the doctor looks for."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from postgres.binaries import find_binaries
from postgres.embedded import EmbeddedServer
from postgres.log_symptoms import find_symptoms
from tests.patroni.pods import Kennel, UnavailableError, usable_way, wait_until

LIMIT_S = 20.0
SOMEBODY = 12345
PROGRAMS = find_binaries(None, major=18).folder


@dataclass(frozen=True)
class Yard:
    """A folder, and what runs programs in it without root's rights."""

    kennel: Kennel
    folder: Path


@pytest.fixture
def yard() -> Iterator[Yard]:
    """Give an empty one."""
    try:
        way = usable_way()
    except UnavailableError as error:
        pytest.skip(str(error))
    folder = Path(tempfile.mkdtemp(prefix="gardenos-words-", dir="/tmp"))
    folder.chmod(0o711)
    made = Kennel(folder, way)
    try:
        yield Yard(made, folder)
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


def words_of(yard: Yard, *argv: str) -> tuple[str, ...]:
    """Run a program to its end; return what it said."""
    log = yard.folder / "words"
    pod = yard.kennel.start_pod(argv, env={"LC_ALL": "C"}, log=log)
    wait_until(lambda: not pod.processes(), limit_s=LIMIT_S, what="the program's end", poll_s=0.02)
    return tuple(log.read_text().splitlines())


def data_folder(yard: Yard, mode: int) -> Path:
    """Return a folder that the server reads its settings from, and then refuses."""
    folder = yard.folder / "data"
    folder.mkdir()
    (folder / "postgresql.conf").touch()
    yard.kennel.give(folder)
    folder.chmod(mode)
    return folder


def codes(lines: tuple[str, ...]) -> set[str]:
    """Return the codes of what is recognised; all of it is shown where there is nothing."""
    found = {code for code, _ in find_symptoms(lines)}
    assert found, lines
    return found


def test_a_server_on_a_folder_that_is_open_to_all(yard: Yard) -> None:
    folder = data_folder(yard, 0o777)
    assert codes(words_of(yard, f"{PROGRAMS}/postgres", "-D", str(folder))) == {
        "data_folder_rights"
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder to somebody else")
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_server_on_a_folder_of_somebody_else(yard: Yard, mode: int) -> None:
    folder = data_folder(yard, mode)
    os.chown(folder, SOMEBODY, SOMEBODY)
    assert codes(words_of(yard, f"{PROGRAMS}/postgres", "-D", str(folder))) == {
        "data_folder_rights"
    }


def test_an_initdb_that_may_not_make_its_folder(yard: Yard) -> None:
    folder = yard.folder / "closed"
    folder.mkdir(mode=0o555)
    assert codes(words_of(yard, f"{PROGRAMS}/initdb", "-D", str(folder / "data"))) == {
        "data_folder_rights"
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused as root")
@pytest.mark.parametrize("program", ["postgres", "initdb"])
def test_a_server_as_root(tmp_path: Path, program: str) -> None:
    done = subprocess.run(
        [f"{PROGRAMS}/{program}", "-D", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert codes(tuple(done.stderr.splitlines())) == {"server_as_root"}


@pytest.mark.slow
def test_a_server_whose_socket_lies_too_deep(yard: Yard) -> None:
    data, deep = yard.folder / "data", yard.folder / ("x" * 100)
    deep.mkdir()
    data.mkdir()
    yard.kennel.give(deep)
    yard.kennel.give(data)
    words_of(yard, f"{PROGRAMS}/initdb", "-D", str(data), "-A", "trust", "--no-sync")
    where = ("-k", str(deep), "-c", "listen_addresses=")
    found = words_of(yard, f"{PROGRAMS}/postgres", "-D", str(data), *where)
    assert codes(found) == {"socket_path_long"}


async def test_a_server_whose_disk_is_full(postgres_server: EmbeddedServer) -> None:
    connection = await asyncpg.connect(postgres_server.superuser_dsn)
    try:
        with pytest.raises(asyncpg.DiskFullError) as told:
            await connection.execute("copy (select generate_series(1, 99999)) to '/dev/full'")
    finally:
        await connection.close()
    assert codes((str(told.value),)) == {"disk_full"}
