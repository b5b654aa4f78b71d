"""Prepares the workers of a cluster whose nodes share one machine."""

import importlib
from collections.abc import Awaitable
from typing import Any

from serve_app.loopback import prepare_worker


def prepare() -> None:
    """Do what a local start does, and keep Serve's servers on the address of their node.

    Serve binds the same host on every node, which on different machines are all interfaces, and
    takes 127.0.0.1 for a node's way to itself; here each node has a loopback address of its own.
    """
    prepare_worker()
    haproxy = module("haproxy")
    haproxy.get_localhost_ip = own_address
    start = module("http_util").start_asgi_http_server

    def start_at_own_address(app: Any, options: Any, *rest: Any, **named: Any) -> Awaitable[Any]:
        own = options.model_copy(update={"host": own_address()})
        started: Awaitable[Any] = start(app, own, *rest, **named)
        return started

    module("proxy").start_asgi_http_server = start_at_own_address
    module("replica").start_asgi_http_server = start_at_own_address


def module(name: str) -> Any:
    """Return a module private to Serve; the exact version of Ray is pinned."""
    return importlib.import_module(f"ray.serve._private.{name}")


def own_address() -> str:
    """Return the address of this process's node."""
    address: str = importlib.import_module("ray.util").get_node_ip_address()
    return address
