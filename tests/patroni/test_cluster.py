"""The test cluster is a real one: it fails over, and its doors are those that ship."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import psycopg
import pytest
from asyncpg.connect_utils import SessionAttribute

from postgres.guardian import name_for_namespace
from postgres.patroni_config import ClusterRules, member_configuration
from tests.patroni import rest
from tests.patroni.addresses import PASSWORDS
from tests.patroni.cluster import PatroniCluster
from tests.patroni.pods import wait_until
from tests.patroni.test_pods import is_alive

LIMIT_S = 20.0
REPOSITORY = Path(__file__).parents[2]
STARTER = """
import sys, time
from tests.patroni import keeper
from tests.patroni.cluster import PatroniCluster
with PatroniCluster(way=sys.argv[1]) as cluster:
    cluster.kill_postgres(cluster.leader())
    cluster.heal()
    print(cluster.folder, cluster.keeper_pid, *keeper.descendants(cluster.keeper_pid), flush=True)
    time.sleep(600)
"""


def test_the_cluster_runs_what_its_configuration_says(patroni_cluster: PatroniCluster) -> None:
    name = patroni_cluster.names[0]
    wanted = member_configuration(patroni_cluster.settings_of(name))["bootstrap"]["dcs"]

    host = patroni_cluster.nodes[name].host
    status, told = rest.ask(host, patroni_cluster.rest_port, "/config")

    assert (status, told) == (200, wanted)


def test_patroni_finds_no_fault_with_the_configuration(patroni_cluster: PatroniCluster) -> None:
    # It takes 127.0.0.1 for a mistake, so the second member is asked.
    config = patroni_cluster.nodes[patroni_cluster.names[1]].folder / "patroni.yaml"

    done = subprocess.run(
        [sys.executable, "-m", "patroni", "--validate-config", "--ignore-listen-port", str(config)],
        check=False,
        capture_output=True,
        text=True,
        env=patroni_cluster.environment(),
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_superuser_enters_through_the_members_own_socket_only(
    patroni_cluster: PatroniCluster,
) -> None:
    leader = patroni_cluster.wait_for_leader()
    address = patroni_cluster.dsn_of(leader).replace("gardenos_app:", "postgres:")
    with_password = address.replace(PASSWORDS["gardenos_app"], PASSWORDS["postgres"])

    with psycopg.connect(patroni_cluster.superuser_dsn_of(leader)) as connection:
        row = connection.execute("select current_user").fetchone()
    with pytest.raises(psycopg.OperationalError, match="pg_hba"):
        psycopg.connect(with_password)

    assert row == ("postgres",)


def test_a_wrong_password_is_refused_by_scram(patroni_cluster: PatroniCluster) -> None:
    address = patroni_cluster.dsn.replace(PASSWORDS["gardenos_app"], "wrong")
    with psycopg.connect(patroni_cluster.superuser_dsn_of(patroni_cluster.wait_for_leader())) as c:
        kept = c.execute("select rolpassword from pg_authid where rolname = 'gardenos_app'")
        row = kept.fetchone()

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address)

    assert row is not None
    assert str(row[0]).startswith("SCRAM-SHA-256$")


async def test_one_address_of_all_hosts_finds_the_primary(patroni_cluster: PatroniCluster) -> None:
    leader = await asyncio.to_thread(patroni_cluster.wait_for_leader)

    connection = await asyncpg.connect(
        patroni_cluster.dsn, target_session_attrs=SessionAttribute.read_write
    )
    try:
        host = await connection.fetchval("select host(inet_server_addr())")
    finally:
        await connection.close()

    assert host == patroni_cluster.nodes[leader].host


def test_a_crashed_primary_is_replaced_and_follows(cluster: PatroniCluster) -> None:
    old = cluster.wait_for_leader()
    cluster.wait_for_synchronous_standby()

    cluster.kill_postgres(old)

    assert cluster.wait_for_leader(other_than=old) != old
    cluster.wait_until_streaming()


def test_a_frozen_or_killed_standby_comes_back(cluster: PatroniCluster) -> None:
    standby = cluster.wait_for_synchronous_standby()

    cluster.kill(standby)
    killed = cluster.is_running(standby)
    cluster.start(standby)
    cluster.wait_until_streaming()
    cluster.freeze(standby)
    cluster.thaw(standby)

    assert not killed
    cluster.wait_until_streaming()


def test_a_switchover_goes_where_it_is_sent(cluster: PatroniCluster) -> None:
    standby = cluster.wait_for_synchronous_standby()

    assert cluster.switchover(standby) == standby


@pytest.mark.slow
@pytest.mark.parametrize("way", ["namespace", "plain"])
def test_an_ordinary_user_has_a_cluster_that_leaves_nothing_behind(way: str) -> None:
    uid = name_for_namespace()
    as_a_user = ["unshare", "--user", f"--map-user={uid}", f"--map-group={uid}"]
    starter = subprocess.Popen(
        [*(as_a_user if os.geteuid() == 0 else []), sys.executable, "-c", STARTER, way],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert starter.stdout is not None
    folder, *words = starter.stdout.readline().split()

    starter.kill()

    wait_until(
        lambda: not any(is_alive(int(word)) for word in words), limit_s=LIMIT_S, what="the end"
    )
    assert len(words) > 20
    assert not Path(folder).exists()
    starter.communicate()


@pytest.mark.slow
def test_a_killed_machine_is_replaced_when_its_time_is_up() -> None:
    with PatroniCluster(ClusterRules(synchronous=False, primary_start_timeout_s=30)) as cluster:
        old = cluster.wait_for_leader()

        cluster.kill(old)

        cluster.wait_for_leader(other_than=old)
        cluster.start(old)
        cluster.wait_until_streaming()


@pytest.mark.slow
def test_a_cluster_without_etcd_goes_on_in_failsafe_mode(cluster: PatroniCluster) -> None:
    leader = cluster.wait_for_leader()
    ttl_is_over = cluster.rules.ttl_s + cluster.rules.loop_wait_s

    cluster.etcd.kill()
    with pytest.raises(TimeoutError):
        wait_until(lambda: cluster.leader() != leader, limit_s=ttl_is_over, what="another leader")
    cluster.etcd.start()

    assert cluster.wait_for_leader() == leader
