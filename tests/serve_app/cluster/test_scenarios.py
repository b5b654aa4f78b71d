"""Faults made on real servers, found by the doctor and mended as he says."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from postgres.cluster_settings import ClusterSettings
from postgres.patroni_config import SCOPE, Etcd, MemberSettings, member_configuration
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.exit_codes import ExitCode
from tests.patroni import rest
from tests.patroni.cluster import PatroniCluster
from tests.patroni.pods import UnavailableError, wait_until
from tests.serve_app.cluster.conftest import Command, put

LIMIT_S = 40.0
WRONG_NETWORK = "172.21.0.0/16"


def codes(gardenos: Command, *words: str) -> set[str]:
    """Return the codes of what the doctor finds."""
    return {one["code"] for one in gardenos("doctor", *words).document["findings"]}


@pytest.mark.slow
def test_the_old_api_of_etcd_is_recognised(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path
) -> None:
    settings = MemberSettings(
        name="m", etcd=Etcd(hosts=(etcd.addresses[0].removeprefix("http://"),)), connect_host="x"
    )
    document = member_configuration(settings)
    document["etcd"] = document.pop("etcd3")
    config, log = tmp_path / "patroni.yml", tmp_path / "log"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "patroni", str(config)], stdout=out, stderr=out, cwd=tmp_path
        ) as patroni,
    ):
        try:
            wait_until(
                lambda: "waiting on etcd" in log.read_text(), limit_s=LIMIT_S, what="its complaint"
            )
        finally:
            patroni.kill()
    found = codes(gardenos, "--etcd", etcd.addresses[0], "--log", str(log))
    assert found == {"no_scope", "etcd_v2_api"}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_stale_state_is_found_and_repaired_and_no_row_is_lost(gardenos: Command) -> None:
    try:
        made = PatroniCluster()
    except UnavailableError as error:
        pytest.skip(str(error))
    with made as cluster:
        writable = f"{cluster.owner_dsn}&target_session_attrs=read-write"
        with psycopg.connect(writable, autocommit=True) as connection:
            connection.execute("create table kept as select 1 as n")
        leader = cluster.wait_for_leader()
        for name in cluster.names:
            cluster.terminate(name)
        where = ["--etcd", f"http://{cluster.etcd.address}"]
        key = f"/service/{SCOPE}/initialize"
        with EtcdClient(ClusterSettings(etcd=(where[1],))) as client:
            put(client, key, "7500000000000000000")
            put(client, key.replace(SCOPE, f"{SCOPE}-2"), "mine")

        node = cluster.nodes[leader]
        cluster.start(leader)
        wait_until(
            lambda: "system ID mismatch" in node.log.read_text(),
            limit_s=LIMIT_S,
            what="its complaint",
        )
        assert "stale_cluster_state" in codes(gardenos, *where, "--log", str(node.log))
        wait_until(lambda: not cluster.is_running(leader), limit_s=LIMIT_S, what="its end")

        repair = ["repair-dcs", *where, "--scope", SCOPE, "--yes"]
        wait_until(
            lambda: gardenos(*repair).code == ExitCode.DONE, limit_s=LIMIT_S, what="the last lease"
        )
        cluster.start(leader)
        cluster.wait_for_leader()
        for name in cluster.names:
            if name != leader:
                cluster.start(name)
        cluster.wait_until_streaming()
        with psycopg.connect(writable) as connection:
            assert connection.execute("select n from kept").fetchall() == [(1,)]
        with EtcdClient(ClusterSettings(etcd=(where[1],))) as client:
            sibling = f"/service/{SCOPE}-2/"
            assert len(client.list_range(sibling, f"/service/{SCOPE}-20").keys) == 1
        assert codes(gardenos, *where) == set()


@pytest.fixture
def shut_out(cluster: PatroniCluster) -> Iterator[PatroniCluster]:
    """Give a cluster whose access rules name another network than its members', and mend it."""
    cluster.wait_until_streaming()
    rename_network(cluster, "127.0.0.0/8", WRONG_NETWORK)
    try:
        yield cluster
    finally:
        rename_network(cluster, WRONG_NETWORK, "127.0.0.0/8")
        cluster.heal()


def rename_network(cluster: PatroniCluster, old: str, new: str) -> None:
    """Change every member's access rules and let Patroni read them."""
    for node in cluster.nodes.values():
        config = node.folder / "patroni.yaml"
        text = config.read_text()
        assert old in text
        config.write_text(text.replace(old, new))
        rest.ask(node.host, cluster.rest_port, "/reload", body={})


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_wrong_network_in_the_access_rules_is_found_by_both_ends_of_it(
    shut_out: PatroniCluster, on_cluster: Command, gardenos: Command
) -> None:
    """A client is refused; a standby that comes anew is too, and its Patroni says it is well."""

    def refused() -> int:
        found = on_cluster("doctor").document["findings"]
        return sum(one["code"] == "access_rule_network" for one in found)

    # All of them: a standby that finds one rule still as it was would stream from there on.
    wait_until(lambda: refused() == len(shut_out.names), limit_s=LIMIT_S, what="three refusals")
    leader = shut_out.wait_for_leader()
    away = next(name for name in shut_out.names if name != leader)
    log = shut_out.nodes[away].log
    shut_out.kill_container(away)
    wait_until(
        lambda: "no pg_hba.conf entry for replication" in log.read_text(errors="replace"),
        limit_s=LIMIT_S,
        what="its complaint",
    )
    where = ["--etcd", f"http://{shut_out.etcd.address}", "--log", str(log)]
    assert "access_rule_network" in codes(gardenos, *where)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_an_etcd_that_is_gone_is_found_here_and_in_every_members_log(
    cluster: PatroniCluster, gardenos: Command
) -> None:
    leader = cluster.nodes[cluster.wait_for_leader()]
    cluster.wait_until_streaming()
    seen = len(leader.log.read_text(errors="replace"))
    cluster.etcd.stop()
    try:
        wait_until(
            lambda: "Error communicating with DCS" in leader.log.read_text(errors="replace")[seen:],
            limit_s=LIMIT_S,
            what="its complaint",
        )
        where = ["--etcd", f"http://{cluster.etcd.address}", "--log", str(leader.log)]
        found = gardenos("doctor", *where).document["findings"]
    finally:
        cluster.heal()
    assert {one["code"] for one in found} == {"etcd_unreachable"}
    assert any(one["seen"].startswith(f"{leader.log.name}: ") for one in found)
