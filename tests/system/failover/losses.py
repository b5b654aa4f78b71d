"""Kill the leader again and again under writers; count the acknowledged rows that are gone.

The writers use the application's own pool. A row counts as acknowledged once its ``insert``
returned; in the end the table of the last leader is compared with what was acknowledged.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from random import Random

from domain.errors import DatabaseUnavailableError
from postgres.patroni_config import ClusterRules
from postgres.pool import Database, open_database
from postgres.settings import DatabaseSettings
from tests.patroni.cluster import PatroniCluster

WRITERS = 8
PAUSE_S = 0.005
KINDS = ("postgres_kill", "container_kill", "node_kill")
WEIGHTS = (3, 3, 2)
CALM_S = (0.2, 1.5)
"""Between the moment a leader is there and the next kill, in seconds, at random."""

LEADER_LIMIT_S = 30.0
"""After so long without a leader the killed machine comes back, as a person would see to."""

SETTINGS = DatabaseSettings(max_size=WRITERS, command_limit_s=5.0)
RULES = {
    "synchronous_waited": ClusterRules(),
    "synchronous": ClusterRules(),
    "strict": ClusterRules(strict=True),
    "asynchronous": ClusterRules(synchronous=False, primary_start_timeout_s=1),
}
"""What can be compared; only the first waits for a synchronous standby before every kill."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What a series of kills did.

    Attributes:
        series: Its rules, a key of :data:`RULES`.
        kills: How many of each kind.
        acknowledged: Rows whose insert returned.
        lost: Those of them that the last leader does not have.
        without_write_s: Longest time without an acknowledged row.
        stood_still: Kills after which nobody led until the killed machine came back.
        seconds: How long the series took.
    """

    series: str
    kills: dict[str, int]
    acknowledged: int
    lost: int
    without_write_s: float
    stood_still: int
    seconds: float


class Writers:
    """Writers that never give up, and the memory of what they were told."""

    def __init__(self, pool: Database) -> None:
        self._pool = pool
        self._number = 0
        self._last_s = time.monotonic()
        self.acknowledged: set[int] = set()
        self.longest_gap_s = 0.0

    async def write(self) -> None:
        """Write until cancelled."""
        while True:
            self._number += 1
            number = self._number
            with suppress(DatabaseUnavailableError):
                await self._pool.execute("insert into written values ($1)", number)
                self._note(number)
            await asyncio.sleep(PAUSE_S)

    def _note(self, number: int) -> None:
        now_s = time.monotonic()
        self.longest_gap_s = max(self.longest_gap_s, now_s - self._last_s)
        self._last_s = now_s
        self.acknowledged.add(number)


async def end(writing: Sequence["asyncio.Task[None]"]) -> None:
    """End writers; raise what ended one before: who writes no more loses nothing."""
    for task in writing:
        task.cancel()
    await asyncio.wait(writing)
    for task in writing:
        if not task.cancelled():
            task.result()


async def run_series(series: str, *, kills: int, seed: int) -> Losses:
    """Start a cluster, kill its leader so many times, and compare."""
    began_s = time.monotonic()
    rng = Random(seed)  # noqa: S311 - chaos, not a secret
    cluster = await asyncio.to_thread(PatroniCluster, RULES[series])
    await asyncio.to_thread(cluster.__enter__)
    try:
        async with (
            open_database(lambda: cluster.owner_dsn, SETTINGS) as owner,
            open_database(lambda: cluster.dsn, SETTINGS) as pool,
        ):
            await owner.execute("create table written (number bigint primary key)")
            writers = Writers(pool)
            tasks = [asyncio.create_task(writers.write()) for _ in range(WRITERS)]
            struck, stood_still = await strike_again_and_again(cluster, series, kills, rng)
            await end(tasks)
            await asyncio.to_thread(cluster.wait_for_leader)
            kept = {row[0] for row in await owner.fetch("select number from written")}
    finally:
        await asyncio.to_thread(cluster.close)
    return Losses(
        series,
        kills=dict(struck),
        acknowledged=len(writers.acknowledged),
        lost=len(writers.acknowledged - kept),
        without_write_s=round(writers.longest_gap_s, 2),
        stood_still=stood_still,
        seconds=round(time.monotonic() - began_s, 1),
    )


async def strike_again_and_again(
    cluster: PatroniCluster, series: str, kills: int, rng: Random
) -> tuple[Counter[str], int]:
    """Kill so many leaders; return how many of each kind, and how often nobody followed."""
    struck: Counter[str] = Counter()
    stood_still = 0
    for _ in range(kills):
        if series == "synchronous_waited":
            await asyncio.to_thread(cluster.wait_for_synchronous_standby)
        leader = await asyncio.to_thread(cluster.wait_for_leader)
        await asyncio.sleep(rng.uniform(*CALM_S))
        kind = rng.choices(KINDS, WEIGHTS)[0]
        struck[kind] += 1
        stood_still += await asyncio.to_thread(strike, cluster, leader, kind)
    return struck, stood_still


def strike(cluster: PatroniCluster, leader: str, kind: str) -> bool:
    """Kill a leader; return whether nobody led until its machine came back."""
    if kind == "postgres_kill":
        with suppress(OSError, RuntimeError):  # it stopped leading a moment ago
            cluster.kill_postgres(leader)
    elif kind == "container_kill":
        cluster.kill_container(leader)
    else:
        cluster.kill(leader)
    if kind != "node_kill":
        cluster.wait_for_leader()
        return False
    try:
        cluster.wait_for_leader(other_than=leader, limit_s=LEADER_LIMIT_S)
    except TimeoutError:
        cluster.start(leader)
        cluster.wait_for_leader()
        return True
    cluster.start(leader)
    return False


def figures(losses: Losses) -> dict[str, object]:
    """Return a series as JSON."""
    return asdict(losses)
