"""The process that owns a test cluster: starts what it is told, and leaves nothing behind.

Run as a file (``python -I -S keeper.py FOLDER``), so it imports the standard library only. Its
life hangs on its standard input, a pipe whose other end the test holds: one JSON request a line,
one JSON answer a line on standard output. At end of file, which also comes when the test was
killed, it kills all that it started and removes FOLDER. Should it be killed itself, the kernel
kills its children, and with a child of ``unshare --kill-child`` all that is in its namespace.

It is a subreaper: whatever loses its parent below it becomes its child, so that walking down from
it finds everything.
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
from pathlib import Path
from types import FrameType
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLL_S = 0.02
KILL_LIMIT_S = 15.0


class Stopped(BaseException):
    """Somebody asked to stop."""


def parents() -> dict[int, int]:
    """Return the parent of every process that lives; zombies are left out."""
    found: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            stat = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
            # The name in parentheses may hold anything, spaces and parentheses included.
            state, parent = stat.rpartition(")")[2].split()[:2]
            if state not in "ZX":
                found[int(entry.name)] = int(parent)
    return found


def descendants(pid: int) -> set[int]:
    """Return the numbers of all living processes below one, not its own."""
    parent_of = parents()
    below: set[int] = set()
    layer = {pid}
    while layer:
        layer = {child for child, parent in parent_of.items() if parent in layer} - below
        below |= layer
    return below


def kill_all_below(pid: int) -> None:
    """Kill until nothing is left; in rounds, since what dies may have forked just before."""
    give_up_at = time.monotonic() + KILL_LIMIT_S
    while (below := descendants(pid)) and time.monotonic() < give_up_at:
        for number in below:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        reap()
        time.sleep(POLL_S)
    reap()


def reap() -> None:
    """Collect every child that ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process."""
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def start(request: dict[str, Any]) -> int:
    """Start a process as a group of its own; return its number."""
    keeper = os.getpid()

    def set_up() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != keeper:
            os._exit(1)

    entry = pwd.getpwnam(request["user"]) if request["user"] else None
    with Path(request["log"]).open("ab") as output:
        process = subprocess.Popen(
            request["argv"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=request["env"],
            user=entry.pw_uid if entry else None,
            group=entry.pw_gid if entry else None,
            extra_groups=[] if entry else None,
            umask=0o077,
            start_new_session=True,
            preexec_fn=set_up,  # noqa: PLW1509 - this process has one thread
        )
    process.returncode = 0  # `reap` collects it; Popen must not warn that nobody did
    return int(process.pid)


def answer(line: bytes) -> None:
    """Do what a line asks for and tell how it went."""
    try:
        told: dict[str, Any] = {"pid": start(json.loads(line))}
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    os.write(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")


def serve() -> None:
    """Answer requests until the other end is gone."""
    pending = b""
    while True:
        readable, _, _ = select.select([sys.stdin], [], [], POLL_S)
        reap()
        if not readable:
            continue
        data = os.read(sys.stdin.fileno(), 1 << 16)
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            answer(line)


def on_signal(_number: int, _frame: FrameType | None) -> None:
    """Turn the first SIGTERM or SIGINT into an orderly end, which no second one disturbs."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Stopped


def run(folder: Path) -> None:
    """Serve, and clean up however that ends."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        with contextlib.suppress(Stopped):
            serve()
    finally:
        kill_all_below(os.getpid())
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    run(Path(sys.argv[1]))
