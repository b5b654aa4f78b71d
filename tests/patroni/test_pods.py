"""Pods die, freeze and thaw as one, and outlive nobody."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from postgres.guardian import name_for_namespace
from tests.patroni import keeper
from tests.patroni.pods import WAYS, Kennel, Pod, allows, wait_until

LIMIT_S = 15.0
REPOSITORY = Path(__file__).parents[2]
FAMILY = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
print(1, flush=True)
time.sleep(600)
"""
"""Four processes in four groups, as a server and its children are."""

STARTER = """
import sys, time
from pathlib import Path
from tests.patroni.test_pods import start_family
from tests.patroni.pods import Kennel
folder = Path(sys.argv[1])
kennel = Kennel(folder, sys.argv[2])
pod = start_family(kennel, folder)
print(kennel.pid, *pod.processes(), flush=True)
time.sleep(600)
"""


def start_family(kennel: Kennel, folder: Path) -> Pod:
    """Start a pod whose processes have left each other's groups; return it when all run."""
    log = folder / "log"
    pod = kennel.start_pod([sys.executable, "-I", "-S", "-c", FAMILY], env={}, log=log)
    wait_until(lambda: log.read_text().count("1") == 4, limit_s=LIMIT_S, what="the family")
    return pod


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Give each way of making pods that this machine allows."""
    if not allows(str(request.param)):
        pytest.skip(f"this machine does not allow the way {request.param}")
    return str(request.param)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that the keeper removes, and we where there was none or it was killed."""
    path = Path(tempfile.mkdtemp(prefix="gardenos-pods-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def kennel(way: str, folder: Path) -> Iterator[Kennel]:
    """Give a keeper of pods."""
    kennel = Kennel(folder, way)
    yield kennel
    kennel.close()


def states(pod: Pod) -> set[str]:
    """Return the states of a pod's processes."""
    return {psutil.Process(pid).status() for pid in pod.processes()}


def test_a_pod_dies_whole(kennel: Kennel, folder: Path) -> None:
    pod = start_family(kennel, folder)
    family = pod.processes()

    pod.kill()

    assert len(family) >= 5
    assert not any(is_alive(pid) for pid in family)


def test_a_pod_freezes_and_thaws_whole(kennel: Kennel, folder: Path) -> None:
    pod = start_family(kennel, folder)

    pod.freeze()
    wait_until(lambda: states(pod) == {"stopped"}, limit_s=LIMIT_S, what="frost")
    pod.thaw()

    wait_until(lambda: "stopped" not in states(pod), limit_s=LIMIT_S, what="thaw")


def test_a_pods_processes_are_not_root(kennel: Kennel, folder: Path) -> None:
    ask = "import os,time; print(os.geteuid() != 0, flush=True); time.sleep(600)"

    kennel.start_pod([sys.executable, "-I", "-S", "-c", ask], env={}, log=folder / "log")

    wait_until(lambda: "True" in (folder / "log").read_text(), limit_s=LIMIT_S, what="its user")


@pytest.mark.parametrize("victim", ["starter", "keeper"])
def test_nothing_outlives_a_killed_test(way: str, folder: Path, victim: str) -> None:
    if victim == "keeper" and way != "namespace":
        pytest.skip("without a namespace the kernel kills the first process alone")
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder), way],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert starter.stdout is not None
    keeper_pid, *family = (int(word) for word in starter.stdout.readline().split())

    psutil.Process(starter.pid if victim == "starter" else keeper_pid).kill()

    wait_until(
        lambda: not any(is_alive(pid) for pid in (keeper_pid, *family)),
        limit_s=LIMIT_S,
        what="the end of everything",
    )
    if victim == "starter":
        assert not folder.exists()
    starter.kill()
    starter.communicate()


def is_alive(pid: int) -> bool:
    """Tell whether a process lives; a zombie does not."""
    return pid in keeper.parents()


@pytest.mark.skipif(os.geteuid() != 0, reason="this is an ordinary user's run already")
@pytest.mark.skipif(not allows("namespace"), reason="this machine allows no namespace")
def test_an_ordinary_user_can_do_all_of_this() -> None:
    uid = name_for_namespace()
    as_a_user = ["unshare", "--user", f"--map-user={uid}", f"--map-group={uid}"]

    done = subprocess.run(
        [*as_a_user, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )

    assert done.returncode == 0, done.stdout
    assert "plain" not in done.stdout
