"""The whole system under test: provider, database and application, and what may be hurt in it."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import asyncpg
import psutil

from postgres.embedded import EmbeddedServer, start_embedded
from tests.provider.beside import ProviderProcess
from tests.system.application import Application, run_migrate, until
from tests.system.chaos.receiver import VARIABLES as RECEIVER_VARIABLES
from tests.system.chaos.receiver import Receiver
from tests.system.chaos.tenants import VARIABLES as TENANT_VARIABLES
from tests.system.chaos.tenants import tenant_headers
from tests.system.chaos.tree import Patch, copied_tree
from tests.system.cluster import Cluster, Node

REPLICAS = {"Paid": 2, "LeadAnalysis": 2, "Orchestrator": 2}
LEASE_S = 5.0
LATENCY_MS = 1200
LOOK_LIMIT_S = 2.0
"""How long a look into the database may take: it may be the one that is hurt."""

VARIABLES = {
    "GARDENOS_AGENTS__PAID__AGENT": "tests.system.chaos.paid_agent:PaidAgent",
    "GARDENOS_AGENTS__PAID__CONCURRENCY": "16",
    "GARDENOS_AGENTS__PAID__MIN_REPLICAS": str(REPLICAS["Paid"]),
    "GARDENOS_AGENTS__PAID__MAX_REPLICAS": str(REPLICAS["Paid"]),
    "GARDENOS_AGENTS__PAID__ATTEMPT_LIMIT_S": "7",
    "GARDENOS_AGENTS__LEAD_ANALYSIS__MIN_REPLICAS": str(REPLICAS["LeadAnalysis"]),
    "GARDENOS_AGENTS__LEAD_ANALYSIS__MAX_REPLICAS": str(REPLICAS["LeadAnalysis"]),
    "GARDENOS_AGENTS__FOLLOW_UP__MIN_REPLICAS": "0",
    "GARDENOS_INGRESS__MIN_REPLICAS": str(REPLICAS["Orchestrator"]),
    "GARDENOS_INGRESS__MAX_REPLICAS": str(REPLICAS["Orchestrator"]),
    "GARDENOS_QUEUE__LEASE_S": f"{LEASE_S:g}",
    "GARDENOS_QUEUE__RENEW_S": "1",
    "GARDENOS_QUEUE__BACKOFF_BASE_S": "0.5",
    "GARDENOS_QUEUE__BACKOFF_CAP_S": "4",
    "GARDENOS_MODEL__NAME": "deepseek-ai/DeepSeek-V3.2",
    "GARDENOS_MODEL__TIMEOUT_S": "3",
    "GARDENOS_MODEL__RUN_LIMIT_S": "6",
    "GARDENOS_MODEL__RETRY_BASE_S": "0.1",
    "GARDENOS_DASHBOARD__ENABLED": "false",
}

ON_THE_WORKER = {
    f"GARDENOS_{section}__CPUS": "0.1"
    for section in ("INGRESS", "AGENTS__PAID", "AGENTS__LEAD_ANALYSIS", "AGENTS__FOLLOW_UP")
}
"""What keeps every replica off the head of two nodes, which offers no core."""

CLUSTER_PORTS = 22_000
NODES_LIMIT_S = 300.0

IN_FLIGHT = """
    select count(*) as n
    from tasks join workers on workers.worker_id = tasks.claimed_by
    where tasks.state = 'running' and workers.lease_until > clock_timestamp()
"""

RECEIPTS = "receiver.jsonl"
WATCH = Path(__file__).with_name("watch.sql")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a world is to be.

    Attributes:
        folder: For everything it writes; short and open to the database's user.
        patches: What the product's copy shall have.
        statements: Run on the database once it is migrated.
        variables: Settings of the product that differ from the usual ones.
        two_nodes: Whether it stands on a cluster of a head and a worker that can be killed.
    """

    folder: Path
    seed: int
    patches: tuple[Patch, ...] = ()
    statements: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    two_nodes: bool = False


