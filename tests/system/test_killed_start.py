"""A start that is killed with -9 leaves nothing behind, and the next one works at once."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from tests.system.application import Application, until

pytestmark = pytest.mark.timeout(240)

GONE_LIMIT_S = 15.0
"""Everything is dead within a second; a slow init may take longer to count the dead."""

OFFLINE = {"GARDENOS_DASHBOARD__ENABLED": "false"}


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """Give a folder for starts that are killed, apart from other tests' applications."""
    with TemporaryDirectory(prefix="gardenos-system-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def run_folders(processes: list[psutil.Process]) -> set[Path]:
    """Return the folders below /tmp that processes were started for, by their command lines."""
    found: set[Path] = set()
    for process in processes:
        for argument in process.cmdline():
            if argument.startswith("/tmp/gardenos-") and len(Path(argument).parts) > 2:
                found.add(Path(*Path(argument).parts[:3]))
    return found


def runs(process: psutil.Process) -> bool:
    """Tell whether a process still does anything."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="processes are found by /proc")
def test_kill_9_leaves_nothing_and_the_same_port_and_data_serve_at_once(own_folder: Path) -> None:
    first = Application(own_folder, OFFLINE).start()
    started = first.processes()
    folders = {one for one in run_folders(started) if one.is_dir() and one != own_folder}
    task = first.post("/v1/tasks", {"lead": {"lead_id": "kept", "message": "mow the lawn"}})
    assert folders
    first.kill()
    second = Application(own_folder, OFFLINE)
    second.port, second.address = first.port, first.address
    second.http.base_url = first.address
    with second:
        assert second.get(task["href"])["lead_id"] == "kept"
        until(lambda: not any(map(runs, started)), "the killed start's processes end", GONE_LIMIT_S)
        gone = {one for one in folders if not str(one).startswith(f"/tmp/gardenos-{os.geteuid()}-")}
        assert gone
        assert not [one for one in gone if one.exists()]
