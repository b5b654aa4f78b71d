"""Claims about ``status``, ``doctor``, ``switchover`` and ``repair-dcs`` on a real cluster."""

import asyncio
import json

import asyncpg
import pytest

from serve_app.exit_codes import ExitCode
from tests.patroni.cluster import PatroniCluster
from tests.serve_app.cluster.conftest import Command


def test_a_sound_cluster_is_shown_whole(cluster: PatroniCluster, on_cluster: Command) -> None:
    cluster.wait_until_streaming()
    leader = cluster.wait_for_leader()

    told = on_cluster("status")

    assert told.code == ExitCode.DONE, told
    assert told.document["leader"] == leader
    assert told.document["disagreements"] == told.document["silent"] == []
    assert [one["name"] for one in told.document["members"]] == cluster.names
    assert {one["postgres_says"] for one in told.document["members"]} == {"primary", "replica"}
    assert len(told.document["synchronous"]) == 1


def test_the_doctor_finds_nothing_in_a_sound_cluster(
    cluster: PatroniCluster, on_cluster: Command
) -> None:
    cluster.wait_until_streaming()
    assert on_cluster("doctor") == (ExitCode.DONE, {"findings": []})


def test_a_living_cluster_is_not_repaired(cluster: PatroniCluster, on_cluster: Command) -> None:
    told = on_cluster("repair-dcs", "--scope", "postgres-cluster", "--yes")
    assert told.code == ExitCode.REFUSED
    assert on_cluster("status").document["leader"] is not None


def test_a_switchover_ends_when_the_new_leader_has_committed(
    cluster: PatroniCluster, on_cluster: Command
) -> None:
    cluster.wait_until_streaming()
    old = cluster.wait_for_leader()
    to = cluster.wait_for_synchronous_standby()

    told = on_cluster("switchover", "--to", to)

    assert told.code == ExitCode.DONE, told
    assert (told.document["old"], told.document["new"]) == (old, to)
    assert told.document["written"]
    assert asyncio.run(writes(cluster.dsn_of(to)))


async def writes(dsn: str) -> bool:
    """Tell whether a server takes writes."""
    connection = await asyncpg.connect(dsn)
    try:
        return not await connection.fetchval("select pg_is_in_recovery()")
    finally:
        await connection.close()


def test_a_switchover_to_nobody_is_refused_before_anything_happens(
    cluster: PatroniCluster, on_cluster: Command
) -> None:
    leader = cluster.wait_for_leader()
    assert on_cluster("switchover", "--to", "nobody").code == ExitCode.REFUSED
    assert cluster.leader() == leader


def test_a_switchover_that_patroni_refuses_says_its_words(
    cluster: PatroniCluster, on_cluster: Command
) -> None:
    told = on_cluster("switchover", "--to", cluster.wait_for_leader())
    assert told.code == ExitCode.REFUSED
    assert "same" in told.document["error"]["detail"]


@pytest.mark.slow
def test_a_frozen_member_is_silent_in_status(cluster: PatroniCluster, on_cluster: Command) -> None:
    cluster.wait_until_streaming()
    leader = cluster.wait_for_leader()
    away = next(name for name in cluster.names if name != leader)
    cluster.freeze(away)
    try:
        told = on_cluster("status", "--answer-limit-s", "1")
        found = on_cluster("doctor", "--answer-limit-s", "1")
    finally:
        cluster.thaw(away)

    assert told.code == ExitCode.ILL
    assert len(told.document["silent"]) == 1
    assert "member_silent" in {one["code"] for one in found.document["findings"]}


@pytest.mark.slow
def test_an_etcd_that_hangs_is_found_within_the_limit(
    cluster: PatroniCluster, on_cluster: Command
) -> None:
    cluster.wait_until_streaming()
    cluster.etcd.freeze()
    try:
        told = on_cluster("status", "--answer-limit-s", "0.5")
        found = on_cluster("doctor", "--answer-limit-s", "0.5")
    finally:
        cluster.etcd.thaw()

    assert told.code == ExitCode.UNAVAILABLE
    assert [one["code"] for one in found.document["findings"]] == ["etcd_unreachable"]
    cluster.wait_for_leader()


def test_settings_are_read_as_json_lists(cluster: PatroniCluster, gardenos: Command) -> None:
    told = gardenos("status", "--etcd", f"http://{cluster.etcd.address}")
    assert told.document["members"][0]["postgres_says"] is None
    assert json.dumps(told.document)
