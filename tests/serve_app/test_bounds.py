"""The table of bounds against the product: nothing bounded, and nothing that grows, is missing."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel

from deployments.settings import AgentSettings
from serve_app.app import build
from serve_app.settings import Settings, load_settings

REPOSITORY = Path(__file__).parents[2]
TABLE = REPOSITORY / "docs" / "reference" / "bounds.md"
ROOMS = ("deployments", "actors", "serve_app", "postgres", "batch")
BOUNDS_NOTHING = {
    "http.port",
    "dashboard.port",
    "ingress.min_replicas",
    "ingress.max_surge_percent",
    "agents.*.min_replicas",
    "agents.*.max_surge_percent",
    "backups.repository.compression_level",
    "cluster.lag_limit_bytes",
    "cluster.retained_limit_bytes",
    "database.min_size",
    "database.keepalive_idle_s",
    "database.keepalive_interval_s",
    "events.retry_ms",
}
"""Whole numbers among the settings that are no bounds."""

NO_INTEGER = {"queue.tenant_queued_share", "queue.tenant_direct_share", "webhooks.give_up_s"}
"""Bounds among the settings that are no whole numbers."""

CONTAINERS = {
    "dict", "list", "set", "deque", "Counter", "defaultdict", "OrderedDict", "Queue",
    "PriorityQueue", "BoundedCache",
}  # fmt: skip


def rows_of(heading: str) -> dict[str, list[str]]:
    """Return the rows of the table below a heading by what stands in their first cell."""
    part = TABLE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in part.splitlines()
        if line.startswith("| `")
    ]
    names = [cells[0].strip("`") for cells in found]
    assert len(names) == len(set(names))
    return dict(zip(names, found, strict=True))


def numbers(section: BaseModel, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield every whole number among settings, and the shares that are bounds."""
    for name in type(section).model_fields:
        value, path = getattr(section, name), f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from numbers(value, f"{path}.")
        elif path in NO_INTEGER or (isinstance(value, int) and not isinstance(value, bool)):
            yield path, value


def bounds_of_settings() -> dict[str, float]:
    agent = numbers(AgentSettings(agent="a:B"), "agents.*.")
    found = dict(numbers(load_settings())) | dict(agent)
    return {
        path: value
        for path, value in found.items()
        if path not in BOUNDS_NOTHING and not path.startswith("scoring.")
    }


def test_every_bound_among_the_settings_is_in_the_table_with_its_default() -> None:
    told = {name: float(cells[1]) for name, cells in rows_of("Settings").items()}
    assert told == bounds_of_settings()


@pytest.mark.parametrize("name", rows_of("Fixed bounds"))
def test_a_fixed_bound_has_the_value_that_the_table_gives_it(name: str) -> None:
    module, _, constant = name.rpartition(".")
    assert float(rows_of("Fixed bounds")[name][1]) == getattr(import_module(module), constant)


def test_every_constant_that_is_called_a_bound_is_in_the_table() -> None:
    found = {
        f"{'.'.join(file.relative_to(REPOSITORY).with_suffix('').parts)}.{constant}"
        for room in ROOMS
        for file in (REPOSITORY / room).rglob("*.py")
        for constant in re.findall(r"^(\w+_BOUND)\b.*=", file.read_text(), re.MULTILINE)
    }
    assert found
    assert found <= set(rows_of("Fixed bounds"))


def name_of(node: ast.expr) -> str:
    """Return the last name of what is called, without its type arguments."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def begins_empty(value: ast.expr | None) -> bool:
    """Tell whether a value is a container that something is put into later."""
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.List | ast.Set):
        return not value.elts
    if not isinstance(value, ast.Call):
        return False
    if name_of(value.func) == "field":
        makers = [word.value for word in value.keywords if word.arg == "default_factory"]
        return any(name_of(maker) in CONTAINERS for maker in makers)
    return name_of(value.func) in CONTAINERS


def members(tree: ast.AST) -> Iterator[str]:
    """Yield every member of a class that begins as an empty container."""
    for one in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for node in ast.walk(one):
            if not isinstance(node, ast.Assign | ast.AnnAssign) or not begins_empty(node.value):
                continue
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            is_own = isinstance(target, ast.Attribute) and name_of(target.value) == "self"
            if is_own or node in one.body:
                yield f"{one.name}.{name_of(target)}"


def test_every_member_that_grows_is_in_the_table() -> None:
    found = {
        f"{room}.{member}"
        for room in ROOMS
        for file in (REPOSITORY / room).rglob("*.py")
        for member in members(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert found == set(rows_of("What is kept in memory"))


def test_the_search_for_members_sees_each_way_to_make_one() -> None:
    tree = ast.parse(
        "class A:\n"
        "    a: dict[str, int] = field(default_factory=dict)\n"
        "    b: int = 3\n"
        "    def __init__(self):\n"
        "        self.c: deque[int] = deque()\n"
        "        self.d = []\n"
        "        self.e = asyncio.Queue()\n"
        "        self.f = Kept[int, str](3)\n"
        "        self.g = BoundedCache[int, str](3)\n"
        "        h = []\n"
    )
    assert set(members(tree)) == {"A.a", "A.c", "A.d", "A.e", "A.g"}


def test_what_waits_in_front_of_a_full_orchestrator_is_bounded() -> None:
    ingress = build(Settings())._bound_deployment._deployment_config
    assert ingress.max_queued_requests == load_settings().ingress.max_queued_requests
    assert (ingress.backpressure_config.status_code, ingress.backpressure_config.retry_after_s) == (
        429,
        1,
    )
