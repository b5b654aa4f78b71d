"""A client with a connection of its own, which can hang up while its answer is awaited."""

import json
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

ANSWER_LIMIT_S = 60.0


class Caller:
    """Posts JSON at once; the answer is read when somebody wants it."""

    def __init__(
        self, address: str, path: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send the request to ``address``, which is scheme, host and port."""
        where = urlsplit(address)
        content = json.dumps(body).encode()
        told = {
            "Host": where.netloc,
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Connection": "close",
            **(headers or {}),
        }
        head = "".join(f"{name}: {text}\r\n" for name, text in told.items())
        self._socket = socket.create_connection((where.hostname, where.port), ANSWER_LIMIT_S)
        self._socket.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content)

    def hang_up(self) -> float:
        """Close the connection; return when, in seconds since 1970."""
        at_unix_s = time.time()
        self._socket.close()
        return at_unix_s

    def status(self) -> int:
        """Wait for the whole answer, which ends the connection, and return its status."""
        with self._socket:
            received = b""
            while piece := self._socket.recv(65_536):
                received += piece
        return int(received.split(b" ", 2)[1]) if received else 0
