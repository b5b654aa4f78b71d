"""A PostgreSQL 16 of the wheel, with data as an older system holds them."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from postgres.binaries import wheel_folders
from tests.patroni.pods import Kennel, UnavailableError, usable_way, wait_until
from tests.patroni.ports import Ports

HOST = "127.0.0.1"
START_LIMIT_S = 30.0
SCHEMA = Path(__file__).with_name("old_data.sql").read_text(encoding="utf-8")


@contextlib.contextmanager
def old_server() -> Iterator[str]:
    """Give the address of an older server's filled database.

    Raises:
        UnavailableError: This machine has none; tests skip with its sentence.
    """
    programs = [f for f in wheel_folders() if f.parent.name == "pginstall"]
    if not programs:
        raise UnavailableError("the wheel brings no older server")
    folder = Path(tempfile.mkdtemp(prefix="gardenos-old-", dir="/tmp"))
    folder.chmod(0o711)
    kennel, ports = Kennel(folder, usable_way()), Ports()
    try:
        home = folder / "home"
        home.mkdir(mode=0o700)
        kennel.give(home)
        port = ports.take([HOST])
        script = (
            f"cd {home} && {programs[0]}/initdb -D data -U old -A trust --no-sync -E UTF8"
            f" --locale=C && exec {programs[0]}/postgres -D data -h {HOST} -p {port} -F"
            " -c unix_socket_directories="
        )
        kennel.start_pod(["/bin/sh", "-c", script], env={"PATH": "/usr/bin:/bin"}, log=folder / "l")
        url = f"postgresql://old:hunter2@{HOST}:{port}/postgres"
        wait_until(lambda: answers(url), limit_s=START_LIMIT_S, what="the old server", poll_s=0.05)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
        yield url
    finally:
        kennel.close()
        ports.release()
        shutil.rmtree(folder, ignore_errors=True)


def answers(url: str) -> bool:
    """Tell whether a server takes a login."""
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.Error:
        return False
    return True
