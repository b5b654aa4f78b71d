"""Claims about ``status``: what it prints of a cluster, and when it calls one well."""

from dataclasses import replace

import pytest

from postgres.cluster_status import is_well, status_document
from postgres.cluster_view import Observation
from tests.postgres.test_cluster_doctor import (
    SOUND,
    with_answer,
    with_etcd,
    with_kubernetes,
    with_members,
    with_scope,
    with_server,
)


def test_a_sound_cluster_is_well_and_shown_whole() -> None:
    document = status_document(SOUND)
    assert is_well(document)
    assert (document["leader"], document["synchronous"]) == ("m0", ["m1"])
    assert document["published"] == ["10.42.0.0"]
    assert [one["role"] for one in document["members"]] == ["leader", "synchronous", "replica"]
    assert [one["postgres_says"] for one in document["members"]] == ["primary", *["replica"] * 2]
    assert {one["lag_bytes"] for one in document["members"][1:]} == {0}
    assert {one["timeline"] for one in document["members"]} == {3}


def test_what_nobody_looked_at_is_not_made_up() -> None:
    document = status_document(replace(SOUND, kubernetes=None, postgres=()))
    assert document["published"] is None
    assert {one["postgres_says"] for one in document["members"]} == {None}


@pytest.mark.parametrize(
    "seen",
    [
        Observation(),
        with_scope(leader=None),
        with_answer(2, error="ConnectTimeout", status=None),
        with_members(state="start failed"),
        with_members(timeline=2),
        with_server(1, in_recovery=False),
        with_kubernetes(slices=()),
        with_scope(members=SOUND.scope.members[:2] if SOUND.scope else ()),
    ],
)
def test_a_cluster_that_lacks_something_is_not_well(seen: Observation) -> None:
    assert not is_well(status_document(seen))


def test_an_etcd_member_that_is_away_is_told_and_does_not_make_the_cluster_ill() -> None:
    document = status_document(with_etcd(error="ConnectError"))
    assert document["etcd"][2]["error"] == "ConnectError"
    assert is_well(document)
