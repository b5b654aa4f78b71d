"""A server that never ends its answer is given up as one that never begins it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from domain.errors import UnavailableError
from postgres.cluster_settings import ClusterSettings
from serve_app.cluster import bounded
from serve_app.cluster.bounded import exchange
from serve_app.cluster.etcd_client import EtcdClient, piece_of
from serve_app.cluster.patroni_client import PatroniClient

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
LIMIT_S = 0.3
PIECES = 100
PAUSE_S = 0.05
"""A hundred pieces of these take five seconds, each well within the limit."""


@contextmanager
def trickling() -> Iterator[str]:
    """Give the address of a server that sends a byte of its answer now and then."""
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

    def drip(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(4096)
            connection.sendall(HEAD)
            for _ in range(PIECES):
                if ended.wait(PAUSE_S):
                    return
                connection.sendall(b"1\r\n \r\n")
            connection.sendall(b"2\r\n{}\r\n0\r\n\r\n")

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(listener,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_an_etcd_that_trickles_is_given_up() -> None:
    with trickling() as address:
        settings = ClusterSettings(etcd=(address,), answer_limit_s=LIMIT_S)
        with EtcdClient(settings) as client, pytest.raises(UnavailableError, match="ReadTimeout"):
            client.list_range("a", "b")


def test_a_patroni_that_trickles_is_silent() -> None:
    with trickling() as address:
        settings = ClusterSettings(members=(address,), answer_limit_s=LIMIT_S)
        with PatroniClient(settings) as client:
            assert client.look(address).error == "ReadTimeout"


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "LARGEST_ANSWER", 3)
    with (
        trickling() as address,
        httpx.Client() as http,
        pytest.raises(httpx.ReadError, match="more than 3 bytes"),
    ):
        exchange(http, "GET", address, limit_s=30)


def test_a_snapshot_that_trickles_is_given_up() -> None:
    with (
        trickling() as address,
        EtcdClient(ClusterSettings(etcd=(address,))) as client,
        pytest.raises(UnavailableError, match="ReadTimeout"),
    ):
        list(client.snapshot(limit_s=LIMIT_S))


def test_a_snapshot_that_is_none_is_told_as_such() -> None:
    for told in ({}, {"result": None}, {"result": {"blob": "?"}}, {"error": {"message": "x"}}):
        with pytest.raises(UnavailableError):
            piece_of(told)
