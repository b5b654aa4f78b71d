"""What does a saturated agent do? Goodput of 200 requests on concurrency 4, as a share of ideal.

Run: ``python -m benchmarks.saturated_agent``. Prints one JSON line. Goal: at least 0.95.
"""

import json
import os

from benchmarks._agents import SLEEPER, PlainSleeper
from benchmarks._load import Load
from benchmarks._ray import THROUGHPUT, deployed, served
from deployments.graph import bind_agents
from deployments.replica import ReplicaSettings
from deployments.settings import AgentSettings

COUNT = 200
CONCURRENCY = 4
GOAL = 0.95

SETTINGS = AgentSettings(
    agent="benchmarks._agents:SleepingAgent",
    concurrency=CONCURRENCY,
    min_replicas=1,
    max_replicas=1,
)


def main() -> None:
    """Measure short and long tasks through Serve's own queue and through ours."""
    agents = bind_agents({SLEEPER: SETTINGS}, ReplicaSettings())
    plain = deployed(PlainSleeper, CONCURRENCY).bind()
    load = deployed(Load, 10).bind(agents[SLEEPER], plain, SETTINGS)
    shares: dict[str, float] = {}
    with served(load) as handle:
        for way in ("dispatcher", "serve"):
            for task_s in (0.05, 0.5):
                elapsed_s = handle.burst.remote(way, COUNT, task_s).result()
                ideal_s = COUNT / CONCURRENCY * task_s
                shares[f"{way}_{task_s * 1000:.0f}_ms"] = round(ideal_s / elapsed_s, 3)
    print(
        json.dumps(
            {
                "benchmark": "saturated_agent",
                "cores": os.cpu_count(),
                "serve_throughput_mode": THROUGHPUT == "1",
                "requests": COUNT,
                "concurrency": CONCURRENCY,
                "goal": GOAL,
                "reached": min(shares["dispatcher_50_ms"], shares["dispatcher_500_ms"]) >= GOAL,
                "share_of_ideal": shares,
            }
        )
    )


if __name__ == "__main__":
    main()
