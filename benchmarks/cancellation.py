"""How soon is the model's connection closed once nobody wants the answer? By the model's own clock.

Run: ``python -m benchmarks.cancellation``. Prints one JSON line. Goal: at most 200 ms, 95th
percentile, from the caller's close or cancel to the close that the model sees. The application is
the real one: HAProxy, two orchestrators, three agent replicas; beside each task that is ended
another runs in the same streams, and must end well.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.system import cancelling
from tests.system.cancelling import Ended
from tests.system.model_world import ModelWorld, percentile_ms

GOAL_MS = 200.0
COUNT = 80


def main() -> None:
    """Measure each way to end a task."""
    with TemporaryDirectory(prefix="gardenos-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with ModelWorld(folder, concurrency=16, latency_ms=2000) as world:
            cancelling.prepare(world)
            ways: dict[str, Callable[[], Ended]] = {
                "caller_hangs_up": lambda: cancelling.callers_leave(world, COUNT),
                "task_cancelled": lambda: cancelling.tasks_are_cancelled(world, COUNT),
                "task_cancelled_at_another_orchestrator": lambda: cancelling.tasks_are_cancelled(
                    world, COUNT, at=cancelling.other_than_holder(world)
                ),
                "lead_deleted": lambda: cancelling.leads_are_deleted(world, COUNT // 2),
            }
            found = {way: measure() for way, measure in ways.items()}
    ends = {end for ended in found.values() for end in ended.beside.values()}
    untouched = ends <= {"200", "succeeded"}
    p95_ms = {way: percentile_ms(ended.waits_s, 0.95) for way, ended in found.items()}
    print(
        json.dumps(
            {
                "benchmark": "cancellation",
                "cores": os.cpu_count(),
                "load_1_min": round(os.getloadavg()[0], 1),
                "calls_each": {way: len(ended.waits_s) for way, ended in found.items()},
                "goal_ms": GOAL_MS,
                "others_untouched": untouched,
                "reached": max(p95_ms.values()) <= GOAL_MS and untouched,
                "p50_ms": {way: percentile_ms(one.waits_s, 0.5) for way, one in found.items()},
                "p95_ms": p95_ms,
            }
        )
    )


if __name__ == "__main__":
    main()
