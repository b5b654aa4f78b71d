"""Ports that are ours for as long as the test lives.

They lie below the ephemeral range: a member that comes back must find its port free, and the
kernel may have given one of that range to an outgoing connection meanwhile.
"""

import contextlib
import random
import socket
from collections.abc import Sequence

LOWEST, HIGHEST = 10_000, 20_999
TRIES = 200


class Ports:
    """Takes ports and gives them back.

    A name in the kernel's abstract socket namespace marks each: it goes away with this process.
    """

    def __init__(self) -> None:
        self._marks: list[socket.socket] = []

    def take(self, hosts: Sequence[str]) -> int:
        """Return a port that is free on every one of these addresses."""
        for _ in range(TRIES):
            port = random.randint(LOWEST, HIGHEST)  # noqa: S311 - not a secret
            if self._marked(port) and all(is_free(host, port) for host in hosts):
                return port
        raise RuntimeError("no free port")

    def _marked(self, port: int) -> bool:
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0gardenos-test-port-{port}")
        except OSError:
            mark.close()
            return False
        self._marks.append(mark)
        return True

    def release(self) -> None:
        """Give all of them back."""
        for mark in self._marks:
            mark.close()
        self._marks.clear()


def is_free(host: str, port: int) -> bool:
    """Tell whether somebody could listen there."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
