"""The real application below and above its bounds: what it takes, refuses and keeps."""

import csv
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.application import GARDENOS, Application, Journal, environment, until
from tests.system.conftest import SLOW_AGENT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BOUND = 200
DIRECT_BOUND = 6
SENDERS = 6
BATCH = 20
ROWS = 2000
LEAD = {"message": "Please mow our lawn.", "contact": {"email": "ada@example.com"}}
BOUNDS = {
    **SLOW_AGENT,
    "GARDENOS_AGENTS__SLOW__ATTEMPT_LIMIT_S": "30",
    "GARDENOS_QUEUE__QUEUED_BOUND": str(BOUND),
    "GARDENOS_QUEUE__TENANT_QUEUED_SHARE": "1",
    "GARDENOS_QUEUE__DIRECT_BOUND": str(DIRECT_BOUND),
    "GARDENOS_INGRESS__MAX_REPLICAS": "1",
}


@pytest.fixture(scope="module")
def bounded(folder: Path) -> Iterator[Application]:
    """Give an application whose queue is soon full."""
    with Application(folder, BOUNDS) as running:
        yield running


class Senders:
    """Clients in threads of their own, each with a connection; notes every answer."""

    def __init__(self, application: Application, journal: Journal) -> None:
        """Note what is accepted in ``journal``."""
        self.application = application
        self.journal = journal
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.waits_s: list[int] = []
        self.most_queued = 0
        self._lock = threading.Lock()
        self._names = 0

    def send(self, http: httpx.Client, count: int, seconds: float) -> tuple[list[str], int]:
        """Send a batch once; return the accepted tasks and for how long to wait."""
        with self._lock:
            names = [f"task-{self._names + number}" for number in range(count)]
            self._names += count
        file = str(self.journal.file)
        items = [
            {"kind": "slow", "payload": {"seconds": seconds, "journal": file, "name": name}}
            for name in names
        ]
        answer = http.post("/v1/tasks/batch", json={"items": items})
        body = answer.json()
        taken = {
            item["task"]["task_id"]: names[item["index"]]
            for item in body.get("items", ())
            if "task" in item
        }
        wait_s = int(answer.headers.get("Retry-After", 0))
        with self._lock:
            self.journal.accepted.update(taken)
            self.statuses["tasks", answer.status_code] += 1
            self.statuses["items", 202] += len(taken)
            for item in body.get("items", ()):
                if "problem" in item:
                    self.statuses["items", item["problem"]["status"]] += 1
            if wait_s:
                self.waits_s.append(wait_s)
        return list(taken), wait_s

    def direct(self, http: httpx.Client) -> None:
        """Make a direct call."""
        answer = http.post("/v1/leads/analyze", json=LEAD)
        with self._lock:
            self.statuses["direct", answer.status_code] += 1
            if answer.status_code == 429:
                self.waits_s.append(int(answer.headers["Retry-After"]))

    def look(self) -> dict[str, Any]:
        """Return how the pool of slow agents stands."""
        pools = self.application.get("/v1/agents")["items"]
        found: dict[str, Any] = next(pool for pool in pools if pool["kind"] == "slow")
        self.most_queued = max(self.most_queued, found["queued"] + found["waiting"])
        return found

    def all_for(self, seconds: float, *works: Callable[[httpx.Client], None]) -> None:
        """Do each work again and again in a thread of its own; look at the queue meanwhile."""
        end_s = time.monotonic() + seconds

        def again(work: Callable[[httpx.Client], None]) -> None:
            address = self.application.address
            with httpx.Client(base_url=address, timeout=90, trust_env=False) as http:
                while time.monotonic() < end_s:
                    work(http)

        with ThreadPoolExecutor(len(works)) as threads:
            running = [threads.submit(again, work) for work in works]
            while time.monotonic() < end_s:
                self.look()
            for one in running:
                one.result()


def finished(http: httpx.Client, tasks: list[str]) -> None:
    """Wait until tasks are finished."""
    while tasks:
        asked = {"task_ids": tasks, "wait_s": 20}
        answer = http.post("/v1/tasks/results", json=asked)
        assert answer.status_code == 200, answer.text
        ended = {item["task_id"] for item in answer.json()["items"]}
        tasks = [task for task in tasks if task not in ended]


@pytest.fixture
def senders(bounded: Application, tmp_path: Path) -> Senders:
    """Give clients that have sent nothing."""
    return Senders(bounded, Journal(bounded, tmp_path / "runs.jsonl"))


