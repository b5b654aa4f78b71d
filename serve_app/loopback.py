"""Prepares a local start's Ray workers: on loopback where Serve has no setting, with a log.

Runs in every worker process before its work, named by :mod:`serve_app.ray_cluster`. Serve 2.60
binds a replica's own gRPC port, and HAProxy's two side ports, to every interface. Where HAProxy
listens for callers is told apart from where Serve's own servers do: these stay on loopback also
where callers come from other machines.
"""

import importlib
import os
from functools import partial
from typing import Any

from serve_app.log_file import write_to_log

FRONT_HOST_VARIABLE = "_GARDENOS_FRONT_HOST"
"""Tells the workers where HAProxy listens; not a setting."""


def prepare_worker() -> None:
    """Bind to loopback, keep the timeout to ourselves, and write to the log of the start."""
    bind_to_loopback()
    leave_timeouts_to_routes()
    write_to_log()


def bind_to_loopback() -> None:
    """Make Serve bind to 127.0.0.1 all but HAProxy's front, which listens where it was told."""
    # Private to Ray and untyped, hence by name; the exact version of Ray is pinned.
    haproxy: Any = importlib.import_module("ray.serve._private.haproxy")
    replica: Any = importlib.import_module("ray.serve._private.replica")
    replica.add_port_to_grpc_server = partial(_on_loopback, replica.add_port_to_grpc_server)
    template = haproxy.HAPROXY_CONFIG_TEMPLATE
    for wide in ("bind :{{ config.metrics_port", "bind *:{{ config.stats_port"):
        narrow = wide.replace("bind :", "bind 127.0.0.1:").replace("bind *:", "bind 127.0.0.1:")
        template = template.replace(wide, narrow)
    front = os.environ.get(FRONT_HOST_VARIABLE)
    if front:
        template = template.replace("bind {{ config.frontend_host }}:", f"bind {front}:")
    haproxy.HAPROXY_CONFIG_TEMPLATE = template


def leave_timeouts_to_routes() -> None:
    """Make Serve ignore the header for a timeout: a route answers in time itself, by a problem.

    Serve's own timer starts earlier and answers plain text where a caller allows milliseconds.
    """
    for name in ("replica", "proxy"):
        module: Any = importlib.import_module(f"ray.serve._private.{name}")
        module.parse_request_timeout_header = _without_header


def _without_header(headers: Any, default_timeout_s: float | None) -> float | None:
    del headers
    return default_timeout_s


def _on_loopback(add_port: Any, server: Any, address: str) -> Any:
    return add_port(server, address.replace("[::]:", "127.0.0.1:"))
