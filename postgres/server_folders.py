"""The folders of an embedded server, and the lock that says whether one uses them."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import time
from pathlib import Path

from domain.errors import ConfigurationError

SOCKET_NAME = ".s.PGSQL.5432"
LOCK_POLL_S = 0.05


def prepare_folder(data_folder: Path) -> Path:
    """Make the folder and prove that it can be written."""
    try:
        data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = data_folder.resolve()
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            "data_folder", f"{data_folder} ({error.strerror})", "a folder that this user may write"
        ) from error
    data = folder / "data"
    if data.exists() and data.stat().st_uid != os.geteuid() and os.geteuid() != 0:
        raise ConfigurationError(
            "data_folder",
            f"{folder}, whose data belong to user {data.stat().st_uid}",
            "data of the user that starts the server; change their owner or choose another folder",
        )
    return folder


def version_on_disk(folder: Path) -> int | None:
    """Return the major version of the data, or None where there are none yet."""
    data = folder / "data"
    if not data.exists():
        return None
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "data_folder",
            f"{data}, which is not a server's data",
            "a server's data, or no folder data",
        ) from error


def take_lock(folder: Path, *, wait_s: float) -> int:
    """Return the descriptor of the locked lock file.

    While the process that started the last server lives, its server is in use: refuse at once.
    Where it is gone, its server is about to stop: wait.
    """
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        give_up_at = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                owner = int(os.pread(fd, 20, 0) or b"0")
                if is_alive(owner) or time.monotonic() > give_up_at:
                    raise ConfigurationError(
                        "data_folder",
                        f"{folder}, used by a running server of process {owner}",
                        "a folder no other server uses; stop that process or choose another folder",
                    ) from error
                time.sleep(LOCK_POLL_S)
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
    except BaseException:
        os.close(fd)
        raise
    return fd


def is_alive(pid: int) -> bool:
    """Tell whether a process of that number exists."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def run_folder_of(folder: Path, run_root: Path) -> Path:
    """Return where the socket of a data folder's server is: the same at every start."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return run_root / f"gardenos-{os.geteuid()}-{digest}"


def make_run_folder(folder: Path, run_root: Path) -> Path:
    """Make the socket's folder anew; the lock is held, so nothing lives in an old one."""
    run_folder = run_folder_of(folder, run_root)
    try:
        with contextlib.suppress(FileNotFoundError):
            found = run_folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or os.geteuid() not in (0, found.st_uid):
                raise ConfigurationError(
                    "run_root", f"{run_folder}, which somebody else made", "a folder of our own"
                )
            shutil.rmtree(run_folder)
        run_folder.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            "run_root", f"{run_root} ({error.strerror})", "a folder that this user may write"
        ) from error
    return run_folder


def is_locked(folder: Path) -> bool:
    """Tell whether any process of a server lives that uses this folder."""
    try:
        fd = os.open(folder / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
