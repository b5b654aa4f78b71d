"""Ends what a local start leaves behind when its process is killed with -9.

Each start has a private run folder and marks everything it starts with that folder's name in the
environment. Two things look after it. The *guardian*, this file run as a program
(``python -I -S orphans.py FOLDER PID``, so the standard library only), holds a pipe to the start
and ends what is marked as soon as the pipe closes. And every new start sweeps: the folder's lock
file is locked while its start lives, so a free lock says that nobody cleans up any more.

The mark alone is not enough: Ray's processes write their titles over the beginning of their
environment, and half of them die with the start, which takes the others' parents away. So the
guardian also remembers what it saw below the start, each by number and time of its beginning.

Processes are found by ``/proc`` and hit by descriptors of their own (``pidfd``), never by a
number that might meanwhile be another's. Where there is no ``/proc`` (macOS) only folders are
removed: Ray's processes end there by themselves, within minutes.
"""

import contextlib
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "GARDEN_RUN_FOLDER"
"""Variable by which everything that a start starts can be told; no setting of ours."""

PREFIX = "gardenos-"
LOCK = "owner"
ROOT = Path("/tmp")  # noqa: S108 - the folders made in it are private
END_LIMIT_S = 10.0
"""Longest time the guardian gives marked processes to vanish after SIGKILL."""

POLL_S = 0.05
LOOK_S = 2.0
"""How often the guardian looks what there is below the start; one look takes some 3 ms."""

_MARKED_NAMES = (f"{MARK}=".encode(), b"RAY_")
"""Beginnings of variables in which the folder's name tells whose a process is; PWD does not."""

_PROC = Path("/proc")
_START_TIME = 19
"""Place of a process's time of beginning in what follows its name in its status line."""

Known = dict[int, str]
"""Time of beginning by number of process, in the kernel's ticks."""


@contextlib.contextmanager
def run_folder(root: Path = ROOT) -> Iterator[Path]:
    """Make a private folder for sockets and logs, guarded; it goes away with all that is marked.

    Its path is short: that of a socket ends at 107 bytes, and HAProxy adds 70. For the length of
    the ``with`` the environment carries the mark.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    lock = _lock(folder)
    try:
        with _guarded(folder):
            os.environ[MARK] = str(folder)
            yield folder
    finally:
        os.environ.pop(MARK, None)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(root: Path = ROOT) -> None:
    """End what dead starts of this user have left, at once, so that ports and folders are free."""
    for folder in sorted(root.glob(f"{PREFIX}*")):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.geteuid() and _is_deserted(folder):
                end_run(folder)


def end_run(folder: Path, known: Known | None = None) -> None:
    """Kill what is marked with a folder, or known, until nothing is; then remove the folder."""
    until_s = time.monotonic() + END_LIMIT_S
    while _kill_marked(folder, known or {}) and time.monotonic() < until_s:
        time.sleep(POLL_S)
    shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> int:
    """Return the descriptor of the folder's lock, locked before it gets its name."""
    unnamed = folder / f"{LOCK}.new"
    lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    unnamed.rename(folder / LOCK)
    return lock


def _is_deserted(folder: Path) -> bool:
    """Tell whether a run folder's start is gone; other folders of that name have no lock."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


@contextlib.contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    """Keep a guardian for the length of the ``with``; what our own stop overlooked ends with it.

    It gets a session of its own, so that Ctrl-C reaches us alone.
    """
    guardian = subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, "-I", "-S", __file__, str(folder), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath},
        start_new_session=True,
    )
    try:
        yield
    finally:
        if guardian.stdin is not None:
            guardian.stdin.close()
        try:
            guardian.wait(END_LIMIT_S + 5.0)
        except subprocess.TimeoutExpired:
            guardian.kill()
            guardian.wait()


def _kill_marked(folder: Path, known: Known) -> bool:
    """Kill everything marked with the folder, and what it started; tell whether there was any."""
    found = _marked(folder, known)
    for descriptor in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)
    return bool(found)


def _marked(folder: Path, known: Known) -> list[int]:
    """Return a descriptor for each process that is marked, known, or below such a one.

    A descriptor is opened before its process is looked at, so both are the same process.
    """
    if not hasattr(os, "pidfd_open"):
        return []
    descriptors: dict[int, int] = {}
    parents: Known = {}
    found: set[int] = set()
    for pid in _processes():
        with contextlib.suppress(OSError):
            descriptors[pid] = os.pidfd_open(pid)
            state, parent, beginning = _status(pid)
            if state == "Z":
                continue
            parents[pid] = parent
            if known.get(pid) == beginning or _is_marked(pid, folder):
                found.add(pid)
    found |= _below(found, parents)
    for pid in descriptors.keys() - found:
        os.close(descriptors[pid])
    return [descriptors[pid] for pid in found]


def _processes() -> list[int]:
    """Return the numbers of all processes but this one; none where there is no ``/proc``."""
    if not _PROC.is_dir():
        return []
    numbers = (int(one.name) for one in _PROC.iterdir() if one.name.isdecimal())
    return sorted(pid for pid in numbers if pid != os.getpid())


def _is_marked(pid: int, folder: Path) -> bool:
    """Tell whether a process was started with the mark, or with Ray's variables of the run."""
    try:
        variables = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    name = str(folder).encode()
    return any(one.startswith(_MARKED_NAMES) and name in one for one in variables)


def _below(above: set[int], parents: Known) -> set[int]:
    """Return the living processes below some others, at any depth."""
    found: set[int] = set()
    while fresh := {
        pid
        for pid, parent in parents.items()
        if pid not in found | above and int(parent) in found | above
    }:
        found |= fresh
    return found


def _status(pid: int) -> tuple[str, str, str]:
    """Return a process's state, parent and time of beginning.

    Raises:
        OSError: It has ended.
    """
    line = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    fields = line.rpartition(")")[2].split()
    return fields[0], fields[1], fields[_START_TIME]


def _seen_below(starter: int, apart: set[int]) -> Known:
    """Return what runs below the starter, but not below what was there before the guardian."""
    parents: Known = {}
    beginnings: Known = {}
    for pid in _processes():
        with contextlib.suppress(OSError):
            state, parent, beginning = _status(pid)
            if pid not in apart and state != "Z":
                parents[pid], beginnings[pid] = parent, beginning
    return {pid: beginnings[pid] for pid in _below({starter}, parents)}


def guard(folder: Path, starter: int) -> None:
    """Remember what the starter starts until its end of the pipe closes, then end its run."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    apart = set(_seen_below(starter, set()))
    known: Known = {}
    while not select.select([sys.stdin], [], [], LOOK_S)[0]:
        known |= _seen_below(starter, apart)
    end_run(folder, known)


if __name__ == "__main__":
    guard(Path(sys.argv[1]), int(sys.argv[2]))
