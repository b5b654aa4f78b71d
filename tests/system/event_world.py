"""What events are told to and through: a receiver that fails at random, a proxy that cuts."""

import contextlib
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self

from standardwebhooks import Webhook as Verifier

REFUSED_FOR_EVER = 3
"""Messages that a faulty receiver takes at no attempt."""


@dataclass
class Told:
    """One message as it came.

    Attributes:
        how: What the receiver did with it.
    """

    name: str
    task_id: str
    how: str


@dataclass
class Receiver:
    """Verifies every message and fails at random until it is mended.

    Attributes:
        hang_s: Longer than the sender waits.
        forged: Messages whose signature did not verify.
    """

    rng: Random
    hang_s: float
    secret: str = ""
    is_faulty: bool = True
    told: list[Told] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    cursed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Listen on loopback."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with contextlib.suppress(OSError):
                    receiver.answer(self, body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """Take a message, or fail in one of the ways of receivers."""
        name = request.headers["webhook-id"]
        try:
            document = Verifier(self.secret).verify(body.decode(), dict(request.headers.items()))
        except Exception:
            self.forged.append(name)
            raise
        how = self._mood(name)
        with self.lock:
            self.told.append(Told(name, document["data"]["task_id"], how))
        if how == "hang":
            self.ended.wait(self.hang_s)
        if how in {"hang", "reset"}:
            request.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            request.connection.close()
            return
        request.send_response({"taken": 204, "error": 500, "busy": 429}[how])
        if how == "busy":
            request.send_header("retry-after", "1")
        request.end_headers()

    def _mood(self, name: str) -> str:
        with self.lock:
            if not self.is_faulty:
                return "taken"
            if name not in self.cursed and len(self.cursed) < REFUSED_FOR_EVER:
                self.cursed.append(name)
            if name in self.cursed:
                return "error"
            ways = ("taken", "error", "reset", "busy", "hang")
            return self.rng.choices(ways, (60, 15, 12, 10, 3))[0]

    def ways(self) -> Counter[str]:
        """Return how often the receiver did what."""
        with self.lock:
            return Counter(one.how for one in self.told)


class CuttingProxy:
    """Forwards TCP to a port of loopback, and cuts each connection after a random amount.

    Attributes:
        cuts: Connections that were cut.
    """

    def __init__(self, target: int, rng: Random) -> None:
        self._target = target
        self._rng = rng
        self.cuts = 0

    def __enter__(self) -> Self:
        """Listen on loopback."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            far = socket.create_connection(("127.0.0.1", self._target))
            with far:
                threading.Thread(target=_pump, args=(near, far), daemon=True).start()
                left = self._rng.randrange(1500, 9000)
                while left > 0 and (data := far.recv(min(left, 4096))):
                    near.sendall(data)
                    left -= len(data)
                self.cuts += left <= 0
                # A close alone would wait for the thread that reads from it.
                near.shutdown(socket.SHUT_RDWR)
                far.shutdown(socket.SHUT_RDWR)


def _pump(source: Any, sink: Any) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            sink.sendall(data)
