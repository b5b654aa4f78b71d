"""Each check of this folder finds the fault it is for, and leaves a sound tree alone."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.shape import files, imports, requirements

PAGE = '"""A room."""\n'
HASH = "--hash=sha256:" + "0" * 64
SOUND = {
    "pyproject.toml": """
[project]
dependencies = [
  "pydantic>=2",  # the nouns of the product
]
[dependency-groups]
dev = []
sidecar = []
[tool.hatch.build.targets.wheel]
packages = ["domain"]
[tool.importlinter]
root_packages = ["domain"]
[tool.mypy]
files = ["domain", "tests"]
[tool.ruff.lint]
ignore = [
  "D203",  # fights another rule
]
""",
    "domain/__init__.py": PAGE,
    "domain/lead.py": '"""A lead."""\nfrom pydantic import BaseModel\nfrom domain import task\n',
    "domain/task.py": '"""A task."""\n\n\ndef start() -> None:\n    """Start it."""\n',
    "tests/__init__.py": PAGE,
    "tests/domain/__init__.py": PAGE,
    "tests/domain/test_lead.py": '"""Claims."""\n',
    "requirements/dev.txt": f"pydantic==2.1 \\\n    {HASH}\n",
    "requirements/runtime.txt": f"pydantic==2.1 \\\n    {HASH}\n",
    "requirements/sidecar.txt": "",
    "requirements/postgres.txt": "",
}
"""A tree without fault; each case below breaks one file of it."""


class Case(NamedTuple):
    """One way to break the sound tree."""

    find: Callable[[Path], list[str]]
    path: str
    text: str
    expected: str


FUTURE = "from __future__ import " + "annotations"
SWITCH = "TYPE" + "_CHECKING"
CASES = {
    "a circle": Case(
        imports.find_circles,
        "domain/task.py",
        "import domain.lead\n",
        "domain.lead -> domain.task -> domain.lead",
    ),
    "a circle hidden in a function": Case(
        imports.find_circles,
        "domain/task.py",
        "def late():\n    from domain.lead import Lead\n",
        "circle of imports",
    ),
    "a circle hidden behind typing": Case(
        imports.find_circles,
        "domain/task.py",
        f"import typing\nif typing.{SWITCH}:\n    from domain import lead\n",
        "circle of imports",
    ),
    "a circle by relative import": Case(
        imports.find_circles, "domain/task.py", "from . import lead\n", "circle of imports"
    ),
    "a circle by name": Case(
        imports.find_circles,
        "domain/task.py",
        "import importlib\nimportlib.import_module('domain.lead')\n",
        "circle of imports",
    ),
    "a foreign package in a pure room": Case(
        imports.find_foreign_imports,
        "domain/task.py",
        "import json\nimport orjson\n",
        "domain/task.py:2: domain may not import orjson",
    ),
    "an undeclared package": Case(
        imports.find_foreign_imports,
        "actors/agent.py",
        "import attrs\n",
        "actors/agent.py:1: actors may not import attrs",
    ),
    "a long file": Case(
        files.find_long_files, "domain/task.py", "x = 1\n" * 501, "domain/task.py: 501 lines"
    ),
    "a function without docstring": Case(
        files.find_undocumented,
        "domain/task.py",
        '"""A task."""\ndef stop(): ...\n',
        "domain/task.py:2: stop has no docstring",
    ),
    "a class without docstring": Case(
        files.find_undocumented, "domain/task.py", '"""A task."""\nclass Task: ...\n', "Task has no"
    ),
    "a method without docstring": Case(
        files.find_undocumented,
        "domain/task.py",
        '"""A task."""\nclass Task:\n    """It."""\n    async def end(self): ...\n',
        "domain/task.py:4: end has no docstring",
    ),
    "a module without docstring": Case(
        files.find_undocumented, "domain/task.py", "x = 1\n", "domain.task has no docstring"
    ),
    "annotations from the future": Case(
        files.find_deferred_annotations,
        "tests/domain/test_lead.py",
        f"{FUTURE}\n",
        "tests/domain/test_lead.py:1: imports annotations from the future",
    ),
    "the typing switch": Case(
        files.find_deferred_annotations,
        "domain/task.py",
        f"from typing import {SWITCH}\n",
        f"domain/task.py:1: uses {SWITCH}",
    ),
    "the typing switch by attribute": Case(
        files.find_deferred_annotations,
        "domain/task.py",
        f"import typing\nif typing.{SWITCH}: ...\n",
        f"domain/task.py:2: uses {SWITCH}",
    ),
    "unfinished code": Case(
        files.find_unfinished,
        "domain/task.py",
        "def stop():\n    raise NotImplementedError\n",
        "domain/task.py:2: NotImplementedError",
    ),
    "a front page that imports": Case(
        files.find_crowded_front_pages,
        "domain/__init__.py",
        '"""A room."""\nfrom domain.lead import Lead\n',
        "domain/__init__.py: holds more or less",
    ),
    "an empty front page": Case(
        files.find_crowded_front_pages, "domain/__init__.py", "", "domain/__init__.py"
    ),
    "a test folder that shadows a room": Case(
        files.find_shadowing_test_folders,
        "tests/postgres/test_pool.py",
        '"""Claims."""\n',
        "tests/postgres: has no __init__.py",
    ),
    "a test folder without Python of its own": Case(
        files.find_shadowing_test_folders,
        "tests/system/kill/__init__.py",
        PAGE,
        "tests/system: has no __init__.py",
    ),
    "a room that the lists forget": Case(
        files.find_unlisted_rooms, "batch/__init__.py", PAGE, "mypy files: batch"
    ),
    "a registry's host": Case(
        files.find_places_named,
        "docs/how.md",
        "one\nhttps://py" + "pi.org/simple\n",
        "docs/how.md:2: names py",
    ),
    "a home folder": Case(
        files.find_places_named, "docs/how.md", "/ho" + "me/alice/code\n", "docs/how.md:1: names"
    ),
    "a dependency without reason": Case(
        requirements.find_unreasoned_lines,
        "pyproject.toml",
        '[project]\ndependencies = [\n  "pydantic>=2",\n]\n',
        "pyproject.toml:3: no reason beside pydantic>=2",
    ),
    "an ignored rule without reason": Case(
        requirements.find_unreasoned_lines,
        "pyproject.toml",
        '[tool.ruff.lint.per-file-ignores]\n"tests/**" = [\n  "S101",  # so\n]\n',
        "pyproject.toml:3: no reason beside S101",
    ),
    "a dependency that is not locked": Case(
        requirements.find_lock_faults,
        "requirements/runtime.txt",
        f"asyncpg==1 \\\n    {HASH}\n",
        "requirements/runtime.txt: pydantic is not locked",
    ),
    "a pin outside what is declared": Case(
        requirements.find_lock_faults,
        "requirements/dev.txt",
        f"pydantic==1.9 \\\n    {HASH}\n",
        "requirements/dev.txt: pydantic==1.9 is not >=2",
    ),
    "a pin without hash": Case(
        requirements.find_lock_faults,
        "requirements/dev.txt",
        "pydantic==2.1\n",
        "requirements/dev.txt: pydantic has no hash",
    ),
    "a lock that names a server": Case(
        requirements.find_lock_faults,
        "requirements/dev.txt",
        f"--index-url https://example.org\npydantic==2.1 \\\n    {HASH}\n",
        "names a place to download from",
    ),
}


def plant(root: Path, tree: dict[str, str]) -> None:
    """Write the files of a tree below ``root``."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_check_finds(case: Case, tmp_path: Path) -> None:
    plant(tmp_path, SOUND | {case.path: case.text})

    faults = case.find(tmp_path)

    assert any(case.expected in fault for fault in faults), faults


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_sound_tree_passes(case: Case, tmp_path: Path) -> None:
    plant(tmp_path, SOUND)

    assert case.find(tmp_path) == []


def test_two_circles_are_both_named(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "domain/__init__.py": PAGE,
            "domain/a.py": "import domain.b\n",
            "domain/b.py": "import domain.a\n",
            "domain/c.py": "import domain.d\n",
            "domain/d.py": "import domain.c\n",
        },
    )

    assert len(imports.find_circles(tmp_path)) == 2


def test_the_path_of_the_checkout_is_a_place(tmp_path: Path) -> None:
    plant(tmp_path, SOUND | {"docs/how.md": f"cd {tmp_path}/domain\n"})

    faults = files.find_places_named(tmp_path)

    assert [fault for fault in faults if fault.startswith("docs/how.md:1")]


def test_a_private_function_needs_no_docstring(tmp_path: Path) -> None:
    plant(tmp_path, SOUND | {"domain/task.py": '"""A task."""\ndef _stop(): ...\n'})

    assert files.find_undocumented(tmp_path) == []
