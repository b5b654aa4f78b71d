"""A PostgreSQL server of our own for `make run` and the tests: no set-up, no port, no password.

::

    data_folder/            given; holds everything that stays
        lock                locked while any process of the server lives
        server.log, .1      bounded
        data/               PGDATA
    /tmp/gardenos-UID-HASH/ mode 0700; holds the socket, goes away with the server

The server listens on that socket only, and the folder's mode is the whole access control. The
starter holds a pipe to :mod:`postgres.guardian`, which owns the server process and stops it when
the pipe closes, however the starter ended.
"""

import asyncio
import contextlib
import json
import os
import pwd
import select
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

from domain.errors import ConfigurationError, DatabaseUnavailableError
from postgres import guardian
from postgres.binaries import Binaries, find_binaries
from postgres.server_folders import (
    SOCKET_NAME,
    is_locked,
    make_run_folder,
    prepare_folder,
    run_folder_of,
    take_lock,
    version_on_disk,
)

ROLE = "gardenos"
"""Owner of the database; not a superuser, so that what runs here runs on a real server too."""

DATABASE = "gardenos"
SUPERUSER = "postgres"
BOOTSTRAP = f"CREATE ROLE {ROLE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n"
LOG_TAIL_BYTES = 2000

SERVER_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "port": "5432",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "max_wal_size": "512MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        # A statement or a row in the log could be a person's message or address.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
)


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """How to run the server.

    Attributes:
        bin_folder: Where ``postgres`` and ``initdb`` are; None looks in the wheel, then in Debian's
            folders.
        server_settings: Added to :data:`SERVER_SETTINGS`; ``fsync=off`` also makes initdb faster.
        run_root: Where the socket's folder is made; short, since socket paths end at 107 bytes.
        ways: As whom to run, in order; see :class:`postgres.guardian.Spec`. None chooses.
        lock_wait_s: How long to wait for the server of a starter that is gone to stop.
    """

    bin_folder: Path | None = None
    server_settings: Mapping[str, str] = field(default_factory=dict)
    run_root: Path = Path("/tmp")  # noqa: S108 - the folder made in it is checked and private
    ways: tuple[str, ...] | None = None
    start_s: float = 60.0
    lock_wait_s: float = 20.0
    fast_s: float = 10.0
    immediate_s: float = 5.0
    log_bytes: int = 8 << 20


DEFAULT_OPTIONS = EmbeddedOptions()


@dataclass(frozen=True, slots=True)
class Ready:
    """What is known of a server that accepts connections."""

    run_folder: Path
    pid: int
    way: str
    stop_limit_s: float


