"""Programs that no Python package brings, unpacked from Debian's without installing anything.

``python -m tests.debian_tools`` (``make tools``) fetches them into ``.tools/``. apt checks them
by Debian's keys and asks the archive that this machine's apt is set up for, in a folder of its own:
nothing of the system changes, and no rights are needed. The suite is newer than what most machines
run, so each program comes with its libraries and their loader.
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent.parent / ".tools"
SUITE = "sid"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FETCH_LIMIT_S = 120.0
STEP_LIMIT_S = 20.0
SILENCE_LIMIT_S = 10

OLDEST_PGBACKREST = (2, 57)
"""The first that knows PostgreSQL 18."""

PGBACKREST_PACKAGES = (
    *("pgbackrest", "libbz2-1.0", "libc6", "libcom-err2", "libgcc-s1", "libgssapi-krb5-2"),
    *("libk5crypto3", "libkeyutils1", "libkrb5-3", "libkrb5support0", "libldap2", "liblz4-1"),
    *("libpq5", "libsasl2-2", "libssh2-1t64", "libssl3t64", "libsystemd0", "libxml2-16"),
    *("libxxhash0", "libzstd1", "zlib1g"),
)


WHY_NOT: list[str] = []
"""Why nothing could be fetched, so that one process tries once."""


class ToolMissingError(Exception):
    """A program cannot be had on this machine; the message says why."""


def pgbackrest() -> Path:
    """Return a pgBackRest that knows PostgreSQL 18: the system's, else one fetched before or now.

    Raises:
        ToolMissingError: There is none, and none can be fetched.
    """
    found = shutil.which("pgbackrest")
    for program in (Path(found) if found else None, FOLDER / "pgbackrest" / "pgbackrest"):
        if program and (version_of(program) or (0, 0)) >= OLDEST_PGBACKREST:
            return program
    if WHY_NOT:
        raise ToolMissingError(WHY_NOT[0])
    try:
        return fetch("pgbackrest", PGBACKREST_PACKAGES)
    except ToolMissingError as missing:
        WHY_NOT.append(str(missing))
        raise


def version_of(program: Path) -> tuple[int, int] | None:
    """Return what a program says of its version, or None where it does not run."""
    try:
        said = run([str(program), "version"], limit_s=STEP_LIMIT_S)
    except ToolMissingError:
        return None
    match = re.search(r"pgBackRest (\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else None


def fetch(name: str, packages: Sequence[str]) -> Path:
    """Fetch and unpack packages; return the program, whole or not at all.

    Raises:
        ToolMissingError: apt is not here, has no Debian archive, or cannot reach it.
    """
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
    unfinished, target = FOLDER / f"{name}.unfinished", FOLDER / name
    shutil.rmtree(unfinished, ignore_errors=True)
    options = private_apt(unfinished)
    run(["apt-get", *options, "update"], limit_s=FETCH_LIMIT_S)
    run(["apt-get", *options, "download", *packages], limit_s=FETCH_LIMIT_S, folder=unfinished)
    root = unfinished / "root"
    for package in sorted(unfinished.glob("*.deb")):
        run(["dpkg", "-x", str(package), str(root)], limit_s=STEP_LIMIT_S)
        package.unlink()
    for leftover in ("state", "cache", "etc"):
        shutil.rmtree(unfinished / leftover)
    loaders = sorted(root.glob("usr/lib/*/ld-linux-*.so.*"))
    if not loaders:
        raise ToolMissingError(f"the packages of {name} hold no loader for this machine")
    write_starter(unfinished / name, target, loaders[0].relative_to(unfinished))
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    if (version_of(target / name) or (0, 0)) < OLDEST_PGBACKREST:
        raise ToolMissingError(
            f"Debian's {SUITE} brings no {name} that runs here and is new enough"
        )
    return target / name


def private_apt(folder: Path) -> list[str]:
    """Make an apt of our own in a folder; return the options that make apt-get use it."""
    if not shutil.which("apt-get") or not shutil.which("dpkg") or not KEYRING.is_file():
        raise ToolMissingError("no Debian here: apt-get, dpkg or Debian's keys are missing")
    wanted = ["--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian"]
    archives = run(["apt-get", "indextargets", *wanted], limit_s=STEP_LIMIT_S).split()
    if not archives:
        raise ToolMissingError("apt knows no Debian archive; run apt-get update once")
    for part in ("state/lists/partial", "cache/archives/partial", "etc"):
        (folder / part).mkdir(parents=True)
    (folder / "state" / "status").touch()
    sources = folder / "etc" / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {archives[0]} {SUITE} main\n")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "state" / "status",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": 1,
        # An archive that is silent must not cost a test its own time limit.
        "Acquire::http::Timeout": SILENCE_LIMIT_S,
        "Acquire::https::Timeout": SILENCE_LIMIT_S,
        "APT::Sandbox::User": "",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def write_starter(starter: Path, target: Path, loader: Path) -> None:
    """Write the script that starts a program with the libraries it came with."""
    libraries = target / loader.parent
    program = target / "root" / "usr" / "bin" / target.name
    # By the script's name it starts its own helpers.
    words = [str(target / loader), "--library-path", str(libraries), "--argv0"]
    words += [str(target / target.name), str(program)]
    starter.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    starter.chmod(0o755)


def run(argv: Sequence[str], *, limit_s: float, folder: Path | None = None) -> str:
    """Run a program to its end; return what it said."""
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=limit_s, check=False, cwd=folder
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolMissingError(f"{argv[0]} does not run here: {error}") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise ToolMissingError(f"{argv[0]} failed: {said[-1] if said else done.returncode}")
    return done.stdout


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{pgbackrest()}\n")
    except ToolMissingError as missing:
        # The tests that need it skip, with this reason.
        sys.stderr.write(f"tools: {missing}\n")
