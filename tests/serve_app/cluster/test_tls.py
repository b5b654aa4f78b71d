"""Members are reached at their pods' addresses, and known by the name in their certificate."""

import asyncio
import base64
import gc
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from domain.errors import UnavailableError
from postgres.cluster_probe import probe, write_once
from postgres.cluster_settings import ClientTls, ClusterSettings
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.cluster.patroni_client import PatroniClient

SCRIPT = Path(__file__).parents[3] / "postgres" / "manifests" / "make-certificates.sh"
POD = "127.0.0.2"
"""An address that no certificate names, as a pod's is."""

LIMIT_S = 5.0
REFUSAL = b"SFATAL\0C28000\0Mno pg_hba.conf entry\0\0"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the cluster's certificates, and under ``strange`` those of another authority."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    for each in (folder, folder / "strange"):
        subprocess.run(["sh", str(SCRIPT), str(each)], check=True, timeout=60)
    return folder


def context_of(folder: Path, name: str) -> ssl.SSLContext:
    """Return how a server with a certificate of the script speaks TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "authority.crt")
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


class Member(http.server.BaseHTTPRequestHandler):
    """Answers as a leader's REST API, and as etcd's gateway."""

    def do_GET(self) -> None:
        self._answer({"role": "primary", "state": "running", "etcdserver": "3.5.30"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("snapshot"):
            self._answer({"result": {"blob": base64.b64encode(b"whole").decode()}})
        else:
            self._answer({"header": {"cluster_id": "1"}})

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


class QuietServer(http.server.ThreadingHTTPServer):
    """Says nothing of connections that fail: the tests mean them to."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path, name: str = "postgres") -> Iterator[str]:
    """Give the address of a REST API that shows a certificate."""
    server = QuietServer((POD, 0), Member)
    server.socket = context_of(folder, name).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"https://{POD}:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def patroni(certificates: Path, server_name: str | None) -> PatroniClient:
    """Return a client that believes our authority and expects a name."""
    tls = ClientTls(
        authority=certificates / "authority.crt",
        certificate=certificates / "postgres.crt",
        key=certificates / "postgres.key",
        server_name=server_name,
    )
    settings = ClusterSettings(patroni_tls=tls, answer_limit_s=LIMIT_S)
    return PatroniClient(settings, secure=True)


@pytest.mark.parametrize("name", ["postgres-cluster", "postgres-primary.gardenos.svc"])
def test_a_member_at_a_pods_address_is_known_by_its_name(certificates: Path, name: str) -> None:
    with serving(certificates) as address, patroni(certificates, name) as client:
        assert client.look(address).is_primary
        assert client.get(address, "/cluster")["state"] == "running"
        assert client.send("POST", f"{address}/switchover", {}, limit_s=LIMIT_S)[0] == 200


def test_without_a_name_the_address_itself_is_compared(certificates: Path) -> None:
    with serving(certificates) as address, patroni(certificates, None) as client:
        assert client.look(address).error == "ConnectError"


def test_another_certificate_of_the_same_authority_is_no_member(certificates: Path) -> None:
    with (
        serving(certificates, "backup") as address,
        patroni(certificates, "postgres-cluster") as client,
    ):
        assert client.look(address).error == "ConnectError"
        with pytest.raises(UnavailableError, match="ConnectError"):
            client.send("POST", f"{address}/switchover", {}, limit_s=LIMIT_S)


def test_a_member_of_another_authority_is_none(certificates: Path) -> None:
    with (
        serving(certificates / "strange") as address,
        patroni(certificates, "postgres-cluster") as client,
    ):
        assert client.look(address).error == "ConnectError"


@pytest.mark.parametrize(
    ("name", "is_known"), [("postgres-cluster", True), ("etcd.example.org", False)]
)
def test_etcd_is_known_by_its_name_as_well(
    certificates: Path, name: str, *, is_known: bool
) -> None:
    with serving(certificates) as address:
        tls = ClientTls(authority=certificates / "authority.crt", server_name=name)
        settings = ClusterSettings(etcd=(address,), etcd_tls=tls, answer_limit_s=LIMIT_S)
        with EtcdClient(settings) as client:
            if is_known:
                assert client.get(address, "/version").document["etcdserver"] == "3.5.30"
                assert client.call("/v3/maintenance/status", {}) is not None
                assert b"".join(client.snapshot()) == b"whole"
            else:
                with pytest.raises(UnavailableError):
                    client.get(address, "/version")


@contextmanager
def refusing_postgres(folder: Path, name: str = "postgres") -> Iterator[int]:
    """Give the port of a server that speaks Postgres's TLS, then refuses every login."""
    context = context_of(folder, name)
    listener = socket.create_server((POD, 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain:
                plain.settimeout(LIMIT_S)
                try:
                    plain.recv(8)
                    plain.sendall(b"S")
                    with context.wrap_socket(plain, server_side=True) as secure:
                        secure.recv(4096)
                        length = (len(REFUSAL) + 4).to_bytes(4, "big")
                        secure.sendall(b"E" + length + REFUSAL)
                        secure.recv(4096)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


Answer = TypeVar("Answer")


def run(question: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a question to its end, and forget the connections whose TLS failed.

    asyncio leaves those to the collector, which warns of each.
    """
    answer = asyncio.run(question)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return answer


def asked(certificates: Path, port: int, host: str = "postgres-primary:5432") -> str | None:
    """Return the SQLSTATE with which a server at a pod's address refuses; None for no TLS."""
    url = f"postgresql://one:secret@{host}/gardenos?sslmode=verify-full"
    url += f"&sslrootcert={certificates / 'authority.crt'}"
    return run(probe("one", url, (POD, port), LIMIT_S)).sqlstate


@pytest.mark.parametrize(
    "host", ["postgres-primary:5432", "postgres-cluster-0.postgres-cluster,other:5433"]
)
def test_postgres_at_a_pods_address_is_known_by_the_name_of_the_clusters(
    certificates: Path, host: str
) -> None:
    with refusing_postgres(certificates) as port:
        assert asked(certificates, port, host) == "28000"


def test_a_server_that_could_not_stand_for_the_cluster_is_not_logged_in_to(
    certificates: Path,
) -> None:
    with refusing_postgres(certificates, "backup") as port:
        assert asked(certificates, port) is None
    with refusing_postgres(certificates / "strange") as port:
        assert asked(certificates, port) is None
    with refusing_postgres(certificates) as port:
        assert asked(certificates, port, "elsewhere.example.org") is None


def test_a_write_is_tried_under_the_same_name(certificates: Path) -> None:
    url = "postgresql://one:secret@postgres-primary/gardenos?sslmode=verify-full"
    url += f"&sslrootcert={certificates / 'authority.crt'}"
    with refusing_postgres(certificates, "backup") as port:
        assert not run(write_once(url, (POD, port), LIMIT_S))
