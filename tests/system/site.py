"""The product on a cluster of two nodes, with a provider and a database beside it."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from postgres.embedded import EmbeddedServer, start_embedded
from tests.provider.beside import ProviderProcess
from tests.system.application import run_migrate
from tests.system.callers import lead
from tests.system.cluster import Cluster

NAME = re.compile(r"\(([a-z-]+-\d+)\)")
"""Stands in the message of each lead, see :func:`tests.system.callers.lead`."""

LATENCY_MS, JITTER_MS = 600, 300
FIRST_PORT = 21_000

VARIABLES = {
    "GARDENOS_MODEL__NAME": "deepseek-ai/DeepSeek-V3.2",
    "GARDENOS_MODEL__API_KEY": "a-key-of-a-test",
    "GARDENOS_AGENTS__LEAD_ANALYSIS__CONCURRENCY": "8",
    "GARDENOS_AGENTS__LEAD_ANALYSIS__MIN_REPLICAS": "2",
    "GARDENOS_AGENTS__LEAD_ANALYSIS__MAX_REPLICAS": "2",
    "GARDENOS_AGENTS__LEAD_ANALYSIS__CPUS": "0.1",
    "GARDENOS_AGENTS__FOLLOW_UP__MIN_REPLICAS": "0",
    "GARDENOS_AGENTS__FOLLOW_UP__CPUS": "0.1",
    "GARDENOS_INGRESS__MIN_REPLICAS": "2",
    "GARDENOS_INGRESS__MAX_REPLICAS": "2",
    "GARDENOS_INGRESS__CPUS": "0.1",
}
"""A core is asked for by every replica, so that none is put on the head, which offers none."""

FINISHED = {"succeeded", "failed", "cancelled", "poison"}


@dataclass(slots=True)
class Site:
    """What a test has: the provider, the database and the cluster, all of them running."""

    folder: Path
    variables: Mapping[str, str]
    provider: ProviderProcess
    database: EmbeddedServer
    cluster: Cluster

    def migrate(self, *, tree: Path | None = None) -> str:
        """Bring the tables to this version, or to that of another tree; return what was said."""
        own = {} if tree is None else {"PYTHONPATH": str(tree)}
        return run_migrate(self.folder, {**self.variables, **own})

    def submit(self, prefix: str, count: int) -> dict[str, str]:
        """Queue leads in one batch; return the task that was promised for each."""
        names = [f"{prefix}-{number}" for number in range(count)]
        items = [
            {"kind": "lead_analysis", "lead": lead(name), "idempotency_key": name} for name in names
        ]
        answer = self.cluster.http.post("/v1/tasks/batch", json={"items": items})
        assert answer.is_success, answer.text
        told = answer.json()["items"]
        return {name: item["task"]["task_id"] for name, item in zip(names, told, strict=True)}

    def states(self, tasks: Mapping[str, str]) -> Counter[str]:
        """Return in which states the named tasks are, by the rows; a lost one is ``missing``."""
        rows = self.rows("select task_id::text as id, state from tasks")
        state = {row["id"]: row["state"] for row in rows}
        return Counter(state.get(task_id, "missing") for task_id in tasks.values())

    def are_finished(self, tasks: Mapping[str, str]) -> bool:
        """Whether none of the named tasks is open."""
        return set(self.states(tasks)) <= {*FINISHED, "missing"}

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds."""

        async def read() -> list[dict[str, Any]]:
            connection = await asyncpg.connect(self.database.dsn, timeout=10)
            try:
                return [dict(row) for row in await connection.fetch(query, timeout=10)]
            finally:
                await connection.close()

        return asyncio.run(read())

    def calls(self) -> Counter[str]:
        """Return how often the provider was asked about each lead, by the provider's own log."""
        asked = (NAME.search(call.user_turn) for call in self.provider.calls())
        return Counter(name[1] for name in asked if name is not None)


@contextmanager
def site(variables: Mapping[str, str] | None = None) -> Iterator[Site]:
    """Give a cluster on which nothing is deployed, and an empty database."""
    with TemporaryDirectory(prefix="gdn-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        latency = ("--latency-ms", str(LATENCY_MS), "--jitter-ms", str(JITTER_MS))
        with ProviderProcess(*latency, "--seed", "1") as provider:
            database = start_embedded(folder / "postgres")
            try:
                own = {
                    **VARIABLES,
                    "GARDENOS_DATABASE_URL": database.dsn,
                    "GARDENOS_MODEL__BASE_URL": provider.base_url,
                    **(variables or {}),
                }
                with Cluster(folder, own, ports=FIRST_PORT) as cluster:
                    yield Site(folder, own, provider, database, cluster)
            finally:
                database.stop()
