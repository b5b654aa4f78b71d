"""What holds for single files: size, documentation, what a room's front page may contain."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.shape.tree import configuration, modules, modules_of_rooms, python_files, rooms

MAX_LINES = 500
"""Longer files have two jobs."""

_DOCUMENTED_ELSEWHERE = frozenset({"overload", "override", "setter", "deleter"})

# Written in parts, so that the check does not find itself.
_REGISTRIES = "|".join(
    (
        "py" + "pi[.]org",
        "python" + "hosted[.]org",
        "deb[.]deb" + "ian[.]",
        "archive[.]ubu" + "ntu[.]",
        "registry[.]np" + "mjs",
    )
)
_HOMES = "/" + "Users/[a-z]+/|/" + "home/(?!ray/|postgres/)[a-z]+/|/" + "root/"
_SHARED_FOLDERS = frozenset(
    {"/", "/home", "/mnt", "/opt", "/root", "/srv", "/tmp", "/usr/src", "/var/tmp"}
)


def find_long_files(root: Path) -> list[str]:
    """Return one line per Python file of more than ``MAX_LINES`` lines."""
    return [
        f"{module.path}: {count} lines, at most {MAX_LINES}"
        for module in modules(root)
        if (count := module.text.count("\n")) > MAX_LINES
    ]


def find_undocumented(root: Path) -> list[str]:
    """Return one line per public module, class, function or method of a room without docstring."""
    return [
        f"{module.path}:{number}: {name} has no docstring"
        for module in modules_of_rooms(root)
        for name, number in _undocumented(module.syntax, module.name)
    ]


def find_deferred_annotations(root: Path) -> list[str]:
    """Return one line per import of ``annotations`` from the future or use of the typing switch.

    The first turns Ray Serve's typed builder off without a word; the second hides circles.
    """
    return [
        f"{module.path}:{number}: {what}"
        for module in modules(root)
        for what, number in _deferred(module.syntax)
    ]


def find_unfinished(root: Path) -> list[str]:
    """Return one line per place in a room that raises or returns "not implemented"."""
    return [
        f"{module.path}:{node.lineno}: {node.id}"
        for module in modules_of_rooms(root)
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.Name) and node.id == "NotImplementedError"
    ]


def find_crowded_front_pages(root: Path) -> list[str]:
    """Return one line per room whose ``__init__.py`` is anything but one docstring."""
    return [
        f"{module.path}: holds more or less than one docstring"
        for module in modules_of_rooms(root)
        if module.is_package
        and "." not in module.name
        and (len(module.syntax.body) != 1 or ast.get_docstring(module.syntax) is None)
    ]


def find_shadowing_test_folders(root: Path) -> list[str]:
    """Return one line per folder below ``tests`` that holds Python but no ``__init__.py``.

    Without it ``tests/postgres`` would be imported as the room ``postgres``.
    """
    folders: set[Path] = set()
    for path in python_files(root):
        relative = path.relative_to(root)
        if relative.parts[0] == "tests":
            folders.update(parent for parent in relative.parents if parent.parts)
    return [
        f"{folder}: has no __init__.py"
        for folder in sorted(folders)
        if not (root / folder / "__init__.py").exists()
    ]


def find_unlisted_rooms(root: Path) -> list[str]:
    """Return one line per room that one of the lists in ``pyproject.toml`` forgets or invents."""
    settings = configuration(root)
    tool = settings["tool"]
    lists: dict[str, list[str]] = {
        "hatch wheel packages": tool["hatch"]["build"]["targets"]["wheel"]["packages"],
        "importlinter root_packages": tool["importlinter"]["root_packages"],
        "mypy files": tool["mypy"]["files"],
    }
    expected = set(rooms(root))
    return [
        f"pyproject.toml: {name}: {room} is listed or standing, not both"
        for name, listed in lists.items()
        for room in sorted(
            expected ^ {entry for entry in listed if entry not in ("benchmarks", "tests")}
        )
    ]


def find_places_named(root: Path) -> list[str]:
    """Return one line per line of a tracked file that names a registry's host or a machine's path.

    The path of this checkout and of the folder around it count as well, unless that folder is one
    every machine has.
    """
    places = [_REGISTRIES, _HOMES, re.escape(f"{root}/")]
    if str(root.parent) not in _SHARED_FOLDERS:
        places.append(re.escape(f"{root.parent}/"))
    pattern = re.compile("|".join(places))
    faults: list[str] = []
    for path in tracked_files(root):
        try:
            lines = (root / path).read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # binary, or deleted and not yet committed
        faults += [
            f"{path}:{number}: names {match.group()}"
            for number, line in enumerate(lines, start=1)
            if (match := pattern.search(line))
        ]
    return faults


def tracked_files(root: Path) -> list[Path]:
    """Return the files Git tracks; in a tree without Git, every file outside hidden folders."""
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z"],
        capture_output=True,
        check=False,
        text=True,
    )
    if listing.returncode == 0:
        return [Path(name) for name in listing.stdout.split("\0") if name]
    files = (path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in files if not any(part.startswith(".") for part in path.parts[:-1])]


def _undocumented(node: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, int]]:
    if ast.get_docstring(node) is None and not (
        isinstance(node, ast.ClassDef) and _is_exempt(node)
    ):
        yield name, getattr(node, "lineno", 1)
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if child.name.startswith("_"):
            continue
        if isinstance(child, ast.ClassDef):
            yield from _undocumented(child, child.name)
        elif ast.get_docstring(child) is None and not _is_exempt(child):
            yield child.name, child.lineno


def _is_exempt(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {
        part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "")
        for part in node.decorator_list
    }
    return not names.isdisjoint(_DOCUMENTED_ELSEWHERE)


def _deferred(syntax: ast.Module) -> Iterator[tuple[str, int]]:
    switch = "TYPE" + "_CHECKING"
    for node in ast.walk(syntax):
        match node:
            case ast.ImportFrom(module="__future__", names=names):
                if any(alias.name == "annotations" for alias in names):
                    yield "imports annotations from the future", node.lineno
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                if name == switch:
                    yield f"uses {switch}", node.lineno
