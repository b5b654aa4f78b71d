"""Fills every slot of the real application with low work and sends urgent work of another tenant.

Shared by the slow test and the benchmark; when a call starts is what the stand-in model says.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from postgres.embedded import running_dsn
from tests.system.application import until
from tests.system.cancelling import ANALYZE, names
from tests.system.chaos.tenants import VARIABLES as TENANT_VARIABLES
from tests.system.chaos.tenants import tenant_headers
from tests.system.hang_up import Caller
from tests.system.model_world import REPLICAS, ModelWorld, lead, task

CONCURRENCY = 4
SERVICE_MS = 1000.0
SLACK_MS = 100.0
"""An urgent call is to start within one service time and this, 19 times of 20."""

SLOTS = CONCURRENCY * REPLICAS["LeadAnalysis"]
BATCH = 100
GAP_S = (0.1, 0.7)
"""Between two urgent tasks, uniform: no slot's turn may set their pace."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from the sending of each urgent task to the start of its call.

    Attributes:
        durable: Of urgent tasks out of the queue.
        direct: Of callers on the line.
        low_left: Low tasks that still waited when the last urgent call had started.
    """

    durable: list[float]
    direct: list[float]
    low_left: int


def door(folder: Path) -> ModelWorld:
    """Return the application for it, not started yet."""
    return ModelWorld(
        folder, concurrency=CONCURRENCY, latency_ms=SERVICE_MS, variables=TENANT_VARIABLES
    )


def delays(world: ModelWorld, many: int, seed: int) -> Delays:
    """Return how long ``many`` urgent tasks of each sort wait while low work fills everything."""
    dsn = running_dsn(world.folder / ".gardenos" / "postgres")
    assert dsn is not None
    busy, other, *_ = tenant_headers(dsn).values()
    each_s = sum(GAP_S) / 2
    _fill(world, busy, round(SLOTS * (2 * many * each_s * 1000 / SERVICE_MS + 30)))
    rng = Random(seed)  # noqa: S311 - chance for a test
    sent: dict[str, float] = {}
    callers = []
    durable, direct = names("urgent-", many), names("caller-", many)
    for pair in zip(durable, direct, strict=True):
        for name in pair:
            time.sleep(rng.uniform(*GAP_S))
            sent[name] = time.time()
            if name in direct:
                callers.append(Caller(world.application.address, ANALYZE, lead(name), other))
            else:
                world.queue([task(name, priority="urgent")], headers=other)
    began = {name: calls[0].arrived_unix_s for name, calls in world.await_calls([*sent]).items()}
    query = "select count(*) as n from tasks where priority = 'low' and state = 'queued'"
    (left,) = world.rows(query)
    assert [caller.status() for caller in callers] == [200] * many
    waits = {name: began[name] - at_unix_s for name, at_unix_s in sent.items()}
    return Delays([waits[n] for n in durable], [waits[n] for n in direct], left["n"])


def _fill(world: ModelWorld, headers: Mapping[str, str], many: int) -> None:
    """Queue low work of one tenant, and wait until it has every slot."""
    low = names("low-", many)
    for first in range(0, many, BATCH):
        some = [task(name, priority="low") for name in low[first : first + BATCH]]
        world.queue(some, headers=headers)
    until(lambda: world.provider.summary()["in_flight"] >= SLOTS, "every slot is taken")
