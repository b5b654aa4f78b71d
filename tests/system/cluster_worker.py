"""Prepares the workers of a cluster whose nodes share one machine; imports nothing of ours.

Serve binds its servers to all interfaces, or to one host on every node, and takes 127.0.0.1 for a
node's way to itself. Here each node has a loopback address of its own, and all of it stays there.
The file is copied out of the tree, since the code that runs may be of an earlier commit.
"""

import importlib
from collections.abc import Awaitable
from typing import Any


def prepare() -> None:
    """Keep Serve's servers, and HAProxy's three, on the address of their node."""
    haproxy, http, replica = module("haproxy"), module("http_util"), module("replica")
    own = own_address()
    haproxy.get_localhost_ip = own_address
    template = haproxy.HAPROXY_CONFIG_TEMPLATE
    for wide in (
        "bind :{{ config.metrics_port",
        "bind *:{{ config.stats_port",
        "bind {{ config.frontend_host }}:",
    ):
        template = template.replace(wide, f"bind {own}:{wide.partition(':')[2]}")
    haproxy.HAPROXY_CONFIG_TEMPLATE = template
    start, add_port = http.start_asgi_http_server, replica.add_port_to_grpc_server

    def start_at_own(app: Any, options: Any, *rest: Any, **named: Any) -> Awaitable[Any]:
        at_own = options.model_copy(update={"host": own_address()})
        started: Awaitable[Any] = start(app, at_own, *rest, **named)
        return started

    def add_own_port(server: Any, address: str) -> Any:
        return add_port(server, address.replace("[::]:", f"{own_address()}:"))

    module("proxy").start_asgi_http_server = start_at_own
    replica.start_asgi_http_server = start_at_own
    replica.add_port_to_grpc_server = add_own_port


def module(name: str) -> Any:
    """Return a module private to Serve; the exact version of Ray is pinned."""
    return importlib.import_module(f"ray.serve._private.{name}")


def own_address() -> str:
    """Return the address of this process's node."""
    address: str = importlib.import_module("ray.util").get_node_ip_address()
    return address
