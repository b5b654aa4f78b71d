"""Processes are killed and frozen under load; every accepted task ends with exactly one result."""

import asyncio
import os
import signal

import asyncpg
import psutil
import pytest

from postgres.embedded import running_dsn
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
    pid = journal.runs()[0]["pid"]
    names = {run["name"] for run in journal.runs() if run["pid"] == pid}
    frozen = psutil.Process(pid)
    frozen.suspend()
    try:
        until(lambda: names <= retried(journal), "another agent runs the frozen one's tasks")
    finally:
        frozen.resume()
    until(journal.all_finished, "every task is finished")
    journal.assert_each_has_one_result()
    attempts = {task: fields["attempt"] for task, fields in journal.tasks().items()}
    assert {journal.accepted[task] for task, attempt in attempts.items() if attempt > 1} >= names
    promised = {(task, 1) for task in attempts} | set(attempts.items())
    until(lambda: promised <= billed(application), "every attempt that ran is billed", 30)


def retried(journal: Journal) -> set[str]:
    """Return the tasks that an agent has begun a second time."""
    return {run["name"] for run in journal.runs() if run["attempt"] > 1}


def billed(application: Application) -> set[tuple[str, int]]:
    """Return (task, attempt) of every bill, read from the table itself."""
    dsn = running_dsn(application.folder / ".gardenos" / "postgres")
    assert dsn is not None

    async def read() -> set[tuple[str, int]]:
        connection = await asyncpg.connect(dsn)
        try:
            rows = await connection.fetch("select task_id, attempt from usage")
        finally:
            await connection.close()
        return {(str(row["task_id"]), row["attempt"]) for row in rows}

    return asyncio.run(read())
