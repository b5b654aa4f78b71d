"""Each overlay that we ship keeps each rule, and no rule is without a manifest that it refuses."""

from collections.abc import Callable, Sequence

import pytest

from tests.postgres.manifests import (
    rules_of_links,
    rules_of_networks,
    rules_of_pgbackrest,
    rules_of_pods,
    rules_of_tasks,
    rules_of_the_cluster,
)
from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.shipped import OVERLAYS, rendered

MODULES = (
    *(rules_of_links, rules_of_networks, rules_of_pgbackrest),
    *(rules_of_pods, rules_of_tasks, rules_of_the_cluster),
)
RULES: list[Callable[[Sequence[Manifest]], list[str]]] = [
    value
    for module in MODULES
    for name, value in vars(module).items()
    if name.startswith("find_") and value.__module__ == module.__name__
]


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removeprefix("find_"))
def test_what_we_ship_has_no(rule: Callable[[Sequence[Manifest]], list[str]], overlay: str) -> None:
    faults = rule(rendered(overlay))

    assert not faults, "\n".join(faults)
