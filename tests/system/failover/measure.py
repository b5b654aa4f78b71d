"""Strike the leader under load, and judge by times and rows.

When did the new leader take writes, when did the product, and was every promise kept?
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from tests.patroni.addresses import OWNER
from tests.patroni.cluster import PatroniCluster
from tests.system.failover.load import Load, Promise
from tests.system.failover.probe import first_to_write

STRIKES = ("switchover", "container_kill", "node_kill")
CALM_S = 3.0
RESUME_LIMIT_S = 60.0
FINISH_LIMIT_S = 120.0
ROWS = """
    select t.task_id::text, t.state, t.result ->> 'name' as name,
        (select count(*) from task_events e
            where e.task_id = t.task_id and e.state in
                ('succeeded', 'failed', 'cancelled', 'expired', 'dead', 'abandoned')) as ends
    from tasks t where t.task_id = any($1::uuid[])
"""
OPEN = """
    select count(*) from tasks
    where task_id = any($1::uuid[]) and state in ('queued', 'waiting', 'running')
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one strike did; seconds.

    Attributes:
        strike: What was done to the leader.
        new_leader_s: From the strike until the new leader took the witness's write.
        resume_s: From then until the product's next 202.
        outage_s: Longest time without a 202 from the strike on.
        accepted: 202s from the strike until the end of its round.
        refused: Other answers in that time.
    """

    strike: str
    new_leader_s: float
    resume_s: float
    outage_s: float
    accepted: int
    refused: int


def striker(cluster: PatroniCluster, strike: str, leader: str) -> Callable[[], object]:
    """Return what strikes the leader."""
    strikers: dict[str, Callable[[], object]] = {
        "switchover": cluster.switchover,
        "container_kill": lambda: cluster.kill_container(leader),
        "node_kill": lambda: cluster.kill(leader),
    }
    return strikers[strike]


async def measure(cluster: PatroniCluster, load: Load, strike: str) -> Figures:
    """Strike once, when all is well, and heal."""
    await asyncio.to_thread(cluster.wait_for_synchronous_standby)
    leader = await asyncio.to_thread(cluster.wait_for_leader)
    began_s = time.monotonic()
    await load.until_accepted(since_s=began_s, count=50, limit_s=RESUME_LIMIT_S)
    others = {name: cluster.dsn_of(name, role=OWNER) for name in cluster.names if name != leader}
    witness = asyncio.create_task(first_to_write(others))
    await asyncio.sleep(CALM_S)  # the load runs, and the witness has its connections
    refused_before = sum(load.refusals.values())
    struck_s = time.monotonic()
    striking = asyncio.create_task(asyncio.to_thread(striker(cluster, strike, leader)))
    async with asyncio.timeout(RESUME_LIMIT_S):
        _, took_s = await witness
    await load.until_accepted(since_s=took_s, count=100, limit_s=RESUME_LIMIT_S)
    await striking
    await asyncio.sleep(CALM_S)
    refused = sum(load.refusals.values()) - refused_before
    figures = figures_of(strike, load.promises, (struck_s, took_s), refused)
    await asyncio.to_thread(cluster.heal)
    return figures


def figures_of(
    strike: str, promises: Sequence[Promise], moments_s: tuple[float, float], refused: int
) -> Figures:
    """Return the figures that follow from the times of the strike and of the witness's write."""
    struck_s, took_s = moments_s
    times = sorted(one.at_s for one in promises if one.at_s >= struck_s)
    gaps = [after - before for before, after in zip([struck_s, *times], times, strict=False)]
    return Figures(
        strike,
        new_leader_s=round(took_s - struck_s, 3),
        resume_s=round(min(at_s for at_s in times if at_s >= took_s) - took_s, 3),
        outage_s=round(max(gaps), 3),
        accepted=len(times),
        refused=refused,
    )


async def broken_promises(dsn: str, promises: Sequence[Promise]) -> list[str]:
    """Wait until no accepted task is open; return what is wrong with each that did not end well.

    Each must be there, have succeeded with the result of its own, and have ended exactly once.
    """
    ids = [one.task_id for one in promises]
    connection = await asyncpg.connect(dsn, target_session_attrs=SessionAttribute.read_write)
    try:
        async with asyncio.timeout(FINISH_LIMIT_S):
            while await connection.fetchval(OPEN, ids):  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.5)
        rows = {row["task_id"]: row for row in await connection.fetch(ROWS, ids)}
    finally:
        await connection.close()
    wrong = []
    for one in promises:
        row = rows.get(one.task_id)
        if row is None:
            wrong.append(f"{one.task_id}: lost")
        elif (row["state"], row["name"], row["ends"]) != ("succeeded", one.name, 1):
            wrong.append(f"{one.task_id}: {row['state']}, {row['name']}, ended {row['ends']} times")
    return wrong


def runs_file(folder: Path) -> Path:
    """Return where the agents write down what they run."""
    return folder / "runs.jsonl"
