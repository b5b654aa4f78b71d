"""Fixtures that lend a real cluster; ``tests/conftest.py`` makes them known to every test."""

from collections.abc import Iterator

import pytest

from tests.patroni.cluster import PatroniCluster
from tests.patroni.pods import UnavailableError


@pytest.fixture(scope="session")
def patroni_cluster() -> Iterator[PatroniCluster]:
    """Give the session's cluster; ask for ``cluster`` instead where you break something."""
    try:
        running = PatroniCluster()
    except UnavailableError as error:
        pytest.skip(str(error))
    with running:
        yield running


@pytest.fixture
def cluster(patroni_cluster: PatroniCluster) -> Iterator[PatroniCluster]:
    """Give the session's cluster, whole, and mend it afterwards."""
    patroni_cluster.heal()
    yield patroni_cluster
    patroni_cluster.heal()
