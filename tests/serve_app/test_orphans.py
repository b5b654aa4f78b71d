"""Claims about what is left of a start that was killed with -9: nothing, and no one else is hit."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from serve_app import orphans
from tests.system.application import REPOSITORY

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="processes are found by /proc"
)

START = """
import subprocess, sys
from pathlib import Path
from serve_app import orphans

before = subprocess.Popen(["sleep", "600"])
with orphans.run_folder(Path(sys.argv[1])) as folder:
    marked = subprocess.Popen(["sh", "-c", "sleep 600 & env -i sleep 600 & wait"])
    print(folder, before.pid, marked.pid, flush=True)
    sys.stdin.read()
"""
"""A start that has a child from before its run, and one of its run with children of its own, of
which one does not even carry the mark."""


@pytest.fixture
def root() -> Iterator[Path]:
    """Give a folder in which run folders are made."""
    with TemporaryDirectory(prefix="orphans-", dir="/tmp") as name:
        yield Path(name)


class Start:
    """The script above in a process of its own."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(root)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        folder, before, marked = self.process.stdout.readline().split()
        self.folder = Path(folder)
        self.before = psutil.Process(int(before))
        shell = psutil.Process(int(marked))
        while len(shell.children()) < 2:  # the shell starts them a moment later
            os.sched_yield()
        self.marked = [shell, *shell.children()]
        (self.guardian,) = [
            child
            for child in psutil.Process(self.process.pid).children()
            if "orphans.py" in " ".join(child.cmdline())
        ]

    def kill(self) -> None:
        """Kill it as a user would in anger."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        """Let it end, and forget its pipes and the child that is not of its run."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(20)


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """Give a start that is under way."""
    with ExitStack() as last:
        started = Start(root)
        last.callback(started.before.kill)
        yield started
        if started.process.poll() is None:
            started.close()


def gone(processes: list[psutil.Process], limit_s: float = 10.0) -> bool:
    """Tell whether processes have ended within a time; one that only waits for init has."""
    _, left = psutil.wait_procs(processes, timeout=limit_s)
    return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in left)


def test_a_start_killed_with_9_takes_its_processes_and_its_folder_along(start: Start) -> None:
    start.kill()
    assert gone([*start.marked, start.guardian])
    assert not start.folder.exists()


def test_what_was_there_before_the_run_lives_on(start: Start) -> None:
    start.kill()
    assert gone([start.guardian])
    assert start.before.is_running()


def test_a_start_that_ends_well_leaves_nothing_either(start: Start) -> None:
    start.close()
    assert gone([*start.marked, start.guardian])
    assert not start.folder.exists()


def test_the_next_start_sweeps_where_the_guardian_was_killed_too(root: Path, start: Start) -> None:
    start.guardian.kill()
    start.kill()
    assert not gone(start.marked[1:], 0.2)
    orphans.sweep(root)
    assert gone(start.marked)
    assert not start.folder.exists()


def test_a_sweep_leaves_living_starts_and_other_folders_alone(root: Path, start: Start) -> None:
    other = root / "gardenos-somebody"
    other.mkdir()
    orphans.sweep(root)
    assert start.folder.exists()
    assert all(one.is_running() for one in start.marked)
    assert other.exists()


def test_a_shell_that_stands_in_the_run_folder_is_not_hit(start: Start) -> None:
    environment = {"PWD": str(start.folder), "PATH": os.defpath}
    with subprocess.Popen(["sleep", "600"], env=environment) as innocent:
        start.kill()
        assert gone([start.guardian])
        assert innocent.poll() is None
        innocent.kill()


def test_a_number_that_meanwhile_is_another_process_is_not_hit(root: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as innocent:
        folder = root / "gardenos-run"
        folder.mkdir()
        orphans.end_run(folder, {innocent.pid: "1"})
        assert innocent.poll() is None
        assert not folder.exists()
        innocent.kill()


def test_a_process_without_its_mark_is_hit_where_it_was_seen_below_the_start(root: Path) -> None:
    folder = root / "gardenos-run"
    folder.mkdir()
    with subprocess.Popen(["sleep", "600"], env={}) as overwritten:
        known = orphans._seen_below(os.getpid(), set())
        orphans.end_run(folder, {overwritten.pid: known[overwritten.pid]})
        assert overwritten.wait(10) == -signal.SIGKILL
