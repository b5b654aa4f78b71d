"""The operator's page names every command, and nothing that is not there."""

import importlib.util
import re
from pathlib import Path

import pytest

from serve_app.commands.postgres import PostgresCommands

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "postgres.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([^`\n]+)`", TEXT)))


def section(title: str) -> str:
    """Return a section's text."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_command_has_its_row_and_no_other_has() -> None:
    rows = [line.split("|")[1] for line in section("Commands").splitlines() if line[:3] == "| `"]
    told = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}
    assert told == set(PostgresCommands.places)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)", TEXT))))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (PAGE.parent / target).is_file()


@pytest.mark.parametrize("word", [one for one in NAMED if one.startswith("tests/")])
def test_every_test_that_is_named_is_there(word: str) -> None:
    file, _, name = word.partition("::")
    assert (ROOT / file).exists()
    assert not name or f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("word", [one for one in NAMED if one.startswith("python -m ")])
def test_every_measurement_that_is_named_can_be_run(word: str) -> None:
    assert importlib.util.find_spec(word.split()[2]) is not None


SLOW_ROOMS = ("tests/patroni", "tests/postgres", "tests/serve_app/cluster", "tests/system")


def test_every_slow_test_of_the_cluster_has_its_figure() -> None:
    told = section("Figures of make test-slow")
    slow = {
        str(file.relative_to(ROOT))
        for room in SLOW_ROOMS
        for file in (ROOT / room).rglob("test_*.py")
        if "pytest.mark" + ".slow" in (text := file.read_text(encoding="utf-8"))
        and ABOUT.search(text)
    }
    assert {one for one in slow if f"`{one}`" not in told} == set()
    assert len(slow) > 8


ABOUT = re.compile(r"tests\.patroni|backup_world|cluster_world|old_server|EtcdClient|old: str")
"""What a test imports or asks for where it is about the cluster, its tools or its backups."""
