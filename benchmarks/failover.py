"""How long is the product without writes while the leader changes, and what is lost?

Run: ``python -m benchmarks.failover [--kills 30] [--rounds 3] [--seed 1] [--series NAME ...]``.
Prints one JSON line. The product runs under 200 tasks a second on a real three-member cluster;
then, without it, the pool writes while leaders are killed, by the rules of each series.
"""

import argparse
import asyncio
import json
import os
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.patroni.cluster import PatroniCluster
from tests.system.application import Application, run_migrate
from tests.system.conftest import SLOW_AGENT
from tests.system.failover.load import RATE_PER_S, load
from tests.system.failover.losses import RULES, figures, run_series
from tests.system.failover.measure import STRIKES, broken_promises, measure, runs_file
from tests.system.failover.probe import make_table
from tests.system.failover.worst_cases import CASES, run_case


def product(rounds: int) -> dict[str, Any]:
    """Strike the leader under load, every way, so many times."""
    began_s = time.monotonic()
    with (
        TemporaryDirectory(prefix="gardenos-failover-", dir="/tmp") as name,
        PatroniCluster() as cluster,
    ):
        streaming_s = time.monotonic() - began_s
        folder = Path(name)
        folder.chmod(0o711)
        run_migrate(folder, {"GARDENOS_DATABASE_URL": cluster.owner_dsn})
        variables = {**SLOW_AGENT, "GARDENOS_DATABASE_URL": cluster.dsn}
        with Application(folder, variables) as application:
            told = asyncio.run(under_load(cluster, application.address, folder, rounds))
    return {"cluster_streaming_s": round(streaming_s, 1), **told}


async def under_load(
    cluster: PatroniCluster, address: str, folder: Path, rounds: int
) -> dict[str, Any]:
    """Send, strike, and judge."""
    await make_table(cluster.owner_dsn)
    began_s = time.monotonic()
    async with load(address, runs_file(folder)) as running:
        strikes = [
            asdict(await measure(cluster, running, strike))
            for _ in range(rounds)
            for strike in STRIKES
        ]
    sent_for_s = time.monotonic() - began_s
    wrong = await broken_promises(cluster.owner_dsn, running.promises)
    return {
        "asked_per_s": RATE_PER_S,
        "sent_per_s": round(running.sent / sent_for_s, 1),
        "accepted": len(running.promises),
        "broken_promises": dict(Counter(one.partition(": ")[2] for one in wrong)),
        "refused": dict(running.refusals),
        "slowest_resume_s": max(one["resume_s"] for one in strikes),
        "strikes": strikes,
    }


def main() -> None:
    """Measure both and print."""
    parser = argparse.ArgumentParser(description="Failover: writes resumed, rows lost.")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--series", nargs="*", choices=list(RULES), default=list(RULES))
    parser.add_argument("--cases", nargs="*", choices=CASES, default=CASES)
    chosen = parser.parse_args()
    told: dict[str, Any] = {"benchmark": "failover", "cores": os.cpu_count()}
    if chosen.rounds:
        told["product"] = product(chosen.rounds)
    told["series"] = [
        figures(asyncio.run(run_series(series, kills=chosen.kills, seed=chosen.seed)))
        for series in (chosen.series if chosen.kills else ())
    ]
    told["accidents"] = [
        asdict(asyncio.run(run_case(case, series)))
        for case in chosen.cases
        for series in chosen.series
        if series != "synchronous_waited"
    ]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
