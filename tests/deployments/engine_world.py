"""An engine over fake agents and a fake queue, in simulated time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from uuid import UUID

from deployments.orchestrator import Engine, EngineParts
from deployments.settings import AgentSettings, QueueSettings
from domain.ids import WorkerId
from tests.fakes.link import FakeLink
from tests.fakes.simulation import now_unix_s
from tests.fakes.task_queue import MemoryTaskQueue
from tests.fakes.tasks import KIND

AGENT = AgentSettings(
    agent="tests.fakes.agents:ScriptedAgent", concurrency=4, prefetch=2, attempt_limit_s=20
)
QUEUE = QueueSettings(backoff_base_s=0.2, backoff_cap_s=2.0, grace_s=5.0, tenant_direct_share=1.0)
"""The tasks of most tests are one tenant's, which may fill the line."""


@dataclass(slots=True)
class World:
    """An engine and what surrounds it."""

    engine: Engine
    queue: MemoryTaskQueue
    link: FakeLink

    async def settled(self, *, within_s: float = 300.0) -> None:
        """Wait until every stored task has ended."""
        async with asyncio.timeout(within_s):
            while not all(self.queue.ends[known] for known in self.queue.rows):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


def an_engine(
    queue: MemoryTaskQueue,
    link: FakeLink,
    *,
    agent: AgentSettings = AGENT,
    settings: QueueSettings = QUEUE,
    seed: int = 1,
) -> Engine:
    rng = Random(seed)  # noqa: S311 - chance for a test
    return Engine(
        EngineParts(
            queue=queue,
            gauge=queue,
            tasks=queue,
            links={KIND: link},
            agents={KIND: agent},
            settings=settings,
            clock=now_unix_s,
            rng=rng,
            new_worker_id=lambda: WorkerId(UUID(int=rng.getrandbits(128))),
        )
    )


@asynccontextmanager
async def world(
    *,
    replicas: int = 1,
    respawn_s: float | None = 2.0,
    agent: AgentSettings = AGENT,
    settings: QueueSettings = QUEUE,
) -> AsyncIterator[World]:
    queue, link = MemoryTaskQueue(), FakeLink(agent, replicas=replicas, respawn_s=respawn_s)
    engine = an_engine(queue, link, agent=agent, settings=settings)
    await engine.start()
    await asyncio.sleep(0.1)
    try:
        yield World(engine, queue, link)
    finally:
        queue.is_away = False
        await engine.stop()
