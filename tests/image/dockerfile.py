"""Read a Dockerfile: its stages, and what each says."""

import re
from pathlib import Path
from typing import NamedTuple


class Stage(NamedTuple):
    """One stage: its name, what it begins with, and its instructions in order."""

    name: str
    ground: str
    steps: list[tuple[str, str]]

    def all(self, instruction: str) -> list[str]:
        """Return what follows an instruction, each time it stands there."""
        return [text for word, text in self.steps if word == instruction]


class Dockerfile(NamedTuple):
    """A file: the arguments before its first stage, and its stages by name."""

    text: str
    arguments: dict[str, str]
    stages: dict[str, Stage]


def read_dockerfile(path: Path) -> Dockerfile:
    """Return what a file says."""
    text = path.read_text(encoding="utf-8")
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    current: Stage | None = None
    without_comments = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    for line in without_comments.replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            ground, _, name = rest.partition(" AS ")
            current = Stage(name or "last", ground, [])
            stages[current.name] = current
        elif word == "ARG" and current is None:
            key, _, value = rest.partition("=")
            arguments[key] = value
        elif word and current is not None:
            current.steps.append((word, " ".join(rest.split())))
    return Dockerfile(text, arguments, stages)
