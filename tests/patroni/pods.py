"""Killable "pods": trees of processes that die, freeze and thaw as one.

Where the kernel allows it a pod is a process namespace of its own, as in a container: its first
process is number 1, and when that dies all others die with it. Elsewhere it is the tree below a
subreaper (:mod:`tests.patroni.first_process`), which is stopped before it is killed, so that
nothing forks its way out. Both run without root's rights inside, since Postgres refuses them.
"""

import contextlib
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from postgres.guardian import name_for_namespace
from tests.patroni import first_process, keeper

ANSWER_LIMIT_S = 10.0
GONE_LIMIT_S = 10.0
PROBE_LIMIT_S = 10.0
POLL_S = 0.01

WAYS = ("namespace", "plain")


class UnavailableError(RuntimeError):
    """This machine cannot run a test cluster; the argument says what is missing."""


def wait_until(
    is_so: Callable[[], bool], *, limit_s: float, what: str, poll_s: float = POLL_S
) -> None:
    """Look until something is so; TimeoutError names what it waited for."""
    give_up_at = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"waited {limit_s:g} s for {what}")
        time.sleep(poll_s)


@dataclass(frozen=True, slots=True)
class Pod:
    """A started tree.

    Attributes:
        pid: Its topmost process, as we see it.
        wrapped: Whether that one only waits for the namespace's first process.
    """

    pid: int
    wrapped: bool

    def processes(self) -> set[int]:
        """Return the numbers of all its living processes."""
        alive = {self.pid} & keeper.parents().keys()
        return alive | keeper.descendants(self.pid)

    def freeze(self) -> None:
        """Stop all of it, what it forks meanwhile included; its connections stay open."""
        stopped: set[int] = set()
        while fresh := self.processes() - stopped:
            send(fresh, signal.SIGSTOP)
            stopped |= fresh

    def thaw(self) -> None:
        """Let all of it go on."""
        send(self.processes(), signal.SIGCONT)

    def kill(self) -> None:
        """Kill all of it at once and return when nothing of it lives."""
        self.freeze()
        everything = self.processes()
        send(everything, signal.SIGKILL)
        wait_until(
            lambda: not everything & keeper.parents().keys(),
            limit_s=GONE_LIMIT_S,
            what=f"the end of pod {self.pid}",
        )

    def main(self) -> set[int]:
        """Return its first process as it counts itself: the one to ask for an orderly end."""
        if not self.wrapped:
            return {self.pid}
        return {child for child, parent in keeper.parents().items() if parent == self.pid}

    def terminate(self, limit_s: float) -> None:
        """Ask it to end in order, and kill what is left after the limit."""
        send(self.main(), signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: not self.processes(), limit_s=limit_s, what="an orderly end")
        self.kill()


def send(pids: set[int], number: signal.Signals) -> None:
    """Send a signal to processes of which some may be gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


class Kennel:
    """The keeper's other end: starts pods below it.

    Args:
        folder: What the keeper removes in the end.
        way: How pods are made; see :func:`usable_way`.
    """

    def __init__(self, folder: Path, way: str) -> None:
        self.way = way
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Return the keeper's number."""
        return self._process.pid

    def start_pod(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> Pod:
        """Start a tree without root's rights, in the way that was found to work."""
        pod = self.start([*way_prefix(self.way), *argv], env=env, log=log, user=way_user(self.way))
        return Pod(pod.pid, wrapped=self.way == "namespace")

    def start(
        self, argv: Sequence[str], *, env: Mapping[str, str], log: Path, user: str | None = None
    ) -> Pod:
        """Start a tree as who we are, or as another user."""
        request = {"argv": list(argv), "env": dict(env), "log": str(log), "user": user}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        readable, _, _ = select.select([self._process.stdout], [], [], ANSWER_LIMIT_S)
        line = self._process.stdout.readline() if readable else b""
        told = json.loads(line or b'{"error": "the keeper is silent"}')
        if "pid" not in told:
            raise UnavailableError(f"cannot start {argv[0]}: {told['error']}")
        return Pod(int(told["pid"]), wrapped=False)

    def give(self, folder: Path) -> None:
        """Make a folder the property of whom pods run as."""
        if user := way_user(self.way):
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, user)

    def close(self) -> None:
        """Let the keeper end everything, and wait for it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(keeper.KILL_LIMIT_S + 5.0)
        finally:
            if self._process.stdout is not None:
                self._process.stdout.close()


def usable_way() -> str:
    """Return the first way of making pods that this machine allows."""
    if sys.platform != "linux":
        raise UnavailableError("a test cluster needs Linux")
    for way in WAYS:
        if allows(way):
            return way
    raise UnavailableError("neither a process namespace nor another user can run the members")


def allows(way: str) -> bool:
    """Try a way on a program that does nothing."""
    with contextlib.suppress(OSError, KeyError, subprocess.SubprocessError):
        user = way_user(way)
        group = pwd.getpwnam(user).pw_gid if user else None
        done = subprocess.run(
            [*way_prefix(way), sys.executable, "-I", "-S", "-c", ""],
            check=False,
            capture_output=True,
            timeout=PROBE_LIMIT_S,
            user=user,
            group=group,
            extra_groups=[] if user else None,
            cwd="/",
        )
        return done.returncode == 0
    return False


def way_prefix(way: str) -> list[str]:
    """Return the start of a pod's command line."""
    if way != "namespace":
        return [sys.executable, "-I", "-S", first_process.__file__]
    unshare = shutil.which("unshare")
    if unshare is None:
        raise FileNotFoundError("unshare")
    inside = inside_uid()
    return [
        unshare,
        "--user",
        f"--map-user={inside}",
        f"--map-group={inside}",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--",
    ]


def inside_uid() -> int:
    """Return who we are inside: not root, and somebody with an entry in passwd."""
    uid = os.geteuid()
    with contextlib.suppress(KeyError):
        if uid != 0 and pwd.getpwuid(uid):
            return uid
    return name_for_namespace()


def way_user(way: str) -> str | None:
    """Return as whom a pod runs, where that is somebody else."""
    return "nobody" if way == "plain" and os.geteuid() == 0 else None