def test_below_the_bounds_nothing_is_refused(senders: Senders) -> None:
    def durable(http: httpx.Client) -> None:
        finished(http, senders.send(http, BATCH, 0.05)[0])

    senders.all_for(5, *[durable] * SENDERS, *[senders.direct] * (DIRECT_BOUND - 1))
    assert {
        (name, status) for name, status in senders.statuses if status not in {200, 202}
    } == set()
    assert senders.statuses["items", 202] > BOUND
    assert senders.statuses["direct", 200] > 0
    assert 0 < senders.most_queued <= BOUND


def test_above_the_bound_what_was_accepted_is_done_and_the_rest_told_when(
    senders: Senders,
) -> None:
    def flood(http: httpx.Client) -> None:
        senders.send(http, BATCH, 0.8)

    senders.all_for(6, *[flood] * SENDERS)
    assert senders.statuses["tasks", 429] > 0
    assert set(senders.statuses) <= {("tasks", 202), ("tasks", 429), ("items", 202), ("items", 429)}
    assert all(1 <= wait_s <= 300 for wait_s in senders.waits_s)
    assert BOUND * 0.8 <= senders.most_queued <= BOUND
    assert senders.look()["queued_bound"] == BOUND
    assert senders.look()["drain_per_s"] > 0
    until(senders.journal.all_finished, "what was accepted is done", 120)
    senders.journal.assert_each_has_one_result()


def test_whoever_waits_as_asked_gets_in(senders: Senders) -> None:
    def patient(http: httpx.Client) -> None:
        left = BATCH * 3
        while left:
            taken, wait_s = senders.send(http, left, 0.2)
            left -= len(taken)
            time.sleep(wait_s)

    with ThreadPoolExecutor(SENDERS) as threads:
        clients = [
            httpx.Client(base_url=senders.application.address, timeout=90, trust_env=False)
            for _ in range(SENDERS)
        ]
        for one in [threads.submit(patient, http) for http in clients]:
            one.result(timeout=120)
        for http in clients:
            http.close()
    assert senders.waits_s
    assert len(senders.journal.accepted) == SENDERS * BATCH * 3
    until(senders.journal.all_finished, "what was accepted is done", 120)
    senders.journal.assert_each_has_one_result()


def test_direct_calls_are_shed_before_durable_work(senders: Senders) -> None:
    def durable(http: httpx.Client) -> None:
        finished(http, senders.send(http, BATCH, 0.05)[0])

    senders.all_for(5, *[durable] * 2, *[senders.direct] * (DIRECT_BOUND * 4))
    assert senders.statuses["direct", 429] > 0
    assert senders.statuses["direct", 200] > 0
    assert {name for name, status in senders.statuses if status == 429} == {"direct"}
    assert senders.statuses["items", 202] > 0
    assert all(1 <= wait_s <= 300 for wait_s in senders.waits_s)


def test_a_file_longer_than_the_queue_is_scored_whole_and_each_row_once(
    bounded: Application, tmp_path: Path
) -> None:
    leads = tmp_path / "leads.csv"
    rows = "".join(f"row-{n},p{n}@example.com,Please mow lawn {n}.\n" for n in range(ROWS))
    leads.write_text("Lead ID,E-Mail,Message\n" + rows, encoding="utf-8")
    out = tmp_path / "scored.csv"
    command: list[str | Path] = [
        GARDENOS,
        "score",
        leads,
        "--out",
        out,
        "--address",
        bounded.address,
        "--json",
    ]
    most = 0
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as scoring:
        while scoring.poll() is None:
            pools = bounded.get("/v1/agents")["items"]
            (pool,) = (one for one in pools if one["kind"] == "lead_analysis")
            most = max(most, pool["queued"] + pool["waiting"])
        assert scoring.stderr is not None
        assert scoring.returncode == 0, scoring.stderr.read()
    assert BOUND * 0.9 <= most <= BOUND
    with out.open(encoding="utf-8", newline="") as file:
        scored = [row["lead_id"] for row in csv.DictReader(file)]
    assert scored == [f"row-{n}" for n in range(ROWS)]
    tasks = Counter(task["lead_id"] for task in listed(bounded, "lead_analysis"))
    assert {tasks[f"row-{n}"] for n in range(ROWS)} == {1}


def listed(application: Application, kind: str) -> Iterator[dict[str, Any]]:
    """Yield every task of a kind."""
    cursor: dict[str, str] = {}
    while True:
        page = application.get("/v1/tasks", kind=kind, limit=200, **cursor)
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}
