"""A cluster of a head and a worker under load: updates, and a head that dies."""

import sys
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest

from tests.system.application import until
from tests.system.callers import Callers
from tests.system.cluster import Node
from tests.system.site import Site, site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CALLERS = 4
FEW = 0.05
"""Share of callers who may be told to ask again while HAProxy changes from old to new replicas."""

WAITING = 60
"""Tasks that are added when fewer are open: some seconds of work."""


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    """Give a cluster that serves."""
    with site() as there:
        there.migrate()
        there.cluster.deploy()
        until(there.cluster.is_running, "the service is ready")
        yield there


def test_a_rolling_update_under_load_loses_nothing_and_repeats_no_paid_call(running: Site) -> None:
    before = {one.pid for one in all_replicas(running)}
    work = Work(running, "update")
    with Callers(running.cluster.address, "update-direct", count=CALLERS) as callers:
        until(lambda: work.keep_up()["succeeded"] > 0, "tasks run")
        running.cluster.deploy(runtime_env={"env_vars": {"ROUND": "2"}})
        until(lambda: bool(work.keep_up()) and is_replaced(running, before), "all are replaced")
        until(lambda: running.are_finished(work.tasks), "every task has ended")
    assert running.states(work.tasks) == {"succeeded": len(work.tasks)}
    assert callers.unanswered() == []
    assert callers.refusals().total() <= len(callers.answers) * FEW
    assert asked_once(running, {*work.tasks, *callers.names()}) == {}
    tell(callers)


def test_calls_go_on_while_the_head_is_away_and_its_state_comes_back(running: Site) -> None:
    replicas = {one.pid for one in all_replicas(running)}
    with Callers(running.cluster.address, "head-direct", count=CALLERS) as callers:
        tasks = running.submit("head", 100)
        until(lambda: running.states(tasks)["succeeded"] > 0, "tasks run")
        assert running.cluster.kill_node(Node.HEAD) > 0
        gone = len(callers.answers)
        until(lambda: len(callers.answers) >= gone + 20, "callers are answered without a head")
        until(lambda: running.are_finished(tasks), "every task has ended without a head")
        running.cluster.start_node(Node.HEAD)
        until(running.cluster.is_running, "the new head knows the application")
        back = len(callers.answers)
        until(lambda: len(callers.answers) >= back + 10, "callers are answered as before")
    assert running.states(tasks) == {"succeeded": len(tasks)}
    assert callers.unanswered() == []
    assert callers.refusals().total() <= len(callers.answers) * FEW
    assert {one.pid for one in all_replicas(running)} == replicas
    assert asked_once(running, {*tasks, *callers.names()}) == {}
    tell(callers)


class Work:
    """Tasks of which some wait as long as anybody looks."""

    def __init__(self, running: Site, prefix: str) -> None:
        """Queue nothing yet; ``prefix`` begins the name of each lead."""
        self._running = running
        self._prefix = prefix
        self.tasks: dict[str, str] = {}

    def keep_up(self) -> Counter[str]:
        """Queue more where few are left; return in which states all of them are."""
        states = self._running.states(self.tasks)
        if states.total() - states["succeeded"] < WAITING:
            name = f"{self._prefix}-{chr(ord('a') + len(self.tasks) // WAITING)}"
            self.tasks |= self._running.submit(name, WAITING)
        return states


def all_replicas(running: Site) -> list[psutil.Process]:
    """Return the replicas that serve."""
    return [*running.cluster.replicas("LeadAnalysis"), *running.cluster.replicas("Orchestrator")]


def is_replaced(running: Site, before: set[int]) -> bool:
    """Whether the update is over and none of the replicas before it is left."""
    now = {one.pid for one in all_replicas(running)}
    return len(now) == len(before) and not now & before and running.cluster.is_running()


def asked_once(running: Site, names: set[str]) -> dict[str, int]:
    """Return the leads about which the provider was not asked exactly once."""
    calls = running.calls()
    return {name: calls[name] for name in names if calls[name] != 1}


def tell(callers: Callers) -> None:
    """Say how many callers were answered."""
    told = f"{len(callers.answers)} direct answers, troubles: {dict(callers.troubles())}\n"
    sys.stdout.write(told)
