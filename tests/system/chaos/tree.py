"""The product's code with pieces put in or taken out, in a folder that is imported before it."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.system.application import REPOSITORY


@dataclass(frozen=True, slots=True)
class Patch:
    """A text in a file of the product, and what stands there instead."""

    file: str
    old: str
    new: str


def copied_tree(folder: Path, patches: Iterable[Patch]) -> str:
    """Copy the rooms that patches touch into a folder, patched; return the path to import by.

    Raises:
        AssertionError: A text does not stand exactly once in its file: the product has changed
            and the patch must follow.
    """
    for patch in patches:
        room = patch.file.partition("/")[0]
        if not (folder / room).exists():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(REPOSITORY / room, folder / room, ignore=ignored)
        file = folder / patch.file
        text = file.read_text(encoding="utf-8")
        assert text.count(patch.old) == 1, f"{patch.file}: not once there: {patch.old!r}"
        file.write_text(text.replace(patch.old, patch.new), encoding="utf-8")
    return f"{folder}:{REPOSITORY}"
