"""The whole application and its database stop and come back; accepted work goes on.

However the application ends, nothing of it is left, and the next start takes its port and data.
"""

import contextlib
import re
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil
import pytest

from postgres.embedded import start_embedded
from tests.system.application import Application, Journal, until
from tests.system.conftest import SLOW_AGENT

pytestmark = pytest.mark.timeout(240)


def test_tasks_queued_before_a_stop_or_a_kill_are_done_after_the_start(
    folder: Path, tmp_path: Path
) -> None:
    seen: list[psutil.Process] = []
    stopped = Application(folder, SLOW_AGENT)
    with stopped:
        journal = Journal(stopped, tmp_path / "runs.jsonl")
        seen += under_load(journal)
        folders = run_folders(seen)
        assert stopped.stop() == []
    with Application(folder, SLOW_AGENT, port=stopped.port) as killed:
        journal.application = killed
        until(journal.all_finished, "every task is finished after the stop")
        journal.assert_each_has_one_result()
        seen += under_load(journal)
        folders |= run_folders(seen)
        killed.kill()
    with Application(folder, SLOW_AGENT, port=stopped.port) as last:
        journal.application = last
        until(journal.all_finished, "every task is finished after the kill")
        journal.assert_each_has_one_result()
        until(lambda: not any(map(runs, seen)), "what the first starts started has ended", 15)
    assert len(folders) == len([stopped, killed])
    assert not [one for one in folders if one.exists()]


def under_load(journal: Journal) -> list[psutil.Process]:
    """Queue tasks until some of them run; return the processes of the application."""
    known = len(journal.runs())
    journal.submit(40, seconds=1.0)
    until(lambda: len(journal.runs()) >= known + 16, "tasks run")
    return journal.application.processes()


def run_folders(processes: list[psutil.Process]) -> set[Path]:
    """Return the private folders that processes were started for, by Ray's command lines."""
    arguments: list[str] = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            arguments += process.cmdline()
    found = [re.match(r"--?session[-_]dir=(/tmp/gardenos-\w+)/", one) for one in arguments]
    return {Path(one[1]) for one in found if one}


def runs(process: psutil.Process) -> bool:
    """Tell whether a process still does anything; one that only waits for init does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_database_restart_under_load_loses_no_accepted_task() -> None:
    with TemporaryDirectory(prefix="gardenos-restart-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        database = start_embedded(folder / "postgres")
        try:
            variables = {**SLOW_AGENT, "GARDENOS_DATABASE_URL": database.dsn}
            with Application(folder, variables) as application:
                journal = Journal(application, folder / "runs.jsonl")
                stop = threading.Event()
                sender = threading.Thread(target=send_until, args=(journal, stop))
                sender.start()
                until(lambda: len(journal.runs()) >= 20, "tasks run")
                database.stop()
                assert application.http.get("/healthz").status_code == 200
                refused = application.http.post("/v1/tasks", json={"kind": "slow", "payload": {}})
                assert refused.status_code == 503, refused.text
                assert int(refused.headers["Retry-After"]) >= 1
                database = start_embedded(folder / "postgres")
                known = len(journal.accepted)
                until(lambda: len(journal.accepted) > known + 20, "tasks are accepted again")
                stop.set()
                sender.join()
                until(journal.all_finished, "every task is finished")
                journal.assert_each_has_one_result()
        finally:
            database.stop()


def send_until(journal: Journal, stop: threading.Event) -> None:
    """Send small batches; what is refused while the database is away is not a promise."""
    while not stop.wait(0.05):
        try:
            journal.submit(4, seconds=0.05)
        except (AssertionError, httpx.HTTPError):
            continue
