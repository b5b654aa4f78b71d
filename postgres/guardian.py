"""The process that owns an embedded server: makes its data, starts it, bounds its log, stops it.

Run as a file (``python -I -S guardian.py SPEC``) by :mod:`postgres.embedded`, so it imports the
standard library only. One thread: it forks, changes user and signals without a lock held
elsewhere. SPEC is one JSON object, see :class:`Spec`.

Its life hangs on its standard input, a pipe whose other end the starter holds: end of file, a
changed parent or SIGTERM means stop. The server in turn gets SIGINT when the guardian dies
(Linux), so no death of anyone leaves a server behind. Events go to standard output, one JSON
object a line, until the first ``ready`` or ``failed``; afterwards to the server's log.
"""

import contextlib
import ctypes
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
OVERFLOW_UID = 65534
"""What a namespace calls everybody it does not know; commonly also ``nobody``."""

POLL_S = 0.02
WATCH_S = 0.25
RESTARTS = 5
RESTART_WINDOW_S = 60.0
COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Spec:
    """What to run.

    Attributes:
        folder: Holds ``data/``, ``server.log`` and the lock; exists and is writable.
        run_folder: Where the socket is made; exists, mode 0700.
        lock_fd: Open descriptor of the locked lock file; every server process inherits it, so
            the lock is free exactly when none of them lives.
        ways: Ways to shed root, tried in order: ``plain``, ``namespace``, ``nobody``.
        initdb: Command line of initdb without the data folder.
        bootstrap: SQL for single-user mode after initdb, one statement a line.
        server: Command line of postgres without the data folder.
        fast_s: How long a fast shutdown may take before the immediate one, in seconds.
        immediate_s: How long the immediate one may take before SIGKILL.
        start_s: How long the server may take until it accepts connections; recovery included.
        log_bytes: Size at which the log is moved to ``server.log.1``.
    """

    folder: str
    run_folder: str
    lock_fd: int
    ways: list[str]
    initdb: list[str]
    bootstrap: str
    server: list[str]
    fast_s: float
    immediate_s: float
    start_s: float
    log_bytes: int

    @property
    def data(self) -> Path:
        """Return the server's data folder, PGDATA."""
        return Path(self.folder) / "data"

    @property
    def log(self) -> Path:
        """Return the file that takes what the server and this process say."""
        return Path(self.folder) / "server.log"


class StartError(Exception):
    """The server cannot be started; the arguments are a code and what was seen."""


class Stopped(BaseException):
    """The starter is gone or asked to stop."""


def emit(**event: str | int) -> None:
    """Tell the starter, if it still listens."""
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), json.dumps(event).encode() + b"\n")


def log_line(spec: Spec, text: str) -> None:
    """Add a line of our own to the server's log."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    with spec.log.open("a", encoding="utf-8") as file:
        file.write(f"{stamp} [guardian] {text}\n")


def bound_log(spec: Spec) -> None:
    """Move the log aside once it is too large.

    Copied and cut instead of renamed: the server holds the file open in append mode, so it goes
    on writing at the new end.
    """
    with contextlib.suppress(OSError):
        if spec.log.stat().st_size > spec.log_bytes:
            with spec.log.open("rb") as source, Path(f"{spec.log}.1").open("wb") as target:
                source.seek(-spec.log_bytes, os.SEEK_END)
                shutil.copyfileobj(source, target, COPY_BYTES)
            os.truncate(spec.log, 0)


def server_uid(way: str) -> int:
    """Return the owner, as the file system sees it, of what a server started this way writes."""
    return pwd.getpwnam("nobody").pw_uid if way == "nobody" else os.geteuid()


def name_for_namespace() -> int:
    """Return a user number that initdb accepts: not 0, and one that has an entry in passwd."""
    known = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0]
    return min(known, key=lambda uid: (uid == OVERFLOW_UID, uid))


def enter_namespace(uid: int, gid: int) -> None:
    """Put this process into a user namespace in which our user has another number.

    The kernel still sees the same user, so files keep their owner. Raises OSError where
    namespaces are forbidden.
    """
    inside = name_for_namespace()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{inside} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{inside} {gid} 1", encoding="ascii")


def follow_parent_to_death(parent: int) -> None:
    """Ask the kernel to send SIGINT (fast shutdown) to this process when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))
        if os.getppid() != parent:
            os._exit(1)


