"""A pool of replicas in this process that can be killed, frozen and brought back."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import count

from deployments.errors import LinkError
from deployments.runner import AgentRunner
from deployments.settings import AgentSettings
from deployments.wire import Cancel, decode_batch, encode_group
from tests.fakes.agents import ScriptedAgent
from tests.fakes.simulation import now_unix_s

CLOSE_LATE_S = 0.01
"""Seconds between a batch and the news of its close, where a replica finds both."""


@dataclass(slots=True, eq=False)
class FakeReplica:
    """One replica; ``open`` counts the tasks sent to it and not answered."""

    runner: AgentRunner
    agent: ScriptedAgent
    death: asyncio.Event = field(default_factory=asyncio.Event)
    thawed: asyncio.Event = field(default_factory=asyncio.Event)
    streams: int = 0
    open: int = 0
    most_open: int = 0


class FakeLink:
    """Routes each batch to the replica with the fewest streams; a dead one is replaced."""

    def __init__(
        self, settings: AgentSettings, *, replicas: int = 1, respawn_s: float | None = 2.0
    ) -> None:
        self._settings = settings
        self._respawn_s = respawn_s
        self._names = count()
        self.replicas: list[FakeReplica] = []
        self.everyone: list[FakeReplica] = []
        self.batches: list[int] = []
        self.questions = 0
        self._unread: list[asyncio.Task[None]] = []
        for _ in range(replicas):
            self.spawn()

    def spawn(self) -> None:
        """Add a replica."""
        agent = ScriptedAgent()
        name = f"replica-{next(self._names)}"
        runner = AgentRunner(agent, self._settings, replica=name, clock=now_unix_s)
        replica = FakeReplica(runner, agent)
        replica.thawed.set()
        agent.on_die = lambda: self.kill(replica)
        self.replicas.append(replica)
        self.everyone.append(replica)

    def kill(self, replica: FakeReplica) -> None:
        """End a replica as kill -9 does."""
        if replica not in self.replicas:
            return
        self.replicas.remove(replica)
        replica.death.set()
        if self._respawn_s is not None:
            asyncio.get_running_loop().call_later(self._respawn_s, self.spawn)

    async def stream(self, batch: bytes) -> AsyncGenerator[bytes, None]:
        """Send a batch to a replica; waits while there is none."""
        tasks = len(decode_batch(batch).tasks)
        self.batches.append(tasks)
        while not self.replicas:  # noqa: ASYNC110 - simulated time
            await asyncio.sleep(0.01)
        replica = min(self.replicas, key=lambda known: known.streams)
        replica.streams += 1
        replica.open += tasks
        replica.most_open = max(replica.most_open, replica.open)
        groups = _once_thawed(replica, batch)
        step: asyncio.Task[bytes | None] | None = None
        death = asyncio.ensure_future(replica.death.wait())
        try:
            while True:
                step = asyncio.ensure_future(_next(groups))
                await asyncio.wait({step, death}, return_when=asyncio.FIRST_COMPLETED)
                if not replica.death.is_set():
                    await replica.thawed.wait()
                if replica.death.is_set():
                    raise LinkError("ActorDiedError", True, True)
                group = step.result()
                if group is None:
                    return
                yield group
        finally:
            replica.streams -= 1
            replica.open -= tasks
            death.cancel()
            if step is not None:
                step.cancel()
                await asyncio.gather(step, return_exceptions=True)
            await groups.aclose()
            if not replica.thawed.is_set():
                self._unread.append(asyncio.ensure_future(_read_and_dropped(replica, batch)))

    async def cancel(self, cancels: Sequence[Cancel]) -> bool:
        """Tell every replica; a frozen one does not hear."""
        hearing = [replica for replica in self.replicas if replica.thawed.is_set()]
        for replica in hearing:
            replica.runner.cancel(cancels)
        return len(hearing) == len(self.replicas)

    async def describe(self, sender: str) -> list[bytes] | None:
        """Ask every replica; a frozen one makes the question fail."""
        self.questions += 1
        if not all(replica.thawed.is_set() for replica in self.replicas):
            return None
        return [encode_group(replica.runner.describe(sender)) for replica in self.replicas]


async def _once_thawed(replica: FakeReplica, batch: bytes) -> AsyncGenerator[bytes, None]:
    """Let a frozen replica read its batch only when it goes on."""
    await replica.thawed.wait()
    async with aclosing(replica.runner.batch(batch)) as groups:
        async for group in groups:
            yield group


async def _read_and_dropped(replica: FakeReplica, batch: bytes) -> None:
    """Let a frozen replica read a batch when it goes on, and only then that it was closed."""
    groups = _once_thawed(replica, batch)
    step = asyncio.ensure_future(_next(groups))
    await replica.thawed.wait()
    await asyncio.sleep(CLOSE_LATE_S)
    step.cancel()
    await asyncio.gather(step, return_exceptions=True)
    await groups.aclose()


async def _next(groups: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(groups, None)
