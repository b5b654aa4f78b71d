"""Claims about ``doctor`` and ``status`` with Kubernetes, files and a real etcd."""

from pathlib import Path
from typing import Any

import pytest

from serve_app import cli
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.exit_codes import ExitCode
from tests.patroni.cluster import PatroniCluster
from tests.serve_app.cluster.conftest import Command, put
from tests.serve_app.cluster.kubernetes_api import a_pod, a_slice, kubernetes_api

MIRROR = {
    "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
}


def codes(told: object) -> set[str]:
    """Return the codes of a doctor's findings."""
    assert isinstance(told, dict)
    return {one["code"] for one in told["findings"]}


def test_kubernetes_is_read_for_its_symptoms(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path
) -> None:
    claim = {
        "metadata": {"name": "data-postgres-cluster-0"},
        "spec": {"storageClassName": "gone"},
        "status": {"phase": "Pending"},
    }
    network = {"metadata": {"name": "postgres-settings"}, "data": {"pod-network": "172.21.0.0/16"}}
    service = {"metadata": {"name": "old"}, "spec": {"selector": {"role": "master"}}}
    lists: dict[str, list[dict[str, Any]]] = {
        "persistentvolumeclaims": [claim],
        "configmaps": [network],
        "services": [service],
        "endpoints": [{"metadata": {"name": "postgres-primary"}}],
        "endpointslices": [a_slice("10.42.1.7"), a_slice("10.42.1.8", "x", **MIRROR)],
        "pods": [a_pod(shareProcessNamespace=True)],
        "events": [{"metadata": {"name": "e"}, "message": "no storage class is set"}],
    }
    with kubernetes_api(tmp_path, lists, log="FATAL: No space left on device") as kubeconfig:
        told = gardenos("doctor", "--etcd", etcd.addresses[0], "--kubeconfig", str(kubeconfig))
    assert told.code == ExitCode.ILL
    assert codes(told.document) == {
        "no_scope",
        "no_storage_class",
        "access_rule_network",
        "role_master",
        "endpoints_mirrored",
        "patroni_not_first",
        "disk_full",
    }


def test_what_may_not_be_read_is_told(etcd: EtcdClient, gardenos: Command, tmp_path: Path) -> None:
    with kubernetes_api(tmp_path, {}, refused="pods") as kubeconfig:
        told = gardenos("doctor", "--etcd", etcd.addresses[0], "--kubeconfig", str(kubeconfig))
    seen = [one["seen"] for one in told.document["findings"] if one["code"] == "unread"]
    assert seen == ["pods: the API answers 403 Forbidden"]


def test_a_running_pod_is_a_living_member(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path
) -> None:
    put(etcd, "/service/postgres-cluster/initialize", "75")
    with kubernetes_api(tmp_path, {"pods": [a_pod()]}) as kubeconfig:
        told = gardenos(
            *("repair-dcs", "--etcd", etcd.addresses[0], "--scope", "postgres-cluster", "--yes"),
            *("--kubeconfig", str(kubeconfig)),
        )
    assert told.code == ExitCode.REFUSED
    assert "its pod runs" in told.document["error"]["detail"]


def test_nobody_who_may_not_see_pods_repairs(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path
) -> None:
    put(etcd, "/service/postgres-cluster/initialize", "75")
    with kubernetes_api(tmp_path, {}, refused="pods") as kubeconfig:
        told = gardenos(
            *("repair-dcs", "--etcd", etcd.addresses[0], "--scope", "postgres-cluster", "--yes"),
            *("--kubeconfig", str(kubeconfig)),
        )
    assert told.code == ExitCode.UNAVAILABLE


def test_a_data_folder_that_is_open_to_all_is_named(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path
) -> None:
    data = tmp_path / "pgdata"
    data.mkdir()
    data.chmod(0o777)
    told = gardenos("doctor", "--etcd", etcd.addresses[0], "--data-folder", str(data))
    assert "data_folder_rights" in codes(told.document)


def test_a_log_is_read_for_known_lines(etcd: EtcdClient, gardenos: Command, tmp_path: Path) -> None:
    log = tmp_path / "patroni.log"
    log.write_text("CRITICAL: system ID mismatch, node a belongs to a different cluster: 1 != 2\n")
    told = gardenos("doctor", "--etcd", etcd.addresses[0], "--log", str(log))
    assert "stale_cluster_state" in codes(told.document)
    (fix,) = [o["fix"] for o in told.document["findings"] if o["code"] == "stale_cluster_state"]
    assert "--scope postgres-cluster" in fix


def test_a_person_is_told_why_and_what_to_do(
    etcd: EtcdClient, gardenos: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["postgres", "doctor", "--etcd", etcd.addresses[0]])
    out = capsys.readouterr().out
    assert code == ExitCode.ILL
    assert "BROKEN no_scope: " in out
    assert "  why: " in out
    assert "  fix: " in out


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_no_address_is_a_wrong_setting(gardenos: Command, command: str) -> None:
    told = gardenos(command)
    assert told.code == ExitCode.CONFIGURATION
    assert "cluster.etcd" in told.document["error"]["detail"]


@pytest.mark.parametrize(
    ("published", "well"),
    [
        ("leader", True),
        ("standby", False),
        pytest.param("nobody", False, marks=pytest.mark.slow),
    ],
)
def test_the_published_leader_is_compared(
    cluster: PatroniCluster, on_cluster: Command, tmp_path: Path, *, published: str, well: bool
) -> None:
    cluster.wait_until_streaming()
    leader = cluster.wait_for_leader()
    other = next(name for name in cluster.names if name != leader)
    hosts = {"leader": [cluster.nodes[leader].host], "standby": [cluster.nodes[other].host]}
    slices = [a_slice(host) for host in hosts.get(published, [])]
    with kubernetes_api(tmp_path, {"endpointslices": slices}) as kubeconfig:
        told = on_cluster("status", "--kubeconfig", str(kubeconfig))
    assert told.code == (ExitCode.DONE if well else ExitCode.ILL), told
    assert told.document["published"] == hosts.get(published, [])


def a_volume(namespace: str, free_bytes: int) -> dict[str, Any]:
    """Return what a node says of a pod with a claim."""
    disk = {"capacityBytes": 1000, "availableBytes": free_bytes}
    volumes = [{"name": "tmp", **disk}, {"name": "d", **disk, "pvcRef": {"name": "data-0"}}]
    return {"podRef": {"name": "x", "namespace": namespace}, "volume": volumes}


def test_a_claims_disk_that_fills_is_seen_from_outside(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path
) -> None:
    volumes = [{"pods": [a_volume("gardenos", 100), a_volume("another", 0)]}]
    lists = {"pods": [a_pod(nodeName="node-1")], "volumes": volumes}
    with kubernetes_api(tmp_path, lists) as kubeconfig:
        told = gardenos("doctor", "--etcd", etcd.addresses[0], "--kubeconfig", str(kubeconfig))
    assert codes(told.document) == {"no_scope", "disk_filling", "leader_unpublished"}
    (seen,) = [o["seen"] for o in told.document["findings"] if o["code"] == "disk_filling"]
    assert seen.startswith("claim data-0: 10.0 % free")


def test_a_node_that_may_not_be_asked_is_told(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path
) -> None:
    with kubernetes_api(tmp_path, {"pods": [a_pod(nodeName="node-1")]}) as kubeconfig:
        told = gardenos("doctor", "--etcd", etcd.addresses[0], "--kubeconfig", str(kubeconfig))
    seen = [one["seen"] for one in told.document["findings"] if one["code"] == "unread"]
    assert seen == ["the disks of node node-1: the API answers 404 Not Found"]
