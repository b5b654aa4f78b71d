"""Who imports whom, every import counted: inside functions, under conditions, by name.

A circle hidden in a function or behind ``typing`` is a circle still, so no import is exempt.
"""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.shape.requirements import declared
from tests.shape.tree import WORKSHOPS, Module, configuration, modules, rooms

PURE_ROOMS = {
    "domain": frozenset({"phonenumbers", "pydantic", "pydantic_core"}),
    "sidecar": frozenset({"prometheus_client"}),
}
"""Rooms that may import these distributions' modules and the standard library, nothing else."""

GROUPS_OF_WORKSHOPS = {"benchmarks": ("bench", "test"), "tests": ("test", "bench")}
"""Dependency groups that a workshop may import from, beside the product's own dependencies."""


def find_circles(root: Path) -> list[str]:
    """Return one line per circle of imports between modules of the tree."""
    graph = {module.name: set[str]() for module in modules(root)}
    for module in modules(root):
        for imported in imported_names(module):
            target = _owner(imported.name, graph)
            if target is not None and target != module.name:
                graph[module.name].add(target)
    return list(_circles(graph))


def find_foreign_imports(root: Path) -> list[str]:
    """Return one line per import of a package that the importing room may not use.

    A room in ``PURE_ROOMS`` has its own short list; every other may import what the project
    declares, because what is imported and only happens to be installed may be gone tomorrow.
    """
    faults: list[str] = []
    first_party = {*rooms(root), *WORKSHOPS}
    providers = packages_distributions()
    for module in modules(root):
        room = module.path.parts[0]
        allowed = _allowed_distributions(root, room)
        for imported in imported_names(module):
            package = imported.name.partition(".")[0]
            if package in first_party or package in sys.stdlib_module_names:
                continue
            if room in PURE_ROOMS:
                is_allowed = package in PURE_ROOMS[room]
            else:
                is_allowed = any(
                    canonicalize_name(name) in allowed for name in providers.get(package, ())
                )
            if not is_allowed:
                faults.append(f"{module.path}:{imported.line}: {room} may not import {package}")
    return faults


class ImportedName(NamedTuple):
    """One dotted name that a module imports, and the line it does so on."""

    name: str
    line: int


def imported_names(module: Module) -> Iterator[ImportedName]:
    """Yield what a module imports, wherever in it; ``from a import b`` yields ``a.b``."""
    for node in ast.walk(module.syntax):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield ImportedName(alias.name, node.lineno)
            case ast.ImportFrom(module=source, names=names, level=level):
                origin = _absolute(module, source, level)
                for alias in names:
                    yield ImportedName(f"{origin}.{alias.name}", node.lineno)
            case ast.Call(
                func=ast.Attribute(attr="import_module")
                | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield ImportedName(name, node.lineno)


def _absolute(module: Module, source: str | None, level: int) -> str:
    if level == 0:
        return source or ""
    package = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
    kept = package[: len(package) - (level - 1)]
    return ".".join([*kept, *([source] if source else [])])


def _owner(name: str, graph: dict[str, set[str]]) -> str | None:
    """Return the module of the tree that holds a dotted name, if any does."""
    while name:
        if name in graph:
            return name
        name = name.rpartition(".")[0]
    return None


def _circles(graph: dict[str, set[str]]) -> Iterator[str]:
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # args[1] lists a circle from imported to importer, its first module again at the end.
            circle: list[str] = error.args[1][::-1]
            yield "circle of imports: " + " -> ".join(circle)
            graph[circle[0]].discard(circle[1])
        else:
            return


def _allowed_distributions(root: Path, room: str) -> set[str]:
    requirements = [*declared(configuration(root)).product]
    for group in GROUPS_OF_WORKSHOPS.get(room, ()):
        requirements += declared(configuration(root)).groups.get(group, [])
    return {canonicalize_name(Requirement(line).name) for line in requirements}