class EmbeddedServer:
    """A running server; the caller stops it, best by ``with``.

    Attributes:
        dsn: Address for asyncpg, psql and others; holds no secret.
        superuser_dsn: The same for the superuser, database ``postgres``.
        pid: The server process at the start; it may change, since a server that dies by itself is
            started again.
        way: As whom it runs: ``plain`` (as we do), ``namespace`` or ``nobody``.
    """

    def __init__(self, process: subprocess.Popen[bytes], data_folder: Path, ready: Ready) -> None:
        self._process = process
        self.data_folder = data_folder
        self.run_folder = ready.run_folder
        self.dsn = dsn_of(ready.run_folder)
        self.superuser_dsn = dsn_of(ready.run_folder, role=SUPERUSER, database="postgres")
        self.pid = ready.pid
        self.way = ready.way
        self._stop_limit_s = ready.stop_limit_s

    @property
    def log_file(self) -> Path:
        """Return the file that takes what the server says."""
        return self.data_folder / "server.log"

    @property
    def guardian_pid(self) -> int:
        """Return the process that owns the server."""
        return self._process.pid

    def is_running(self) -> bool:
        """Tell whether the server is still looked after."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop the server and wait until it is gone; a second call does nothing.

        A fast shutdown first, an immediate one when that takes too long, then SIGKILL.
        """
        stop_guardian(self._process, self._stop_limit_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_embedded(data_folder: Path, options: EmbeddedOptions = DEFAULT_OPTIONS) -> EmbeddedServer:
    """Start a server on a folder, making its data where there are none; return when it is ready.

    Blocks for 0.2 s, or 1-2 s where data have to be made.

    Raises:
        ConfigurationError: The folder cannot be written, is used by another live server, holds data
            of another version or no sound data, or the server programs are missing.
        DatabaseUnavailableError: The server did not become ready in time.
    """
    folder = prepare_folder(data_folder)
    binaries = find_binaries(options.bin_folder, major=version_on_disk(folder))
    lock_fd = take_lock(folder, wait_s=options.lock_wait_s)
    try:
        run_folder = make_run_folder(folder, options.run_root)
        spec = make_spec(folder, run_folder, lock_fd=lock_fd, binaries=binaries, options=options)
        process = start_guardian(spec, run_folder)
    finally:
        os.close(lock_fd)
    stop_limit_s = options.fast_s + 2 * options.immediate_s + 5.0
    try:
        event = read_ready(process, folder, limit_s=2 * options.start_s)
        ready = Ready(run_folder, int(event["pid"]), event["way"], stop_limit_s)
        return EmbeddedServer(process, folder, ready)
    except BaseException:
        stop_guardian(process, stop_limit_s)
        raise


@contextlib.asynccontextmanager
async def embedded_server(
    data_folder: Path, options: EmbeddedOptions = DEFAULT_OPTIONS
) -> AsyncIterator[EmbeddedServer]:
    """Run a server for the length of an ``async with``; raises as :func:`start_embedded`.

    The blocking parts run in a thread. A cancelled start is awaited and undone.
    """
    starting = asyncio.ensure_future(asyncio.to_thread(start_embedded, data_folder, options))
    try:
        server = await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(ConfigurationError, DatabaseUnavailableError):
            (await starting).stop()
        raise
    try:
        yield server
    finally:
        await asyncio.shield(asyncio.to_thread(server.stop))


def running_dsn(data_folder: Path, run_root: Path = DEFAULT_OPTIONS.run_root) -> str | None:
    """Return the address of the server that another process runs on this folder, or None."""
    folder = data_folder.resolve()
    run_folder = run_folder_of(folder, run_root)
    if is_locked(folder) and (run_folder / SOCKET_NAME).exists():
        return dsn_of(run_folder)
    return None


def dsn_of(run_folder: Path, *, role: str = ROLE, database: str = DATABASE) -> str:
    """Return the address of a server whose socket is in ``run_folder``."""
    return f"postgresql://{role}@/{database}?host={quote(str(run_folder), safe='')}"


def make_spec(
    folder: Path, run_folder: Path, *, lock_fd: int, binaries: Binaries, options: EmbeddedOptions
) -> guardian.Spec:
    """Return the guardian's orders."""
    settings = {
        **SERVER_SETTINGS,
        "unix_socket_directories": str(run_folder),
        **options.server_settings,
    }
    initdb = [str(binaries.folder / "initdb"), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
    initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    initdb += ["--no-instructions"]
    if settings.get("fsync") == "off":
        initdb.append("--no-sync")
    server = [str(binaries.folder / "postgres")]
    for name, value in settings.items():
        server += ["-c", f"{name}={value}"]
    return guardian.Spec(
        folder=str(folder),
        run_folder=str(run_folder),
        lock_fd=lock_fd,
        ways=list(options.ways or usual_ways()),
        initdb=initdb,
        bootstrap=BOOTSTRAP,
        server=server,
        fast_s=options.fast_s,
        immediate_s=options.immediate_s,
        start_s=options.start_s,
        log_bytes=options.log_bytes,
    )


def usual_ways() -> tuple[str, ...]:
    """Return how to start a server that refuses root, and users without an entry in passwd."""
    if os.geteuid() == 0:
        return ("namespace", "nobody") if sys.platform == "linux" else ("nobody",)
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return ("namespace", "plain")
    return ("plain",)


def start_guardian(spec: guardian.Spec, run_folder: Path) -> subprocess.Popen[bytes]:
    """Start the guardian in a session of its own, so that Ctrl-C reaches us alone."""
    try:
        with spec.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own file
                [sys.executable, "-I", "-S", guardian.__file__, json.dumps(asdict(spec))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=(spec.lock_fd,),
                start_new_session=True,
            )
    except OSError:
        run_folder.rmdir()
        raise


def read_ready(
    process: subprocess.Popen[bytes], folder: Path, *, limit_s: float
) -> Mapping[str, str]:
    """Return the guardian's ``ready``; raise where it says otherwise, or ends, or is silent."""
    assert process.stdout is not None  # noqa: S101 - opened as a pipe above
    readable, _, _ = select.select([process.stdout], [], [], limit_s)
    line = process.stdout.readline() if readable else b'{"event": "failed", "code": "slow"}'
    event: dict[str, str] = json.loads(line or b"{}")
    if event.get("event") != "ready":
        raise start_failure(folder, event)
    return event


def start_failure(
    folder: Path, event: Mapping[str, str]
) -> ConfigurationError | DatabaseUnavailableError:
    """Return the error for a server that did not start."""
    detail = event.get("detail", "its guardian ended")
    log = folder / "server.log"
    if event.get("code") == "slow":
        return DatabaseUnavailableError(f"the embedded server is not ready yet; see {log}", 5.0)
    if event.get("code") == "in_use":
        return ConfigurationError(
            "data_folder", f"{folder} ({detail})", "a folder no other server uses"
        )
    return ConfigurationError(
        "data_folder",
        f"{folder} ({detail}; the log ends with: {log_tail(log)})",
        "a folder on which the server starts: sound data, room on the disk, readable for its user",
    )


def log_tail(log: Path) -> str:
    """Return the log's last lines as one."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
        return " | ".join(line.strip() for line in lines[-4:]) or "nothing"
    return "nothing"


def stop_guardian(process: subprocess.Popen[bytes], limit_s: float) -> None:
    """Close the pipe and wait; the kernel stops the server should the guardian hang."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdout is not None:
            process.stdout.close()
