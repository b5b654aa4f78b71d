"""Processes are killed and frozen under load; every accepted task ends with exactly one result."""

import os
import signal

import pytest

from tests.system.application import Application, Journal, until

pytestmark = pytest.mark.timeout(180)

IN_FLIGHT = 200


def test_an_agent_replica_killed_under_load_loses_nothing(
    application: Application, journal: Journal
) -> None:
    journal.submit(IN_FLIGHT, seconds=0.2)
    until(lambda: len(journal.runs()) >= 32, "tasks run")
    killed = {replica.pid for replica in application.replicas("Slow")}
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    until(journal.all_finished, "every task is finished")
    journal.assert_each_has_one_result()
    assert {run["pid"] for run in journal.runs()} - killed


def test_the_orchestrators_replica_killed_under_load_loses_nothing(
    application: Application, journal: Journal
) -> None:
    journal.submit(IN_FLIGHT, seconds=0.2)
    until(lambda: len(journal.runs()) >= 32, "tasks run")
    killed = application.replicas("Orchestrator")
    assert killed
    for replica in killed:
        os.kill(replica.pid, signal.SIGKILL)
    until(journal.all_finished, "every task is finished")
    journal.assert_each_has_one_result()


def test_a_frozen_agents_late_result_is_refused_and_its_bill_kept(
    application: Application, journal: Journal
) -> None:
    journal.submit(8, seconds=1.0)
    until(lambda: len(journal.runs()) >= 8, "every task runs")
    frozen = application.replicas("Slow")
    for replica in frozen:
        replica.suspend()
    try:
        until(
            lambda: any(run["attempt"] > 1 for run in journal.runs()) or all_retried(journal),
            "the tasks are tried again",
        )
    finally:
        for replica in frozen:
            replica.resume()
    until(journal.all_finished, "every task is finished")
    journal.assert_each_has_one_result()
    assert all(task["attempt"] > 1 for task in journal.tasks().values())


def all_retried(journal: Journal) -> bool:
    """Say whether every task has left its first attempt, waiting for the frozen pool."""
    return all(
        task["attempt"] > 1 or task["state"] in {"queued", "waiting"}
        for task in journal.tasks().values()
    )
