"""A leader that is cut off, killed or orphaned is told apart, and never repaired away."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import ConflictError
from postgres.cluster_settings import ClusterSettings
from postgres.patroni_config import SCOPE
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.cluster.observe import Secrets
from serve_app.cluster.repair import Repair
from serve_app.exit_codes import ExitCode
from tests.patroni.cluster import PatroniCluster
from tests.patroni.pods import send
from tests.serve_app.cluster.conftest import Command, names

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def whole(cluster: PatroniCluster) -> Iterator[PatroniCluster]:
    """Give the cluster whole, and mend it afterwards."""
    cluster.heal()
    yield cluster
    cluster.heal()


def codes(on_cluster: Command) -> set[str]:
    """Return the codes of what the doctor finds."""
    told = on_cluster("doctor", "--answer-limit-s", "1").document
    return {one["code"] for one in told["findings"]}


def end_leases(client: EtcdClient) -> None:
    """End every lease, as the passing of a ttl does."""
    listing = client.list_range(f"/service/{SCOPE}/", f"/service/{SCOPE}0")
    for lease in {one.lease for one in listing.keys if one.lease}:
        client.call("/v3/lease/revoke", {"ID": str(lease)})


@pytest.mark.parametrize("frozen", [True, False])
def test_a_member_without_its_lease_keeps_the_keys(
    whole: PatroniCluster, on_cluster: Command, *, frozen: bool
) -> None:
    leader = whole.wait_for_leader()
    with EtcdClient(ClusterSettings(etcd=(f"http://{whole.etcd.address}",))) as client:
        for name in whole.names:
            if name != leader:
                whole.kill(name)
        if frozen:
            whole.freeze(leader)
        end_leases(client)
        before = names(client)

        told = on_cluster("repair-dcs", "--scope", SCOPE, "--yes", "--answer-limit-s", "1")

        assert told.code == ExitCode.REFUSED, told
        assert before <= names(client)
    if frozen:
        assert f"{leader}: something listens" in told.document["error"]["detail"]


def test_a_member_that_comes_alive_after_the_look_stops_the_removal(
    whole: PatroniCluster, on_cluster: Command
) -> None:
    settings = ClusterSettings(etcd=(f"http://{whole.etcd.address}",), answer_limit_s=1.0)
    leader = whole.wait_for_leader()
    for name in whole.names:
        whole.kill(name)
    with EtcdClient(settings) as client:
        end_leases(client)
        repair = Repair(client, settings, Secrets())
        removal = repair.plan(keep_config=False)
        assert removal.keys
        whole.start(leader)
        whole.wait_for_leader()

        with pytest.raises(ConflictError, match="nothing was removed"):
            repair.run(removal)

        assert {one.name for one in removal.keys} <= names(client)
    assert on_cluster("status").document["leader"] == leader


def test_a_killed_leader_is_silent_until_another_leads(
    whole: PatroniCluster, on_cluster: Command
) -> None:
    leader = whole.wait_for_leader()
    whole.kill(leader)
    assert "leader_silent" in codes(on_cluster)
    assert on_cluster("status").code == ExitCode.ILL


def test_a_server_that_outlives_its_patroni_is_found(
    whole: PatroniCluster, on_cluster: Command
) -> None:
    pod = whole.nodes[whole.wait_for_leader()].pod
    assert pod is not None
    send({pid for pid in pod.processes() if is_patroni(pid)}, signal.SIGSTOP)

    assert "patroni_gone" in codes(on_cluster)


def is_patroni(pid: int) -> bool:
    """Tell whether a process is Patroni, and no part of the server below it."""
    return b"-m\0patroni\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
