"""Three nodes of 4 cores and 8 GiB carry all we ship and all we have promised."""

from decimal import Decimal

import pytest

from tests.postgres.manifests.shares import (
    Nodes,
    Share,
    find_what_does_not_fit,
    nodes,
    requested,
    reserved,
    shipped,
)
from tests.postgres.manifests.shipped import OVERLAYS, broken, pods, rendered

GIB = Decimal(2**30)
SIDECARS = "leader-sidecar"
SIDECAR = "leader sidecar, beside each member"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_fits_the_nodes(overlay: str) -> None:
    shares = [*shipped(rendered(overlay)), *reserved(rendered(overlay))]

    assert find_what_does_not_fit(shares, nodes()) == []


def test_a_gibibyte_of_each_node_is_left_to_k3s_and_etcd() -> None:
    assert nodes() == Nodes(number=3, cpu=Decimal("3.5"), memory=7 * GIB)


def test_the_sidecar_has_its_place() -> None:
    (share,) = [each for each in reserved() if each.what == SIDECAR]

    assert share == Share(SIDECAR, Decimal("0.050"), 32 * GIB / 1024, is_on_every_node=True)


def test_the_sidecar_that_is_there_takes_what_was_promised_and_no_more() -> None:
    own, beside = (
        [*shipped(rendered(each)), *reserved(rendered(each))] for each in ("volume", SIDECARS)
    )

    assert sum(each.memory * (2 * each.is_on_every_node + 1) for each in own) == sum(
        each.memory * (2 * each.is_on_every_node + 1) for each in beside
    )


@pytest.mark.parametrize(("resource", "value"), [("memory", "3Gi"), ("cpu", "2")])
def test_members_that_ask_for_too_much_are_found(resource: str, value: str) -> None:
    way = f"spec.template.spec.containers.0.resources.requests.{resource}"
    greedy = broken(rendered("volume"), "StatefulSet/postgres-cluster", way, value)

    assert find_what_does_not_fit([*shipped(greedy), *reserved()], nodes())


def test_a_share_that_fits_no_single_node_is_found_though_the_sum_would_fit() -> None:
    halves = [Share(f"half {n}", Decimal(1), 4 * GIB, is_on_every_node=False) for n in range(4)]

    assert find_what_does_not_fit(halves, nodes()) == ["half 3"]


def test_a_beginning_that_takes_more_than_the_rest_counts() -> None:
    way = "spec.template.spec.initContainers.0.resources.requests.memory"
    objects = broken(rendered("volume"), "StatefulSet/postgres-cluster", way, "6Gi")
    (members,) = [pod for pod in pods(objects) if pod.name == "StatefulSet/postgres-cluster"]

    assert requested(members, "memory") == 6 * GIB


def test_a_count_of_pods_that_the_table_does_not_know_is_refused() -> None:
    five = broken(rendered("volume"), "StatefulSet/postgres-cluster", "spec.replicas", 5)

    with pytest.raises(ValueError, match="5 pods on 3 nodes"):
        shipped(five)
