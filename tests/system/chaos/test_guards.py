"""The suite sees each guard that is taken out of a copy of the product."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.system.chaos.guards import GUARDS
from tests.system.chaos.judge import judge
from tests.system.chaos.run import guarded, perform, without
from tests.system.chaos.world import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SEED = 11


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_the_suite_fails_without(name: str) -> None:
    guard = GUARDS[name]
    with TemporaryDirectory(prefix="gardenos-chaos-", dir="/tmp") as folder_name:
        folder = Path(folder_name)
        folder.chmod(0o711)
        wish = without(guard, folder, SEED)
        with World(wish) as world:
            broken = judge(perform(guarded(guard, SEED), world, print))
    print(*broken, sep="\n")  # noqa: T201 - says which promise broke
    assert {one.rule for one in broken} & guard.rules
