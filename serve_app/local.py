"""Ray and Serve on this machine alone: started on loopback, stopped without a process left."""

import contextlib
import importlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from domain.errors import ConfigurationError, UnavailableError
from serve_app import orphans
from serve_app.addresses import reachable_here
from serve_app.client import ServiceClient
from serve_app.embedded import local_database, migrate_database
from serve_app.log_file import followed_log
from serve_app.loopback import FRONT_HOST_VARIABLE
from serve_app.settings import DashboardSettings, HttpSettings, Settings
from serve_app.start_check import check_models

RAY_VARIABLES = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # off: the node's address is loopback, on Linux too
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "1",
    "RAY_COLOR_PREFIX": "0",
    "no_grpc_proxy": "127.0.0.1,::1,localhost",  # else http_proxy takes Serve's own calls away
}
"""Read when Ray is imported: everything listens on loopback, nothing is reported to anyone."""

LOOPBACK = "127.0.0.1"
PORTS_TRIED = 50
READY_LIMIT_S = 30.0
READY_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Running:
    """Where a local service can be reached."""

    address: str
    docs: str
    dashboard: str | None
    ray: str
    log: str


def check_port(host: str, port: int, *, field: str = "http.port") -> None:
    """Raise ConfigurationError where a port cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        got = f"{port} on {host} ({error.strerror or error})"
        raise ConfigurationError(field, got, "a free port; choose one with --port") from error


def free_port(host: str, wanted: int) -> int:
    """Return the wanted port, or the next free one above it.

    Raises:
        ConfigurationError: None of the next ports is free.
    """
    for port in range(wanted, min(wanted + PORTS_TRIED, 65536)):
        with contextlib.suppress(ConfigurationError):
            check_port(host, port)
            return port
    got = f"{wanted}, and the next {PORTS_TRIED} are in use"
    raise ConfigurationError("dashboard.port", got, "a port with a free one near")


@contextlib.contextmanager
def local_service(
    settings: Settings, show: Callable[[str], None] = lambda _: None
) -> Iterator[Running]:
    """Run the whole product on this machine for the length of a ``with``.

    Args:
        settings: Of the whole product.
        show: Called with each line of the log, from a thread of its own.

    Raises:
        ConfigurationError: A port is in use, or a folder or an address cannot be used.
        UnavailableError: The database or the application did not become ready.
    """
    orphans.sweep()
    check_port(settings.http.host, settings.http.port)
    check_models(settings)
    with (
        local_database(settings) as url,
        orphans.run_folder() as folder,
        followed_log(settings.data_folder / "logs", show) as log,
    ):
        migrate_database(url, settings)
        os.environ.update(RAY_VARIABLES)
        inside = settings.http
        if settings.http.haproxy and sys.platform == "linux":
            os.environ.update(haproxy_variables(settings.http, folder))
            # HAProxy alone listens where the settings say; what stands behind it is on loopback.
            inside = settings.http.model_copy(update={"host": LOOPBACK})
        # Ray reads its variables when it is imported, so the import waits until they are set.
        cluster = importlib.import_module("serve_app.ray_cluster")
        application = importlib.import_module("serve_app.app").build(settings)
        port = dashboard_port(settings.dashboard)
        with cluster.run_on_loopback(application, inside, dashboard_port=port, folder=folder) as (
            ray_address,
            dashboard,
        ):
            address = address_of(settings.http)
            wait_until_ready(address)
            yield Running(address, f"{address}/docs", dashboard, ray_address, str(log))


def haproxy_variables(http: HttpSettings, folder: Path) -> dict[str, str]:
    """Return what puts HAProxy in front of Serve, apart from any other HAProxy of the machine."""
    side_port = http.port
    ports = []
    for _ in range(3):
        side_port = free_port(LOOPBACK, side_port + 1)
        ports.append(str(side_port))
    return {
        FRONT_HOST_VARIABLE: http.host.strip("[]"),
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": f"{folder}/haproxy.cfg",
        "RAY_SERVE_HAPROXY_SOCKET_PATH": f"{folder}/admin.sock",
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": f"{folder}/metrics.sock",
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": f"{folder}/server-state",
        "RAY_SERVE_HAPROXY_METRICS_PORT": ports[0],
        "RAY_SERVE_HAPROXY_STATS_PORT": ports[1],
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": ports[2],
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "1",
        "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S": "5",
        "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "1",  # else a dead HAProxy is missed for 30 s
    }


def dashboard_port(dashboard: DashboardSettings) -> int | None:
    """Return the port for Ray's dashboard, or None where it is not wanted."""
    return free_port(LOOPBACK, dashboard.port) if dashboard.enabled else None


def wait_until_ready(address: str) -> None:
    """Return as soon as the service can do its work.

    Raises:
        UnavailableError: It cannot after :data:`READY_LIMIT_S`; says what is missing.
    """
    until_s = time.monotonic() + READY_LIMIT_S
    with ServiceClient(address) as service:
        while not (ready := service.ready())["ready"]:
            if time.monotonic() > until_s:
                raise UnavailableError(f"the service is not ready: {ready}", 5.0)
            time.sleep(READY_POLL_S)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Make SIGTERM end a start as Ctrl-C does, so that what was started is stopped."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and SIGTERM set, for the length of a ``with``."""
    stop = threading.Event()

    def set_stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    names = (signal.SIGINT, signal.SIGTERM)
    before = {name: signal.signal(name, set_stop) for name in names}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def address_of(http: HttpSettings) -> str:
    """Return the address of the service as a browser on this machine takes it."""
    host = reachable_here(http.host)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{http.port}"