def shed_root(way: str) -> None:
    """Become somebody as whom Postgres runs."""
    if way == "namespace":
        enter_namespace(os.geteuid(), os.getegid())
    elif way == "nobody":
        entry = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)


def require_access(spec: Spec) -> None:
    """Refuse a user that cannot reach the data or the programs."""
    for path in (spec.folder, spec.server[0]):
        if not os.access(path, os.X_OK):
            raise PermissionError(f"the server's user may not enter {path}")


def child_set_up(spec: Spec, way: str) -> Callable[[], None]:
    """Return what a forked child does before it becomes a server program.

    The parent learns only that it failed, so it says why on the log, its standard error.
    """
    parent = os.getpid()

    def set_up() -> None:
        try:
            os.umask(0o077)
            shed_root(way)
            require_access(spec)
        except Exception as error:
            os.write(2, f"{way}: {error}\n".encode())
            raise
        follow_parent_to_death(parent)

    return set_up


def spawn(
    spec: Spec, way: str, argv: list[str], *, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start a server program, its output going to the log."""
    with spec.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - argv is made by our own starter
            argv,
            stdin=stdin,
            stdout=log,
            stderr=log,
            cwd=spec.run_folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            pass_fds=(spec.lock_fd,),
            start_new_session=True,
            preexec_fn=child_set_up(spec, way),  # noqa: PLW1509 - this process has one thread
        )


def usable_way(spec: Spec) -> str:
    """Return the first way that this machine allows."""
    refusals = []
    for way in spec.ways:
        if way == "nobody":
            Path(spec.folder).chmod(0o711)
        try:
            done = spawn(spec, way, [spec.server[0], "--version"]).wait()
        except (OSError, subprocess.SubprocessError, KeyError) as error:
            refusals.append(f"{way}: {error}")
            continue
        if done == 0:
            return way
        refusals.append(f"{way}: the server program ended with {done}")
    raise StartError("cannot_run", "; ".join(refusals))


def watch_starter(timeout_s: float, parent: int) -> None:
    """Wait, and raise Stopped as soon as the starter is gone or says so."""
    readable, _, _ = select.select([sys.stdin], [], [], timeout_s)
    if (readable and not os.read(sys.stdin.fileno(), 1)) or os.getppid() != parent:
        raise Stopped


def run_to_end(process: subprocess.Popen[bytes], parent: int) -> int:
    """Wait for a short program; kill it where the starter goes away."""
    try:
        while (code := process.poll()) is None:
            watch_starter(POLL_S, parent)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return code


def give(path: Path, uid: int) -> None:
    """Make a tree the property of the user the server runs as."""
    if path.stat().st_uid == uid:
        return
    gid = pwd.getpwuid(uid).pw_gid if uid else 0
    for folder, _, files in os.walk(path):
        os.chown(folder, uid, gid)
        for name in files:
            os.chown(Path(folder) / name, uid, gid, follow_symlinks=False)


def make_data(spec: Spec, way: str, parent: int) -> None:
    """Make the data folder whole or not at all: it gets its name only when it is complete."""
    unfinished = spec.data.with_name("data.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    give(unfinished, server_uid(way))
    code = run_to_end(spawn(spec, way, [*spec.initdb, "-D", str(unfinished)]), parent)
    if code != 0:
        raise StartError("initdb_failed", f"initdb ended with {code}")
    hba = unfinished / "pg_hba.conf"
    hba.write_text("# The socket's folder lets its owner in alone.\nlocal all all trust\n")
    single = [spec.server[0], "--single", *spec.server[1:], "-D", str(unfinished), "postgres"]
    reader, writer = os.pipe()
    os.write(writer, spec.bootstrap.encode())
    os.close(writer)
    try:
        process = spawn(spec, way, single, stdin=reader)
    finally:
        os.close(reader)
    code = run_to_end(process, parent)
    if code != 0:
        raise StartError("initdb_failed", f"single-user mode ended with {code}")
    unfinished.rename(spec.data)


def clear_stale_locks(spec: Spec) -> None:
    """Remove lock files that would make Postgres refuse; we hold the lock that counts.

    Postgres clears the lock of a dead process itself and then checks the shared memory of its
    children, so its file is removed only where the number now belongs to another program.
    """
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (Path(spec.run_folder) / name).unlink(missing_ok=True)
    pid_file = spec.data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        return
    if not Path("/proc/self/cwd").exists():
        return
    with contextlib.suppress(OSError):
        if Path(f"/proc/{pid}/cwd").resolve() == spec.data.resolve():
            raise StartError("in_use", f"process {pid} is a server on this folder")
    pid_file.unlink(missing_ok=True)


def is_ready(spec: Spec, pid: int) -> bool:
    """Tell whether the server accepts connections, by the line it keeps for pg_ctl."""
    try:
        lines = (spec.data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return lines[:1] == [str(pid)] and [line.strip() for line in lines[7:8]] == ["ready"]


def start_server(spec: Spec, way: str, parent: int) -> subprocess.Popen[bytes]:
    """Start the server and wait until it accepts connections."""
    clear_stale_locks(spec)
    process = spawn(spec, way, [*spec.server, "-D", str(spec.data)])
    try:
        wait_until_ready(spec, process, parent)
    except BaseException:
        stop_server(spec, process)
        raise
    return process


def wait_until_ready(spec: Spec, process: subprocess.Popen[bytes], parent: int) -> None:
    """Wait for the server's first ``ready``."""
    give_up_at = time.monotonic() + spec.start_s
    while not is_ready(spec, process.pid):
        if (code := process.poll()) is not None:
            raise StartError("exited", f"the server ended with {code} while starting")
        if time.monotonic() > give_up_at:
            raise StartError("slow", f"the server was not ready after {spec.start_s:g} s")
        watch_starter(POLL_S, parent)


def stop_server(spec: Spec, process: subprocess.Popen[bytes]) -> None:
    """Stop in three steps: fast, immediate, kill."""
    for number, limit_s in (
        (signal.SIGINT, spec.fast_s),
        (signal.SIGQUIT, spec.immediate_s),
        (signal.SIGKILL, spec.immediate_s),
    ):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(limit_s)


def guard(spec: Spec, way: str, process: subprocess.Popen[bytes], parent: int) -> None:
    """Watch the server until the starter is gone; start it again where it died by itself."""
    deaths: deque[float] = deque(maxlen=RESTARTS)
    try:
        while True:
            watch_starter(WATCH_S, parent)
            bound_log(spec)
            if process.poll() is None:
                continue
            now = time.monotonic()
            if len(deaths) == RESTARTS and now - deaths[0] < RESTART_WINDOW_S:
                log_line(spec, f"the server died {RESTARTS} times in a minute; giving up")
                return
            deaths.append(now)
            log_line(spec, f"the server ended with {process.returncode}; starting it again")
            with contextlib.suppress(StartError):
                process = start_server(spec, way, parent)
    finally:
        stop_server(spec, process)


def on_signal(_number: int, _frame: FrameType | None) -> None:
    """Turn the first SIGTERM or SIGINT into an orderly stop, which no second one disturbs."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Stopped


def run(spec: Spec) -> int:
    """Make, start, guard and stop the server; return the exit code."""
    parent = os.getppid()
    try:
        bound_log(spec)
        way = usable_way(spec)
        uid = server_uid(way)
        give(Path(spec.run_folder), uid)
        if spec.data.exists():
            give(spec.data, uid)
        else:
            make_data(spec, way, parent)
        process = start_server(spec, way, parent)
        emit(event="ready", pid=process.pid, way=way)
        guard(spec, way, process, parent)
    except StartError as error:
        emit(event="failed", code=str(error.args[0]), detail=str(error.args[1]))
        return 1
    except OSError as error:
        emit(event="failed", code="os_error", detail=str(error))
        return 1
    except Stopped:
        return 0
    finally:
        shutil.rmtree(spec.run_folder, ignore_errors=True)
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    sys.exit(run(Spec(**json.loads(sys.argv[1]))))
