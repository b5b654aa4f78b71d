"""A receiver of webhooks for each tenant: it verifies, sometimes fails, and keeps its own log."""

import base64
import hashlib
import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, Self

from standardwebhooks import Webhook

from tests.system.chaos.orders import TENANTS

FAILURES = 0.05
"""Share of the messages that are answered with 500."""

VARIABLES = {
    "GARDENOS_WEBHOOKS__ALLOW_PRIVATE_NETWORKS": '["127.0.0.0/8"]',
    "GARDENOS_WEBHOOKS__ALLOW_HTTP": "true",
    "GARDENOS_WEBHOOKS__PORTS": "[]",
    "GARDENOS_WEBHOOKS__TIME_LIMIT_S": "2",
    "GARDENOS_WEBHOOKS__SCHEDULE_S": "[0.2, 0.5, 1, 2, 2, 2, 2, 2, 2, 2]",
}
"""How the product must run to call it, and soon again where it failed."""


def secret_of(tenant: str) -> str:
    """Return the secret that ``watch.sql`` gives to a tenant's webhook."""
    digest = hashlib.sha256(tenant.encode()).digest()
    return f"whsec_{base64.b64encode(digest).decode()}"


class Receiver:
    """Listens on loopback for the length of ``with``; tenants are told apart by the path."""

    def __init__(self, log: Path, *, seed: int) -> None:
        """Write to ``log``; fail by ``seed``."""
        self._log = log
        self._rng = Random(f"{seed}/receiver")  # noqa: S311 - repeatable on purpose
        self._lock = threading.Lock()
        self._verifiers = {f"/{tenant}": Webhook(secret_of(tenant)) for tenant in TENANTS}

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self) -> None:
                with suppress(OSError):
                    body = self.rfile.read(int(self.headers["content-length"]))
                    status = receiver.take(self.path, dict(self.headers.items()), body)
                    self.send_response(status)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._log.touch()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where it listens; a tenant's name follows."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Write a message down and return the status of the answer."""
        given = {name.lower(): value for name, value in headers.items()}
        verifier = self._verifiers.get(path)
        told: dict[str, Any] = {
            "at": time.time(),
            "tenant_id": path.removeprefix("/"),
            "message": given.get("webhook-id"),
            "verified": verifier is not None and _verifies(verifier, body, given),
        }
        with suppress(ValueError, KeyError, TypeError):
            data = json.loads(body)["data"]
            told |= {name: data[name] for name in ("task_id", "state", "attempt")}
        with self._lock:
            told["status"] = 500 if self._rng.random() < FAILURES else 204
            with self._log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(told) + "\n")
        return int(told["status"])


def _verifies(verifier: Webhook, body: bytes, headers: dict[str, str]) -> bool:
    try:
        verifier.verify(body.decode(), headers)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the judge will object
        return False
    return True


def receipts_of(log: Path) -> list[dict[str, Any]]:
    """Return what came, from the disk."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
