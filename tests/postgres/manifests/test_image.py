"""The image is of exact versions, Patroni of the one tests run, and holds nothing it need not."""

import re
import shlex
from importlib.metadata import requires, version
from itertools import product

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from postgres import member_files
from tests.postgres.manifests.shipped import REPOSITORY, pods, rendered

DOCKERFILE = (REPOSITORY / "postgres" / "Dockerfile").read_text(encoding="utf-8")
STEPS = [line for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line and line[0] != "#"]
LOCK = (REPOSITORY / "requirements" / "postgres.txt").read_text(encoding="utf-8")
ALL = (REPOSITORY / "requirements" / "dev.txt").read_text(encoding="utf-8")
IN_THE_IMAGE = {
    "python_version": "3.13",
    "python_full_version": "3.13.5",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "os_name": "posix",
}


def steps(instruction: str) -> list[str]:
    """Return what follows an instruction, each time it stands there."""
    return [line.split(maxsplit=1)[1] for line in STEPS if line.startswith(f"{instruction} ")]


def images() -> set[str]:
    """Return the members' images that the manifests ask for."""
    every = {each["image"] for pod in pods(rendered("volume")) for each in pod.containers()}
    return {image for image in every if image.startswith("gardenos/postgres:")}


def pins(text: str) -> dict[str, set[str]]:
    """Return the pins of a lock that hold in the image: by name and version, their hashes."""
    found: dict[str, set[str]] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        if match := re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)(?: *; *([^\\]+))?", block):
            if match[3] and not Marker(match[3]).evaluate(IN_THE_IMAGE):
                continue
            name = f"{canonicalize_name(match[1])}=={match[2]}"
            found[name] = set(re.findall(r"--hash=(sha256:[0-9a-f]{64})", block))
    return found


def needed(name: str, extras: frozenset[str]) -> set[str]:
    """Return the names of everything that a distribution needs in the image."""
    found: set[str] = {canonicalize_name(name)}
    waiting = [(name, extras)]
    seen = set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for line, extra in product(requires(current[0]) or [], current[1] or {""}):
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate(
                {**IN_THE_IMAGE, "extra": extra}
            ):
                continue
            found.add(canonicalize_name(requirement.name))
            waiting.append((requirement.name, frozenset(requirement.extras)))
    return found


def test_the_ground_is_one_exact_image_of_postgresql_18() -> None:
    (ground,) = [word for word in steps("ARG") if word.startswith("POSTGRES=")]
    match = re.fullmatch(r"POSTGRES=postgres:(\d+\.\d+)-\w+@sha256:[0-9a-f]{64}", ground)

    assert match
    assert match[1].split(".")[0] == "18"
    assert {step.split()[0] for step in steps("FROM")} == {"${POSTGRES}"}


def test_the_tag_says_the_versions_inside() -> None:
    (image,) = images()
    ground = re.search(r"postgres:(\d+\.\d+)-", DOCKERFILE)
    patroni = next(name for name in pins(LOCK) if name.startswith("patroni=="))

    assert ground
    assert image.startswith(f"gardenos/postgres:{ground[1]}-{patroni.partition('==')[2]}-")
    assert f"--tag {image} ." in DOCKERFILE


def test_patroni_is_the_version_that_the_tests_run() -> None:
    assert f"patroni=={version('patroni')}" in pins(LOCK)


def test_every_pin_is_one_of_the_projects_with_its_hashes() -> None:
    known = pins(ALL)

    for name, hashes in pins(LOCK).items():
        assert hashes, name
        assert known.get(name) == hashes, name


def test_nothing_is_missing_and_nothing_is_more() -> None:
    wanted = needed("patroni", frozenset({"etcd3", "psycopg3"}))

    assert {name.partition("==")[0] for name in pins(LOCK)} == wanted


def test_packages_are_installed_by_hash_and_pgbackrest_by_version() -> None:
    runs = " ".join(steps("RUN"))

    assert "--require-hashes" in runs
    assert '"pgbackrest=${PGBACKREST}-*"' in runs
    assert any(re.fullmatch(r"PGBACKREST=\d+\.\d+\.\d+", word) for word in steps("ARG"))
    assert "latest" not in DOCKERFILE


def test_it_runs_as_the_user_that_the_pods_name() -> None:
    users = {pod.spec["securityContext"]["runAsUser"] for pod in pods(rendered("volume"))}
    groups = {pod.spec["securityContext"]["runAsGroup"] for pod in pods(rendered("volume"))}

    assert steps("USER") == ["999:999"]
    assert (users, groups) == ({999}, {999})


def test_patroni_is_its_command_without_a_shell() -> None:
    (members,) = [pod for pod in pods(rendered("volume")) if "configure" in str(pod.spec)]

    assert steps("ENTRYPOINT") == ["[]"]
    assert steps("CMD") == ['["patroni", "/etc/patroni/patroni.yml"]']
    assert members.spec["containers"][0]["command"] == ["patroni", "/etc/patroni/patroni.yml"]


def test_what_is_copied_is_there_and_let_through() -> None:
    ignored = (REPOSITORY / "postgres" / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    copied = [
        source
        for step in steps("COPY")
        if not step.startswith("--from")
        for source in shlex.split(step)[:-1]
    ]

    assert ignored.splitlines()[0] == "*"
    assert {line[1:] for line in ignored.splitlines()[1:]} == set(copied)
    assert all((REPOSITORY / source).is_file() for source in copied)


def test_the_programs_of_the_manifests_are_in_the_image() -> None:
    (path,) = [word for word in steps("ENV") if "PATH=" in word]

    assert "/opt/patroni/bin" in path
    assert f"/usr/local/lib/gardenos/{member_files.__name__.rpartition('.')[2]}.py" in DOCKERFILE
