"""Claims about ``gardenos postgres repair-dcs`` on a real etcd."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from domain.errors import ConflictError
from postgres.cluster_settings import ClusterSettings
from serve_app import cli
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.cluster.observe import Secrets
from serve_app.cluster.repair import Repair
from serve_app.exit_codes import ExitCode
from tests.serve_app.cluster.conftest import Command, names, put
from tests.serve_app.cluster.kubernetes_api import kubernetes_api

SCOPE = "postgres-cluster"
OURS = {f"/service/{SCOPE}/{name}" for name in ("config", "history", "initialize", "status")}
NOBODY = "http://127.0.0.1:1"
"""Where a member was."""

SIBLINGS = {
    f"/service/{scope}/{name}"
    for scope in (
        f"{SCOPE}-2",
        f"{SCOPE}.x",
        f"{SCOPE}0",
        f"{SCOPE}1",
        "postgres",
        "postgres-cluste",
        f"deep/{SCOPE}",
    )
    for name in ("initialize", "leader", f"members/{SCOPE}-0")
} | {f"/service/{SCOPE}", f"/registry/{SCOPE}/initialize"}


def fill(client: EtcdClient) -> None:
    """Put a dead cluster and its neighbours into etcd."""
    for name in sorted(OURS | SIBLINGS):
        put(client, name)


def words(client: EtcdClient, *more: str) -> list[str]:
    """Return a command line for this etcd."""
    known = ("--etcd", client.addresses[0], "--member", NOBODY, "--scope", SCOPE)
    return ["repair-dcs", *known, *more]


def settings_of(client: EtcdClient) -> ClusterSettings:
    """Return the settings of a cluster whose members are gone."""
    return ClusterSettings(etcd=client.addresses, scope=SCOPE, members=(NOBODY,))


def test_keys_are_listed_and_none_is_removed_without_yes(
    etcd: EtcdClient, gardenos: Command
) -> None:
    fill(etcd)

    told = gardenos(*words(etcd))

    assert told == (0, {"scope": SCOPE, "keys": sorted(OURS), "removed": False})
    assert names(etcd) == OURS | SIBLINGS


def test_the_scopes_keys_go_and_every_siblings_stay(etcd: EtcdClient, gardenos: Command) -> None:
    fill(etcd)

    told = gardenos(*words(etcd, "--yes"))

    assert told.code == ExitCode.DONE
    assert names(etcd) == SIBLINGS


def test_the_shared_configuration_can_be_kept(etcd: EtcdClient, gardenos: Command) -> None:
    fill(etcd)

    gardenos(*words(etcd, "--yes", "--keep-config"))

    assert names(etcd) == SIBLINGS | {f"/service/{SCOPE}/config"}


def test_a_second_repair_finds_nothing_to_do(etcd: EtcdClient, gardenos: Command) -> None:
    fill(etcd)
    gardenos(*words(etcd, "--yes"))

    assert gardenos(*words(etcd, "--yes")).document["keys"] == []


@pytest.mark.parametrize("key", ["leader", f"members/{SCOPE}-0"])
def test_a_running_lease_is_a_living_member(etcd: EtcdClient, gardenos: Command, key: str) -> None:
    fill(etcd)
    lease = int(etcd.call("/v3/lease/grant", {"TTL": "60"})["ID"])
    put(etcd, f"/service/{SCOPE}/{key}", lease=lease)
    before = names(etcd)

    told = gardenos(*words(etcd, "--yes"))

    assert told.code == ExitCode.REFUSED
    assert key in told.document["error"]["detail"]
    assert names(etcd) == before


def test_a_server_that_listens_is_a_living_member(etcd: EtcdClient, gardenos: Command) -> None:
    fill(etcd)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        told_by = {"conn_url": f"postgres://127.0.0.1:{port}/postgres"}
        put(etcd, f"/service/{SCOPE}/members/{SCOPE}-1", json.dumps(told_by))
        told = gardenos(*words(etcd, "--yes"))

    assert told.code == ExitCode.REFUSED
    assert "listens" in told.document["error"]["detail"]
    assert names(etcd) >= OURS


@pytest.mark.parametrize("key", ["initialize", "members/new", "zz"])
def test_what_comes_or_changes_after_the_listing_stops_all_of_it(
    etcd: EtcdClient, key: str
) -> None:
    fill(etcd)
    repair = Repair(etcd, settings_of(etcd), Secrets())
    removal = repair.plan(keep_config=False)
    put(etcd, f"/service/{SCOPE}/{key}", "new")

    with pytest.raises(ConflictError, match="nothing was removed"):
        repair.run(removal)
    assert names(etcd) == OURS | SIBLINGS | {f"/service/{SCOPE}/{key}"}


def test_what_changes_beside_the_scope_stops_nothing(etcd: EtcdClient) -> None:
    fill(etcd)
    repair = Repair(etcd, settings_of(etcd), Secrets())
    removal = repair.plan(keep_config=False)
    put(etcd, f"/service/{SCOPE}-2/leader", "new")

    repair.run(removal)

    assert names(etcd) == SIBLINGS


@pytest.mark.parametrize("scope", ["", "a/b", "..", "*", "/service"])
def test_a_scope_that_is_no_name_is_refused(
    etcd: EtcdClient, gardenos: Command, scope: str
) -> None:
    fill(etcd)
    told = gardenos("repair-dcs", "--etcd", etcd.addresses[0], "--scope", scope, "--yes")
    assert told.code in {ExitCode.USAGE, ExitCode.CONFIGURATION}
    assert names(etcd) == OURS | SIBLINGS


def test_a_member_that_lost_etcd_lives_where_the_failsafe_key_says(
    etcd: EtcdClient, gardenos: Command
) -> None:
    """Its lease ran out, its own key with it, and in failsafe mode it still takes writes."""
    fill(etcd)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        url = f"http://127.0.0.1:{frozen.getsockname()[1]}/patroni"
        put(etcd, f"/service/{SCOPE}/failsafe", json.dumps({f"{SCOPE}-0": url}))
        before = names(etcd)
        told = gardenos(*words(etcd, "--answer-limit-s", "0.3", "--yes"))

    assert told.code == ExitCode.REFUSED
    assert f"{SCOPE}-0: something listens" in told.document["error"]["detail"]
    assert names(etcd) == before


def test_the_keys_are_listed_even_where_the_repair_is_refused(
    etcd: EtcdClient, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(etcd)
    lease = int(etcd.call("/v3/lease/grant", {"TTL": "60"})["ID"])
    put(etcd, f"/service/{SCOPE}/leader", lease=lease)

    assert cli.main(["postgres", *words(etcd, "--yes")]) == ExitCode.REFUSED

    told = capsys.readouterr().out
    assert [one.split()[0] for one in told.splitlines()] == sorted(
        OURS | {f"/service/{SCOPE}/leader"}
    )


@contextmanager
def without_answers(address: str, path: str) -> Iterator[str]:
    """Give an etcd that does what is asked at a path, and loses its answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told = httpx.post(address + self.path, content=body, trust_env=False)
            if self.path == path:
                return
            self.send_response(told.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told.content)))
            self.end_headers()
            self.wfile.write(told.content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_removal_whose_answer_was_lost_is_not_told_as_refused(
    etcd: EtcdClient, gardenos: Command
) -> None:
    """The next member of etcd finds the keys gone, as they were asked to be."""
    fill(etcd)
    with without_answers(etcd.addresses[0], "/v3/kv/txn") as first:
        told = gardenos("repair-dcs", "--etcd", first, *words(etcd, "--yes")[1:])
    assert told.code == ExitCode.DONE, told
    assert names(etcd) == SIBLINGS


def test_where_nobody_can_be_asked_somebody_has_to_say_so(
    etcd: EtcdClient, gardenos: Command
) -> None:
    fill(etcd)
    asked = ("repair-dcs", "--etcd", etcd.addresses[0], "--scope", SCOPE, "--yes")

    told = gardenos(*asked)

    assert told.code == ExitCode.REFUSED
    assert "--members-are-gone" in told.document["error"]["detail"]
    assert names(etcd) == OURS | SIBLINGS
    assert gardenos(*asked, "--members-are-gone").code == ExitCode.DONE
    assert names(etcd) == SIBLINGS


def test_a_namespace_that_knows_nothing_of_the_cluster_proves_no_death(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path
) -> None:
    fill(etcd)
    asked = ("repair-dcs", "--etcd", etcd.addresses[0], "--scope", SCOPE, "--yes")
    with kubernetes_api(tmp_path, {}) as kubeconfig:
        told = gardenos(*asked, "--kubeconfig", str(kubeconfig))
    assert told.code == ExitCode.REFUSED
    assert "--namespace" in told.document["error"]["detail"]
    assert names(etcd) == OURS | SIBLINGS

    service = {"metadata": {"name": SCOPE}, "spec": {}}
    with kubernetes_api(tmp_path, {"services": [service]}) as kubeconfig:
        assert gardenos(*asked, "--kubeconfig", str(kubeconfig)).code == ExitCode.DONE
    assert names(etcd) == SIBLINGS
