"""What the project depends on: as declared, as locked, and why."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.shape.tree import configuration

REASON = re.compile(r"#\s*\S+\s+\S+")
"""A comment of at least two words; one word is no reason."""

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Declared:
    """Requirements as written in ``pyproject.toml``, includes of groups resolved.

    Attributes:
        product: What a user of the product needs.
        groups: By name of the dependency group.
        build: What builds the distribution.
    """

    product: list[str]
    groups: dict[str, list[str]]
    build: list[str]

    def everything(self) -> list[str]:
        """Return every requirement once, in a fixed order."""
        lines = [
            *self.product,
            *self.build,
            *(line for group in self.groups.values() for line in group),
        ]
        return sorted(set(lines))


def declared(settings: dict[str, Any]) -> Declared:
    """Read the requirements out of a parsed ``pyproject.toml``."""
    written: dict[str, list[str | dict[str, str]]] = settings.get("dependency-groups", {})

    def resolve(name: str) -> list[str]:
        lines: list[str] = []
        for entry in written[name]:
            lines += [entry] if isinstance(entry, str) else resolve(entry["include-group"])
        return lines

    return Declared(
        product=settings.get("project", {}).get("dependencies", []),
        groups={name: resolve(name) for name in written},
        build=settings.get("build-system", {}).get("requires", []),
    )


def find_unreasoned_lines(root: Path) -> list[str]:
    """Return one line per dependency or ignored lint rule that has no reason beside it."""
    settings = configuration(root)
    lint = settings.get("tool", {}).get("ruff", {}).get("lint", {})
    by_file: dict[str, list[str]] = lint.get("per-file-ignores", {})
    entries = declared(settings).everything()
    entries += lint.get("ignore", [])
    entries += [rule for rules in by_file.values() for rule in rules]
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    faults: list[str] = []
    for entry in sorted(set(entries)):
        for number, line in enumerate(lines, start=1):
            _, found, rest = line.partition(f'"{entry}"')
            if found and not REASON.search(rest):
                faults.append(f"pyproject.toml:{number}: no reason beside {entry}")
    return faults


def find_lock_faults(root: Path) -> list[str]:
    """Return one line per requirement the locks miss or contradict, or pin without hash or cleanly.

    ``make lock`` mends all of them.
    """
    wanted = declared(configuration(root))
    faults: list[str] = []
    for name, requirements in {
        "dev": [*wanted.product, *wanted.groups.get("dev", [])],
        "runtime": wanted.product,
        "sidecar": wanted.groups.get("sidecar", []),
        "postgres": wanted.groups.get("postgres", []),
    }.items():
        path = Path("requirements") / f"{name}.txt"
        text = (root / path).read_text(encoding="utf-8")
        faults += [f"{path}: {fault}" for fault in _lock_faults(text, requirements)]
    return faults


def _lock_faults(text: str, requirements: list[str]) -> list[str]:
    pins: dict[str, list[str]] = {}
    faults: list[str] = []
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    for block in blocks:
        if pin := PIN.search(block):
            pins.setdefault(canonicalize_name(pin["name"]), []).append(pin["version"])
            if "--hash=sha256:" not in block:
                faults.append(f"{pin['name']} has no hash")
    if re.search(r"--(extra-)?index-url|--find-links|://", text):
        faults.append("names a place to download from")
    for line in requirements:
        requirement = Requirement(line)
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not versions:
            faults.append(f"{requirement.name} is not locked")
        faults += [
            f"{requirement.name}=={version} is not {requirement.specifier}"
            for version in versions
            if version not in requirement.specifier
        ]
    return faults
