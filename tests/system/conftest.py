"""Applications for the system tests, in folders that another user may enter."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.system.application import Application, Journal

SLOW_AGENT = {
    "GARDENOS_AGENTS__SLOW__AGENT": "tests.system.slow_agent:SlowAgent",
    "GARDENOS_AGENTS__SLOW__CONCURRENCY": "16",
    "GARDENOS_AGENTS__SLOW__MIN_REPLICAS": "2",
    "GARDENOS_AGENTS__SLOW__ATTEMPT_LIMIT_S": "4",
    "GARDENOS_AGENTS__SLOW__HEALTH_CHECK_TIMEOUT_S": "60",
    "GARDENOS_DASHBOARD__ENABLED": "false",
}
"""A new kind of agent is one file and this line of configuration; the others speed tests up."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Give a folder for one application."""
    with TemporaryDirectory(prefix="gardenos-system-", dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


@pytest.fixture(scope="session")
def application() -> Iterator[Application]:
    """Give a running application with the slow agent beside the product's own.

    One for all tests that leave it running, whatever they kill in it: a start takes seconds.
    """
    with TemporaryDirectory(prefix="gardenos-system-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with Application(folder, SLOW_AGENT) as running:
            yield running


@pytest.fixture
def journal(application: Application, tmp_path: Path) -> Journal:
    """Give an empty journal of promises."""
    return Journal(application, tmp_path / "runs.jsonl")
