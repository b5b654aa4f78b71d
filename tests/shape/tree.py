"""A source tree as the checks see it: its rooms, its modules, their syntax trees."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
"""The checkout these tests stand in."""

WORKSHOPS = ("benchmarks", "tests")
"""Top-level packages that are no rooms: no room may lean on them."""


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file of the tree.

    Attributes:
        name: Dotted name, a package without ``.__init__``.
        path: Relative to the root of the tree, for messages.
        text: The source.
        syntax: The source, parsed.
        is_package: Whether the file is an ``__init__.py``.
    """

    name: str
    path: Path
    text: str
    syntax: ast.Module
    is_package: bool


def rooms(root: Path) -> list[str]:
    """Return the top-level packages that are rooms, sorted by name."""
    packages = (folder.parent.name for folder in root.glob("*/__init__.py"))
    return sorted(name for name in packages if name not in WORKSHOPS)


def python_files(root: Path) -> Iterator[Path]:
    """Yield every Python file below a top-level folder that is not hidden, in a fixed order."""
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            yield from sorted(folder.rglob("*.py"))


@cache
def modules(root: Path) -> tuple[Module, ...]:
    """Return every module of the tree; parsed once for all checks."""
    return tuple(_module(root, path) for path in python_files(root))


def modules_of_rooms(root: Path) -> list[Module]:
    """Return the modules that are part of the product."""
    inside = set(rooms(root))
    return [module for module in modules(root) if module.path.parts[0] in inside]


def configuration(root: Path) -> dict[str, Any]:
    """Return ``pyproject.toml`` of the tree."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def _module(root: Path, path: Path) -> Module:
    relative = path.relative_to(root)
    is_package = relative.name == "__init__.py"
    parts = relative.parent.parts if is_package else relative.with_suffix("").parts
    text = path.read_text(encoding="utf-8")
    return Module(".".join(parts), relative, text, ast.parse(text, str(relative)), is_package)
