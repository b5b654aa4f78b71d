"""The product on a real cluster: every 202 ends once, whatever happens to the leader."""

import asyncio
from pathlib import Path

import pytest

from tests.patroni.cluster import PatroniCluster
from tests.system.application import Application, run_migrate
from tests.system.conftest import SLOW_AGENT
from tests.system.failover.load import load
from tests.system.failover.losses import run_series
from tests.system.failover.measure import STRIKES, broken_promises, measure, runs_file
from tests.system.failover.probe import make_table
from tests.system.failover.worst_cases import run_case

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_every_accepted_task_ends_once_while_the_leader_changes(
    cluster: PatroniCluster, folder: Path
) -> None:
    run_migrate(folder, {"GARDENOS_DATABASE_URL": cluster.owner_dsn})
    variables = {**SLOW_AGENT, "GARDENOS_DATABASE_URL": cluster.dsn}

    async def strike_all(address: str) -> tuple[list[float], list[str], int]:
        await make_table(cluster.owner_dsn)
        async with load(address, runs_file(folder)) as running:
            resumed = [(await measure(cluster, running, strike)).resume_s for strike in STRIKES]
        wrong = await broken_promises(cluster.owner_dsn, running.promises)
        return resumed, wrong, len(running.promises)

    with Application(folder, variables) as application:
        resumed, wrong, accepted = asyncio.run(strike_all(application.address))

    assert accepted > 1000
    assert wrong == []
    assert max(resumed) < 1.0


def test_thirty_killed_leaders_lose_no_acknowledged_row() -> None:
    losses = asyncio.run(run_series("synchronous_waited", kills=30, seed=1))

    assert losses.acknowledged > 1000
    assert losses.lost == 0


@pytest.mark.parametrize(
    ("case", "series", "loses"),
    [
        ("lagging", "synchronous", False),
        ("lagging", "asynchronous", True),
        ("alone", "strict", False),
        ("alone", "synchronous", True),
    ],
)
def test_what_an_accident_loses_depends_on_the_rules(
    *, case: str, series: str, loses: bool
) -> None:
    accident = asyncio.run(run_case(case, series))

    assert accident.acknowledged > 0
    assert (accident.lost > 0) == loses
