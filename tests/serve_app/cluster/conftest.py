"""A real etcd, and a real cluster of three, for the commands that look after one."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from postgres.cluster_settings import ClusterSettings
from postgres.embedded import EmbeddedServer
from serve_app import cli
from serve_app.cluster.etcd_client import EtcdClient, coded
from tests.database import run_sql, with_database
from tests.patroni import rest
from tests.patroni.cluster import PatroniCluster
from tests.patroni.etcd import EtcdServer, find_etcd
from tests.patroni.pods import Kennel, UnavailableError, usable_way
from tests.patroni.ports import Ports
from tests.serve_app.cluster.old_server import old_server

_numbers = count(1)


class Told(NamedTuple):
    """How a command ended: its code and its JSON."""

    code: int
    document: Any


Command = Callable[..., Told]


@pytest.fixture(scope="session")
def etcd_server() -> Iterator[EtcdServer]:
    """Give an etcd server without a cluster."""
    try:
        program, way = find_etcd(), usable_way()
    except UnavailableError as error:
        pytest.skip(str(error))
    folder = Path(tempfile.mkdtemp(prefix="gardenos-etcd-", dir="/tmp"))
    kennel, ports = Kennel(folder, way), Ports()
    server = EtcdServer(program, kennel, folder / "etcd", ports)
    try:
        server.start()
        yield server
    finally:
        kennel.close()
        ports.release()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def etcd(etcd_server: EtcdServer) -> Iterator[EtcdClient]:
    """Give a client of an empty etcd."""
    settings = ClusterSettings(etcd=(f"http://{etcd_server.address}",))
    with EtcdClient(settings) as client:
        client.call("/v3/kv/deleterange", {"key": coded("\0"), "range_end": coded("\0")})
        yield client


@pytest.fixture
def gardenos(capsys: pytest.CaptureFixture[str]) -> Command:
    """Give ``gardenos postgres``, which answers with code and JSON."""

    def run(*words: str) -> Told:
        code = cli.main(["postgres", *words, "--json"])
        out = capsys.readouterr().out
        return Told(code, json.loads(out) if out.strip() else None)

    return run


@pytest.fixture
def on_cluster(
    cluster: PatroniCluster, gardenos: Command, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Give ``gardenos postgres`` with the real cluster in its settings."""
    monkeypatch.setenv("GARDENOS_CLUSTER__ETCD", json.dumps([f"http://{cluster.etcd.address}"]))
    monkeypatch.setenv("GARDENOS_CLUSTER__PATRONI_USER", rest.USERNAME)
    monkeypatch.setenv("GARDENOS_PATRONI_PASSWORD", rest.PASSWORD)
    monkeypatch.setenv("GARDENOS_DATABASE_URL", cluster.dsn)
    return gardenos


def put(client: EtcdClient, name: str, value: str = "x", *, lease: int = 0) -> None:
    """Put a key into etcd."""
    client.call("/v3/kv/put", {"key": coded(name), "value": coded(value), "lease": str(lease)})


def names(client: EtcdClient) -> set[str]:
    """Return every key of etcd."""
    return {one.name for one in client.list_range("\x01", "\x7f").keys}


@pytest.fixture(scope="session")
def old() -> Iterator[str]:
    """Give an older server's address; tests leave it as it was."""
    try:
        with old_server() as url:
            yield url
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def target(postgres_server: EmbeddedServer) -> Iterator[str]:
    """Give the address of an empty database."""
    name = f"imported_{next(_numbers)}"
    asyncio.run(run_sql(postgres_server.dsn, f"create database {name}"))
    yield with_database(postgres_server.dsn, name)
    asyncio.run(run_sql(postgres_server.dsn, f"drop database {name} with (force)"))
