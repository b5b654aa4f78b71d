"""The load of both benchmarks: a replica that stands where the orchestrator stands."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import orjson
import psutil
from ray.serve.handle import DeploymentHandle
from uuid_utils.compat import uuid7

from benchmarks._agents import SLEEPER
from deployments.dispatcher import Dispatcher, Settled, Surroundings
from deployments.link import ServeLink
from deployments.loops import end_all
from deployments.settings import AgentSettings, QueueSettings
from domain.ids import DEFAULT_TENANT, TaskId
from domain.task import ENVELOPE_SCHEMA_VERSION, Completion, Priority, TaskEnvelope, TaskState

Call = Callable[[float], Awaitable[None]]


class Load:
    """Callers, and the ways by which they reach the agents.

    Ways: ``dispatcher`` is the product's own; ``window`` waits 2 ms for company before it sends;
    ``per_call`` makes one call a task on the agent's plain method; ``serve`` calls a deployment
    that leaves waiting to Serve's own queue.
    """

    def __init__(
        self,
        agent: "DeploymentHandle[Any]",
        plain: "DeploymentHandle[Any] | None",
        settings: AgentSettings,
    ) -> None:
        self._agent = agent
        self._plain = plain
        self._settings = settings

    async def closed_loop(
        self, way: str, callers: int, wait_s: float, jitter_s: float, for_s: float
    ) -> dict[str, float]:
        """Let callers ask again and again; return rate, latencies above the task's own and CPU."""
        rng = Random(1)  # noqa: S311 - load, not a secret
        added: list[float] = []
        processes = [p for p in psutil.process_iter() if _is_serving(p)]

        async def caller(call: Call) -> None:
            until = time.perf_counter() + for_s
            while (began := time.perf_counter()) < until:
                s = wait_s + rng.uniform(-jitter_s, jitter_s)
                await call(s)
                added.append(time.perf_counter() - began - s)

        async def run(call: Call) -> float:
            await asyncio.gather(*(call(0.01) for _ in range(callers)))
            cpu_s, began = _cpu_s(processes), time.perf_counter()
            await asyncio.gather(*(caller(call) for _ in range(callers)))
            elapsed_s = time.perf_counter() - began
            cpu_ms = (_cpu_s(processes) - cpu_s) * 1000 / len(added)
            added.sort()
            return_values.update(
                rate_per_s=round(len(added) / elapsed_s, 1),
                added_p50_ms=round(added[len(added) // 2] * 1000, 2),
                added_p99_ms=round(added[int(len(added) * 0.99)] * 1000, 2),
                cpu_ms_per_task=round(cpu_ms, 3),
            )
            return elapsed_s

        return_values: dict[str, float] = {}
        await self._with(way, run)
        return return_values

    async def burst(self, way: str, count: int, wait_s: float) -> float:
        """Ask ``count`` times at once; return the seconds until the last answer."""

        async def run(call: Call) -> float:
            await call(0.01)
            began = time.perf_counter()
            await asyncio.gather(*(call(wait_s) for _ in range(count)))
            return time.perf_counter() - began

        return await self._with(way, run)

    async def _with(self, way: str, run: Callable[[Call], Awaitable[float]]) -> float:
        if way == "serve" and self._plain is not None:
            return await run(self._plain.sleep.remote)
        if way == "per_call":
            return await run(lambda s: self._agent.analyze.remote({"s": s}))
        async with asyncio.timeout(600):
            sender = _Sender(self._agent, self._settings, window_s=0.002 if way == "window" else 0)
            try:
                return await run(sender.call)
            finally:
                await end_all([sender.run])


class _Sender:
    """The product's dispatcher, with or without a window in front of it."""

    def __init__(
        self, agent: "DeploymentHandle[Any]", settings: AgentSettings, *, window_s: float
    ) -> None:
        self._window_s = window_s
        self._gathered: list[TaskEnvelope] = []
        self._waiters: dict[TaskId, asyncio.Future[None]] = {}
        self._dispatcher = Dispatcher(
            ServeLink(agent),
            settings,
            QueueSettings(send_gap_s=0.0) if window_s else QueueSettings(),
            surroundings=Surroundings(str(uuid7()), time.time, Random(1)),  # noqa: S311 - load
            settle=self._settle,
        )
        self.run = asyncio.create_task(self._dispatcher.run())

    async def call(self, wait_s: float) -> None:
        """Have one task done."""
        task = TaskEnvelope(
            schema_version=ENVELOPE_SCHEMA_VERSION,
            task_id=TaskId(uuid7()),
            tenant_id=DEFAULT_TENANT,
            kind=SLEEPER,
            attempt=1,
            priority=Priority.NORMAL,
            deadline_unix_s=time.time() + 600,
            payload=orjson.dumps({"s": wait_s}),
            direct=True,
        )
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[task.task_id] = waiter
        if not self._window_s:
            self._dispatcher.add(task)
        else:
            if not self._gathered:
                asyncio.get_running_loop().call_later(self._window_s, self._send)
            self._gathered.append(task)
        await waiter

    def _send(self) -> None:
        for task in self._gathered:
            self._dispatcher.add(task)
        self._gathered.clear()

    def _settle(self, settled: Settled) -> None:
        verdict = settled.verdict
        if not isinstance(verdict, Completion) or verdict.state is not TaskState.SUCCEEDED:
            message = f"a task of the load did not succeed: {verdict}"
            raise RuntimeError(message)
        self._waiters.pop(settled.task.task_id).set_result(None)


def _is_serving(process: psutil.Process) -> bool:
    """Whether it is a replica of this Ray: others may run on the same machine."""
    try:
        return process.ppid() == os.getppid() and process.name().startswith("ray::ServeReplica")
    except psutil.NoSuchProcess:
        return False


def _cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)
