"""A head and a worker of Ray on this machine, each by a loopback address of its own.

The application is put on it as on any cluster, by a config for ``serve deploy``. The head runs no
replica, keeps its tables on disk (``RAY_gcs_storage=rocksdb``) and can be killed and
started again; so can the worker.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from serve_app.deploy_config import APPLICATION, deploy_config
from serve_app.settings import Settings
from tests.system.application import REPOSITORY, STOP_LIMIT_S, environment, until

RAY = Path(sys.executable).with_name("ray")
WORKER_CPUS = 16
"""What the worker offers; the head offers none, so every replica is on the worker."""

READY_LIMIT_S = 60.0
OBJECT_STORE_BYTES = 100_000_000

HOOK = "cluster_worker"

VARIABLES = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1",  # a node may have a loopback address
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_DEDUP_LOGS": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "1",
    "RAY_gcs_storage": "rocksdb",
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "1",
    "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "1",
    "RAY_health_check_initial_delay_ms": "3000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
    "__RAY_WORKER_PROCESS_SETUP_HOOK_ENV_VAR": f"{HOOK}.prepare",
}


class Node(StrEnum):
    """One of the two nodes."""

    HEAD = "head"
    WORKER = "worker"


ADDRESSES = {Node.HEAD: "127.0.0.2", Node.WORKER: "127.0.0.3"}


class Cluster:
    """Two nodes in ``folder`` for the length of ``with``; looks like an ``Application``.

    Args:
        folder: For everything it writes; its path is short, since sockets lie in it.
        variables: Settings of the application, read by every process of both nodes.
        ports: First of a hundred free ports.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str], *, ports: int) -> None:
        """Describe a cluster; nothing runs yet."""
        self.folder = folder
        self._ports = ports
        self.address = f"http://{ADDRESSES[Node.WORKER]}:{ports}"
        self.dashboard = f"http://{ADDRESSES[Node.HEAD]}:{ports + 1}"
        self._applications = f"{self.dashboard}/api/serve/applications/"
        self._gcs = f"{ADDRESSES[Node.HEAD]}:{ports + 2}"
        hooks = folder / "hooks"
        own = {
            "RAY_gcs_storage_path": str(folder / "gcs"),
            "PYTHONPATH": f"{variables.get('PYTHONPATH', REPOSITORY)}:{hooks}",
        }
        self._hooks = hooks
        self._environment = environment({**VARIABLES, **variables, **own})
        self._nodes: dict[Node, subprocess.Popen[bytes]] = {}
        self._dead: list[psutil.Process] = []
        self.http = httpx.Client(base_url=self.address, timeout=90, trust_env=False)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            opened.callback(self.stop)
            self._hooks.mkdir(exist_ok=True)
            shutil.copy(Path(__file__).with_name(f"{HOOK}.py"), self._hooks)
            self.start_node(Node.HEAD)
            until(self._head_answers, "the head's dashboard answers", READY_LIMIT_S)
            self.start_node(Node.WORKER)
            until(self.has_both_nodes, "the worker has joined", READY_LIMIT_S)
            opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start_node(self, node: Node) -> None:
        """Start a node; a head finds what the one before it has stored."""
        if before := self._nodes.pop(node, None):
            _kill_session(before.pid)  # a start that failed leaves some of its processes
            before.wait(STOP_LIMIT_S)
        own = self._head() if node is Node.HEAD else self._worker()
        if node is Node.HEAD:
            # Else Ray takes the worker of the head before for a cluster that runs here.
            (self.folder / "ray" / "ray_current_cluster").unlink(missing_ok=True)
        command = [
            *(str(RAY), "start", "--block", "--node-ip-address", ADDRESSES[node]),
            *("--object-store-memory", str(OBJECT_STORE_BYTES), "--disable-usage-stats"),
            *("--include-log-monitor", "false", *own),
        ]
        with (self.folder / f"{node}.txt").open("ab") as log:
            self._nodes[node] = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**self._environment, **self._of_haproxy(node)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill_node(self, node: Node) -> int:
        """Kill every process of a node at once; return how many there were."""
        processes = self.of_node(node)
        # The one above them first: it would tell the others to end.
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(processes, timeout=STOP_LIMIT_S)
        self._nodes.pop(node).wait(STOP_LIMIT_S)
        return len(processes)

    def stop(self) -> None:
        """Kill both nodes: nothing of a test is worth a gentle end."""
        for node in list(self._nodes):
            self.kill_node(node)
        for process in self.processes():
            process.kill()
        self.http.close()

    def deploy(self, *, runtime_env: Mapping[str, Any] | None = None) -> None:
        """Put the application on the cluster by the request of ``serve deploy``; returns at once.

        Args:
            runtime_env: Ray's; another one than before is a rolling update.
        """
        config = deploy_config(Settings())
        config["http_options"] = {"host": ADDRESSES[Node.WORKER], "port": self._ports}
        (application,) = config["applications"]
        if runtime_env is not None:
            application["runtime_env"] = dict(runtime_env)
        answer = httpx.put(self._applications, json=config, trust_env=False, timeout=60)
        assert answer.is_success, answer.text

    def status(self) -> dict[str, Any]:
        """Return what Serve says of the application.

        Raises:
            httpx.HTTPError: The head does not answer.
        """
        answer = httpx.get(self._applications, trust_env=False)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()["applications"].get(APPLICATION, {})
        return found

    def is_running(self) -> bool:
        """Whether Serve has done what the last config asked, and the service is ready."""
        with contextlib.suppress(httpx.HTTPError):
            status = self.status()
            assert status.get("status") != "DEPLOY_FAILED", status
            ready = self.http.get("/readyz", timeout=5).status_code
            return status.get("status") == "RUNNING" and ready == httpx.codes.OK
        return False

    def of_node(self, node: Node) -> list[psutil.Process]:
        """Return a node's processes, the one that started the others first."""
        started = self._nodes.get(node)
        there = []
        if started is not None and started.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                main = psutil.Process(started.pid)
                there = [main, *main.children(recursive=True)]
        return [*there, *(one for one in self._haproxies(node) if one not in there)]

    def _haproxies(self, node: Node) -> Iterator[psutil.Process]:
        """Yield a node's HAProxies, those too whose manager was killed: they belong to nobody."""
        config = self._of_haproxy(node)["RAY_SERVE_HAPROXY_SERVER_STATE_BASE"]
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.name() == "haproxy" and f"{config}/" in " ".join(process.cmdline()):
                    yield process

    def processes(self) -> list[psutil.Process]:
        """Return the processes of both nodes."""
        return [process for node in Node for process in self.of_node(node)]

    def serving(self) -> list[psutil.Process]:
        """Return the processes among which callers are served: those of the worker."""
        return self.of_node(Node.WORKER)

    def has_both_nodes(self) -> bool:
        """Whether the head answers and sees the worker alive."""
        with contextlib.suppress(httpx.HTTPError):
            return self._alive_nodes() == len(Node)
        return False

    def replicas(self, deployment: str) -> list[psutil.Process]:
        """Return the replicas of a deployment by the names Ray gives its processes."""
        wanted = f"ray::ServeReplica:{APPLICATION}:{deployment}"
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if " ".join(process.cmdline()).startswith(wanted):
                    found.append(process)
        return found

    def _head_answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self._alive_nodes() >= 1
        return False

    def _alive_nodes(self) -> int:
        answer = httpx.get(f"{self.dashboard}/nodes?view=summary", trust_env=False, timeout=10)
        nodes = answer.raise_for_status().json()["data"]["summary"]
        return sum(node["raylet"]["state"] == "ALIVE" for node in nodes)

    def _of_haproxy(self, node: Node) -> dict[str, str]:
        """Return the variables that keep a node's HAProxy apart from the other's."""
        folder = self.folder / node[0]  # short: HAProxy's sockets have a path of 97 bytes at most
        folder.mkdir(exist_ok=True)
        first = self._ports + (30 if node is Node.HEAD else 40)
        return {
            "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": f"{folder}/haproxy.cfg",
            "RAY_SERVE_HAPROXY_SOCKET_PATH": f"{folder}/admin.sock",
            "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": f"{folder}/metrics.sock",
            "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
            "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": f"{folder}/server-state",
            "RAY_SERVE_HAPROXY_METRICS_PORT": str(first),
            "RAY_SERVE_HAPROXY_STATS_PORT": str(first + 1),
            "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(first + 2),
        }

    def _head(self) -> list[str]:
        port = self._gcs.rpartition(":")[2]
        return [
            *("--head", "--port", port, "--num-cpus", "0"),
            *("--ray-client-server-port", str(self._ports + 6)),
            *("--include-dashboard", "true", "--dashboard-host", ADDRESSES[Node.HEAD]),
            *("--dashboard-port", str(self._ports + 1), "--temp-dir", str(self.folder / "ray")),
            *self._node_ports(self._ports + 10),
        ]

    def _worker(self) -> list[str]:
        return [
            *("--address", self._gcs, "--num-cpus", str(WORKER_CPUS)),
            *self._node_ports(self._ports + 20),
        ]

    def _node_ports(self, first: int) -> list[str]:
        names = ("dashboard-agent-listen-port", "dashboard-agent-grpc-port", "metrics-export-port")
        named = (*names, "runtime-env-agent-port", "node-manager-port", "object-manager-port")
        return [word for at, name in enumerate(named) for word in (f"--{name}", str(first + at))]


def _kill_session(leader: int) -> None:
    """Kill every process of a session that a node was started in."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == leader:
                process.kill()
