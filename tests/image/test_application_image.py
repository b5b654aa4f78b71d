"""One file makes the application's image and the database's tools: pinned, small rights, whole."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.image.dockerfile import Dockerfile, read_dockerfile
from tests.postgres.manifests.shipped import REPOSITORY, pods, rendered
from tests.postgres.manifests.test_image import ALL, needed, pins
from tests.shape.tree import rooms

FILE = read_dockerfile(REPOSITORY / "Dockerfile")
MEMBERS = read_dockerfile(REPOSITORY / "postgres" / "Dockerfile")
BUILD, APPLICATION, DATABASE = (FILE.stages[each] for each in ("build", "application", "database"))
TARGETS = (APPLICATION, DATABASE)


def lock(name: str) -> dict[str, set[str]]:
    """Return the pins of one of our locks, with their hashes."""
    return pins((REPOSITORY / "requirements" / f"{name}.txt").read_text(encoding="utf-8"))


def test_every_ground_is_one_exact_image() -> None:
    for ground in FILE.arguments.values():
        assert re.fullmatch(r"[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}", ground)
    grounds = {stage.ground for stage in FILE.stages.values()}
    assert grounds == {f"${{{name}}}" for name in FILE.arguments}
    assert "latest" not in FILE.text


def test_tools_stand_on_the_members_own_server_and_pgbackrest() -> None:
    assert FILE.arguments["POSTGRES"] == MEMBERS.arguments["POSTGRES"]
    assert DATABASE.all("ARG") == MEMBERS.stages["last"].all("ARG")
    assert '"pgbackrest=${PGBACKREST}-*"' in DATABASE.all("RUN")[0]


def test_both_grounds_bring_the_same_python() -> None:
    # What was installed for one Python stands in all three stages.
    assert {ground.partition("@")[0].rpartition("-")[0] for ground in FILE.arguments.values()} == {
        "debian:trixie",
        "postgres:18.4",
    }
    assert "trixie@" in FILE.arguments["POSTGRES"]
    for stage in TARGETS:
        assert "python3" in shlex.split(stage.all("RUN")[0])


def test_packages_come_by_hash_and_run_nothing_while_they_come() -> None:
    installs = [
        step
        for text in BUILD.all("RUN")
        for step in text.split("&&")
        if "/pip install" in step and "--no-index" not in step
    ]

    assert len(installs) == 2
    assert all("--require-hashes" in each and "--only-binary=:all:" in each for each in installs)
    assert not any("pip" in step for stage in TARGETS for step in stage.all("RUN"))


@pytest.mark.parametrize("name", ["build", "runtime"])
def test_every_pin_is_one_of_the_projects_with_its_hashes(name: str) -> None:
    known = pins(ALL)

    for pin, hashes in lock(name).items():
        assert hashes, pin
        assert known.get(pin) == hashes, pin


def test_the_wheel_is_built_with_what_the_project_names_and_no_more() -> None:
    assert {name.partition("==")[0] for name in lock("build")} == needed("hatchling", frozenset())


def test_the_tag_says_our_version() -> None:
    for target in ("application", "database"):
        (tag,) = re.findall(rf"--target {target} --tag (gardenos/{target}:\S+) \.", FILE.text)
        assert tag.startswith(f"gardenos/{target}:{version('gardenos')}-")
    asked = {each["image"] for pod in pods(rendered("volume")) for each in pod.containers()}
    assert f"gardenos/database:{version('gardenos')}-1" in asked


def test_it_is_nobody_special() -> None:
    assert APPLICATION.all("USER") == ["1000:1000"]
    # Whose files the repository and a member's sockets are.
    assert DATABASE.all("USER") == MEMBERS.stages["last"].all("USER") == ["999:999"]
    for stage in TARGETS:
        assert "chmod a-s" in stage.all("RUN")[0]
        assert "apt-get update" in stage.all("RUN")[0]
        assert "rm -rf /var/lib/apt/lists/*" in stage.all("RUN")[0]


def test_kuberay_finds_what_its_probes_call() -> None:
    assert {"bash", "wget", "ca-certificates"} <= set(shlex.split(APPLICATION.all("RUN")[0]))


def test_a_build_without_a_target_makes_the_application() -> None:
    assert list(FILE.stages)[-1] == "application"


def test_no_shell_stands_before_the_command() -> None:
    for stage in TARGETS:
        assert stage.all("ENTRYPOINT") == ["[]"]
        assert stage.all("CMD")[0].startswith('["gardenos", ')
        assert "/opt/gardenos/bin" in stage.all("ENV")[0].split()[0]


def test_every_room_is_in_it_and_nothing_else_is_sent_to_the_build() -> None:
    copied = {
        source
        for text in BUILD.all("COPY")
        for source in shlex.split(text)[:-1]
        if not text.startswith("--from")
    }
    lines = (REPOSITORY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()

    assert set(rooms(REPOSITORY)) <= copied
    assert all((REPOSITORY / source).exists() for source in copied)
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert not any(fnmatch("secrets", line.removeprefix("!")) for line in lines[1:])


def run(words: str, folder: Path, variables: dict[str, str] | None = None) -> str:
    """Run a step's commands."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **(variables or {})},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def steps_of_build(file: Dockerfile, folder: Path) -> None:
    """Do what the stage that builds does, below a folder instead of at the root."""
    for word, text in file.stages["build"].steps:
        if word == "COPY":
            *sources, target = shlex.split(text)
            place = folder / target.lstrip("/")
            for source in sources:
                found = REPOSITORY / source
                if found.is_dir():
                    shutil.copytree(found, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copy(found, place)
        elif word == "RUN" and "apt-get" not in text:
            here = text.replace("python3 -m venv", f"{sys.executable} -m venv")
            run(re.sub(r"(?<![\w.])/(opt|src)/?", rf"{folder}/\1/", here), folder)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_build_makes_a_gardenos_that_runs(tmp_path: Path) -> None:
    steps_of_build(FILE, tmp_path)
    program = tmp_path / "opt" / "gardenos" / "bin" / "gardenos"
    site = next((tmp_path / "opt" / "gardenos" / "lib").glob("python*/site-packages"))

    assert version("gardenos") in run(f"{program} --version", tmp_path)
    assert "bootstrap" in run(f"{program} postgres --help", tmp_path)
    assert "gardenos_backup_repository_up" in run(f"{program} postgres metrics", tmp_path)
    assert not list(site.glob("pip"))
    assert list(site.glob("serve_app/__pycache__/cli*.pyc"))
    assert not list(site.glob("tests"))
