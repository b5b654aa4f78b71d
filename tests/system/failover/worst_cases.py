"""Two accidents that lose acknowledged rows by some rules and none by others.

``lagging``: the standbys stand still for a moment and are started anew, and the leader's machine is
gone for good before they have caught up.
``alone``: no standby is left, the leader goes on or not, then its machine is gone for good, and a
person makes one of the returned standbys the leader.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException

from postgres.pool import open_database
from tests.patroni.cluster import PatroniCluster
from tests.patroni.pods import wait_until
from tests.system.failover.losses import RULES, SETTINGS, WRITERS, Writers, end

WRITE_S = 1.5
ALONE_S = 12.0
"""Longer than it takes until commits no longer wait for a standby that is gone."""

WAIT_S = 90.0
CASES = ("lagging", "alone")


@dataclass(frozen=True, slots=True)
class Accident:
    """What a case lost under some rules."""

    case: str
    series: str
    acknowledged: int
    lost: int


async def run_case(case: str, series: str) -> Accident:
    """Start a cluster, let it happen under writers, and compare."""
    cluster = await asyncio.to_thread(PatroniCluster, RULES[series])
    await asyncio.to_thread(cluster.__enter__)
    try:
        async with open_database(lambda: cluster.owner_dsn, SETTINGS) as pool:
            await pool.execute("create table written (number bigint primary key)")
            writers = Writers(pool)
            tasks = [asyncio.create_task(writers.write()) for _ in range(WRITERS)]
            try:
                await (lag(cluster) if case == "lagging" else leave_alone(cluster))
            finally:
                await end(tasks)
            kept = {row[0] for row in await pool.fetch("select number from written")}
    finally:
        await asyncio.to_thread(cluster.close)
    lost = len(writers.acknowledged - kept)
    return Accident(case, series, len(writers.acknowledged), lost)


async def lag(cluster: PatroniCluster) -> None:
    """Freeze the standbys, write on, lose the leader, start them anew; return when one leads.

    What the kernel has received for them and they have not read is gone with them.
    """
    leader = await asyncio.to_thread(cluster.wait_for_leader)
    await asyncio.sleep(WRITE_S)
    standbys = [name for name in cluster.names if name != leader]
    for name in standbys:
        await asyncio.to_thread(cluster.freeze, name)
    await asyncio.sleep(WRITE_S)
    await asyncio.to_thread(cluster.kill, leader)
    for name in standbys:
        await asyncio.to_thread(cluster.kill_container, name)
    await asyncio.to_thread(cluster.wait_for_leader, other_than=leader, limit_s=WAIT_S)


async def leave_alone(cluster: PatroniCluster) -> None:
    """Lose both standbys, write on, lose the leader for good, force one of them; return then."""
    leader = await asyncio.to_thread(cluster.wait_for_leader)
    standbys = [name for name in cluster.names if name != leader]
    for name in standbys:
        await asyncio.to_thread(cluster.kill, name)
    await asyncio.sleep(ALONE_S)
    await asyncio.to_thread(cluster.kill, leader)
    for name in standbys:
        await asyncio.to_thread(cluster.start, name)
    await asyncio.to_thread(force, cluster, standbys[0])
    await asyncio.to_thread(cluster.wait_for_leader, other_than=leader, limit_s=WAIT_S)


def force(cluster: PatroniCluster, name: str) -> None:
    """Ask until it leads: it must be up first, and the dead leader's lock run out."""

    def leads() -> bool:
        with suppress(OSError, HTTPException, RuntimeError):
            cluster.force_failover(name)
        return cluster.leader() == name

    wait_until(leads, limit_s=WAIT_S, what=f"{name} to be forced", poll_s=1.0)
