"""How should results of direct calls come back? Rate, added latency and CPU of three ways.

Run: ``python -m benchmarks.direct_return``. Prints one JSON line.
"""

import json
import os

from benchmarks._agents import SLEEPER
from benchmarks._load import Load
from benchmarks._ray import THROUGHPUT, deployed, served
from deployments.graph import bind_agents
from deployments.replica import ReplicaSettings
from deployments.settings import AgentSettings

WAYS = ("per_call", "window", "dispatcher")
CALLERS = (1, 8, 64)
TASK_S = 0.05
JITTER_S = 0.025
FOR_S = 4.0

SETTINGS = AgentSettings(
    agent="benchmarks._agents:SleepingAgent", concurrency=128, min_replicas=1, max_replicas=1
)


def main() -> None:
    """Measure every way with few and many callers."""
    agents = bind_agents({SLEEPER: SETTINGS}, ReplicaSettings())
    load = deployed(Load, 10).bind(agents[SLEEPER], None, SETTINGS)
    with served(load) as handle:
        figures = {
            f"{way}_{callers}": handle.closed_loop.remote(
                way, callers, TASK_S, JITTER_S, FOR_S
            ).result()
            for callers in CALLERS
            for way in WAYS
        }
    print(
        json.dumps(
            {
                "benchmark": "direct_return",
                "cores": os.cpu_count(),
                "serve_throughput_mode": THROUGHPUT == "1",
                "task_ms": [(TASK_S - JITTER_S) * 1000, (TASK_S + JITTER_S) * 1000],
                **figures,
            }
        )
    )


if __name__ == "__main__":
    main()