@dataclass(slots=True)
class World:
    """Runs for the length of ``with``; faults reach it by :mod:`tests.system.chaos.strikes`."""

    wish: Wish
    provider: ProviderProcess = field(init=False)
    database: EmbeddedServer = field(init=False)
    application: Application | Cluster = field(init=False)
    tenants: Mapping[str, dict[str, str]] = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        folder = self.wish.folder
        with ExitStack() as opened:
            log = folder / "provider.jsonl"
            options = ("--latency-ms", str(LATENCY_MS), "--jitter-ms", str(LATENCY_MS // 2))
            brain = ("--brain", "minimal", "--seed", str(self.wish.seed), "--log", str(log))
            self.provider = opened.enter_context(ProviderProcess(*options, *brain))
            self.database = start_embedded(folder / "postgres")
            opened.callback(self._stop_database)
            tree = copied_tree(folder / "tree", self.wish.patches)
            variables = {
                **VARIABLES,
                **TENANT_VARIABLES,
                **RECEIVER_VARIABLES,
                "GARDENOS_DATABASE_URL": self.database.dsn,
                "GARDENOS_MODEL__BASE_URL": self.provider.base_url,
                "PYTHONPATH": tree,
                **self.wish.variables,
            }
            self.application = opened.enter_context(self._start(variables))
            self.tenants = tenant_headers(self.database.dsn)
            receiver = opened.enter_context(Receiver(folder / RECEIPTS, seed=self.wish.seed))
            watch = WATCH.read_text(encoding="utf-8").replace("'receiver:", f"'{receiver.address}")
            self.sql(*self.wish.statements, watch)
            until(self.is_whole, "every replica is there")
            self._open = opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self.resume_all()
        self._open.close()

    @contextlib.contextmanager
    def _start(self, variables: dict[str, str]) -> Iterator[Application | Cluster]:
        folder = self.wish.folder
        if not self.wish.two_nodes:
            with Application(folder, variables) as application:
                yield application
            return
        run_migrate(folder, variables)
        with Cluster(folder, {**variables, **ON_THE_WORKER}, ports=CLUSTER_PORTS) as cluster:
            cluster.deploy()
            yield cluster

    @property
    def cluster(self) -> Cluster:
        """The two nodes; only where the wish asked for them."""
        assert isinstance(self.application, Cluster)
        return self.application

    def kill_node(self, node: Node) -> int:
        """Kill every process of a node; return how many there were."""
        return self.cluster.kill_node(node)

    def start_node(self, node: Node) -> None:
        """Start a node again, and again where the start fails; returns once both are alive."""

        def has_both_nodes() -> bool:
            if not self.cluster.of_node(node):
                self.cluster.start_node(node)
            return self.cluster.has_both_nodes()

        until(has_both_nodes, f"both nodes are there after {node}", NODES_LIMIT_S)

    def sql(self, *statements: str) -> None:
        """Run statements on the database."""

        async def run() -> None:
            connection = await asyncpg.connect(self.database.dsn)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds.

        Raises:
            OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError: The database
                does not answer.
        """

        async def read() -> list[dict[str, Any]]:
            async with asyncio.timeout(LOOK_LIMIT_S):
                connection = await asyncpg.connect(self.database.dsn, timeout=LOOK_LIMIT_S)
                try:
                    return [dict(row) for row in await connection.fetch(query)]
                finally:
                    connection.terminate()

        return asyncio.run(read())

    def in_flight(self) -> int:
        """Return how many tasks run under a live lease; by the provider's calls where that fails.

        What is left of an orchestrator that died is not in flight: nothing can be lost of it.
        """
        try:
            return int(self.rows(IN_FLIGHT)[0]["n"])
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return int(self.provider.summary()["in_flight"])

    def named(self, *beginnings: str) -> list[psutil.Process]:
        """Return the live processes whose command line begins so, oldest first."""
        found: list[tuple[float, psutil.Process]] = []
        for process in self.application.processes():
            with contextlib.suppress(psutil.Error):
                title = " ".join(process.cmdline())
                if title.startswith(beginnings) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append((process.create_time(), process))
        return [process for _, process in sorted(found, key=lambda one: one[0])]

    def replicas(self, deployment: str) -> list[psutil.Process]:
        """Return the replicas of a deployment."""
        return self.named(f"ray::ServeReplica:gardenos:{deployment}")

    def proxies(self) -> list[psutil.Process]:
        """Return what stands between a caller and the orchestrators: HAProxy and Serve's actors."""
        there = self.application.serving()
        haproxy = [one for one in there if _name(one) == "haproxy" and not _is_gone(one)]
        actors = self.named("ray::ProxyActor", "ray::HAProxyManager")
        return [*(one for one in actors if one in there), *haproxy]

    def is_whole(self) -> bool:
        """Whether all replicas there should be are there, and the service is ready."""
        if any(len(self.replicas(name)) < count for name, count in REPLICAS.items()):
            return False
        with contextlib.suppress(Exception):
            return self.application.http.get("/readyz", timeout=5).status_code == 200
        return False

    def stop_database(self, *, crash: bool, away_s: float) -> None:
        """Stop the database, at once and unclean where it crashes, and start it again."""
        if crash:
            postmaster = int(self._pid_file().read_text(encoding="utf-8").splitlines()[0])
            os.kill(postmaster, signal.SIGQUIT)
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(postmaster).wait(30)
        self.database.stop()
        time.sleep(away_s)
        self.database = start_embedded(self.wish.folder / "postgres")

    def _stop_database(self) -> None:
        self.database.stop()

    def database_processes(self) -> list[psutil.Process]:
        """Return the server's processes, its parent first."""
        pid = int(self._pid_file().read_text(encoding="utf-8").splitlines()[0])
        main = psutil.Process(pid)
        return [main, *main.children(recursive=True)]

    def _pid_file(self) -> Path:
        return next((self.wish.folder / "postgres").rglob("postmaster.pid"))

    def resume_all(self) -> None:
        """Wake whatever was left frozen."""
        for process in self.application.processes():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_STOPPED:
                    process.resume()


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return str(process.name())
    return ""


def _is_gone(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True
