"""A short run of the chaos suite: faults under load break no promise."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.system.chaos.judge import judge
from tests.system.chaos.run import Plan, perform
from tests.system.chaos.schedule import Kind
from tests.system.chaos.world import Wish, World

SHORT = Plan(
    seed=1,
    faults=6,
    tasks=120,
    killers=1,
    gap_s=1.5,
    kinds=(
        Kind.KILL_AGENT,
        Kind.PAUSE_AGENT,
        Kind.KILL_ORCHESTRATOR,
        Kind.PAUSE_ORCHESTRATOR,
        Kind.CRASH_DATABASE,
        Kind.PROVIDER_500,
    ),
)


@pytest.mark.timeout(240)
def test_a_short_run_of_faults_breaks_no_promise() -> None:
    with TemporaryDirectory(prefix="gardenos-chaos-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with World(Wish(folder, SHORT.seed)) as world:
            evidence = perform(SHORT, world, print)
    assert judge(evidence) == []
    assert sum(strike.counts for strike in evidence.strikes) == SHORT.faults


NODES = Plan(seed=4, faults=3, tasks=150, killers=0, gap_s=8, kinds=(Kind.KILL_NODE,), settle_s=120)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_node_that_dies_under_load_breaks_no_promise() -> None:
    with TemporaryDirectory(prefix="gdn-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with World(Wish(folder, NODES.seed, two_nodes=True)) as world:
            evidence = perform(NODES, world, print)
    assert judge(evidence) == []
    assert {strike.target.partition(",")[0] for strike in evidence.strikes} == {"head", "worker"}
