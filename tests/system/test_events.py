"""Events of the real application: nothing of them is lost whatever fails on the way.

One run under faults, several claims about it: a receiver of webhooks fails at random, a stream is
cut at random, and an orchestrator's replica is killed, while tasks are admitted and done.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx
import pytest

from postgres.embedded import running_dsn
from tests.system.application import GARDENOS, Application, Journal, environment, until
from tests.system.conftest import SLOW_AGENT
from tests.system.event_world import CuttingProxy, Receiver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TASKS = 80
SENDING_LIMIT_S = 1.0
SETTINGS = {
    **SLOW_AGENT,
    "GARDENOS_INGRESS__MIN_REPLICAS": "2",
    "GARDENOS_INGRESS__MAX_REPLICAS": "2",
    "GARDENOS_QUEUE__GRACE_S": "110",
    "GARDENOS_EVENTS__RETRY_MS": "100",
    "GARDENOS_WEBHOOKS__ALLOW_PRIVATE_NETWORKS": '["127.0.0.0/8"]',
    "GARDENOS_WEBHOOKS__ALLOW_HTTP": "true",
    "GARDENOS_WEBHOOKS__PORTS": "[]",
    "GARDENOS_WEBHOOKS__POLL_S": "0.05",
    "GARDENOS_WEBHOOKS__TIME_LIMIT_S": str(SENDING_LIMIT_S),
    "GARDENOS_WEBHOOKS__SCHEDULE_S": "[0.1, 0.2, 0.3, 0.4, 0.5]",
}
STOP_ONE = """
import time
import ray
ray.init(address="ADDRESS", namespace="serve", log_to_driver=False)
names = [one["name"] for one in ray.util.list_named_actors(all_namespaces=True)]
name = sorted(one for one in names if "SERVE_REPLICA" in one and "Orchestrator" in one)[0]
begun_s = time.monotonic()
ray.get(ray.get_actor(name, namespace="serve").perform_graceful_shutdown.remote())
print("drained in", time.monotonic() - begun_s)
"""
"""Does to one replica what Serve's controller does when it scales down."""

DRAINED_WITHIN_S = 60.0
"""Generous: an open stream would hold the drain for grace and margin, 120 s."""


@pytest.fixture(scope="module")
def running() -> Iterator[Application]:
    """Give an application with two orchestrators."""
    with TemporaryDirectory(prefix="gardenos-events-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        application = Application(folder, SETTINGS)
        try:
            yield application.start()
        finally:
            application.kill()


@dataclass
class Run:
    """What was seen from outside of the run under faults."""

    journal: Journal
    receiver: Receiver
    cuts: int
    printed: list[dict[str, Any]]
    dead: list[dict[str, Any]]
    taken_when_faulty: set[str]
    replayed: int


def rows(application: Application, query: str) -> list[asyncpg.Record]:
    """Return rows of the application's own database."""
    dsn = running_dsn(application.folder / ".gardenos" / "postgres")
    assert dsn is not None

    async def read() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn)
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    return asyncio.run(read())


def settled(application: Application) -> bool:
    """Tell whether no delivery is to be sent any more."""
    left = rows(application, "select 1 from webhook_deliveries where state = 'pending'")
    return not left


@pytest.fixture(scope="module")
def seen(running: Application, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run tasks under faults, mend the receiver, replay what was given up."""
    folder = tmp_path_factory.mktemp("events")
    journal = Journal(running, folder / "runs.jsonl")
    receiver = Receiver(Random(5), 3 * SENDING_LIMIT_S)  # noqa: S311 - seeded
    proxy = CuttingProxy(running.port, Random(7))  # noqa: S311 - seeded
    printed = folder / "printed.jsonl"
    with receiver, proxy, printed.open("w") as out:
        made = running.post("/v1/webhooks", {"url": receiver.url})
        receiver.secret = made["secret"]
        follower = subprocess.Popen(
            [
                *(str(GARDENOS), "events", "--follow", "--json", "--since", "oldest"),
                *("--address", f"http://127.0.0.1:{proxy.port}"),
            ],
            stdout=out,
            env=environment({}),
        )
        try:
            journal.submit(TASKS, seconds=0.1)
            until(lambda: len(journal.runs()) >= TASKS // 4, "tasks run")
            until(lambda: len(receiver.told) > TASKS // 10, "the receiver is told")
            os.kill(running.replicas("Orchestrator")[0].pid, signal.SIGKILL)
            until(journal.all_finished, "every task is finished")
            until(lambda: settled(running), "every message is delivered or given up")
            path = f"/v1/webhooks/{made['webhook']['webhook_id']}/deliveries"
            dead = running.get(path, state="dead", limit=200)["items"]
            taken = {one.task_id for one in receiver.told if one.how == "taken"}
            receiver.is_faulty = False
            replayed = running.post(f"{path}/replay", {"state": "dead"})["count"]
            until(lambda: settled(running), "what was replayed is delivered")
            count = len(rows(running, "select 1 from task_events"))
            until(lambda: len(printed.read_text().splitlines()) >= count, "all is printed", 60)
        finally:
            follower.terminate()
            follower.wait(30)
            running.http.delete(f"/v1/webhooks/{made['webhook']['webhook_id']}")
        lines = [json.loads(line) for line in printed.read_text().splitlines()]
        yield Run(journal, receiver, proxy.cuts, lines, dead, taken, replayed)


def test_every_end_arrives_signed_although_receiver_and_orchestrator_fail(seen: Run) -> None:
    taken = {one.task_id for one in seen.receiver.told if one.how == "taken"}
    assert taken >= set(seen.journal.accepted)
    assert seen.receiver.forged == []
    ways = seen.receiver.ways()
    assert all(ways[way] for way in ("taken", "error", "reset", "busy", "hang")), ways
    seen.journal.assert_each_has_one_result()


def test_a_message_has_the_same_id_at_every_attempt(seen: Run) -> None:
    names: dict[str, set[str]] = {}
    for one in seen.receiver.told:
        names.setdefault(one.task_id, set()).add(one.name)
    assert len(seen.receiver.told) > len(names)
    assert {task: len(found) for task, found in names.items() if len(found) > 1} == {}


def test_what_used_up_its_attempts_is_a_dead_letter_that_a_replay_delivers(seen: Run) -> None:
    dead = {one["task_id"] for one in seen.dead}
    refused = {one.task_id for one in seen.receiver.told if one.name in seen.receiver.cursed}
    assert refused <= dead
    assert not refused & seen.taken_when_faulty
    assert seen.replayed == len(dead)
    assert all(one["attempt"] >= 6 for one in seen.dead)


def test_a_stream_that_is_cut_at_random_tells_each_event_once_and_in_order(
    running: Application, seen: Run
) -> None:
    found = rows(running, "select xid::text as xid, number from task_events order by xid, number")
    stored = [f"1-{row['xid']}-{row['number']}" for row in found]
    assert [one["id"] for one in seen.printed] == stored
    assert seen.cuts >= 5


@dataclass
class Follower(threading.Thread):
    """Follows a tenant by raw HTTP and comes back by the last id."""

    address: str
    ids: list[str] = field(default_factory=list)
    connections: int = 0
    faults: list[str] = field(default_factory=list)
    last: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Be a thread that ends with the test."""
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Read until stopped."""
        while not self.stopped.is_set():
            headers = {"Last-Event-ID": self.last} if self.last else {}
            try:
                with httpx.stream(
                    "GET", f"{self.address}/v1/events", headers=headers, timeout=60, trust_env=False
                ) as answer:
                    if answer.status_code == 200:
                        self._read(answer)
            except httpx.HTTPError as error:
                self.faults.append(repr(error))
            self.stopped.wait(0.1)

    def _read(self, answer: httpx.Response) -> None:
        self.connections += 1
        name = ""
        for line in answer.iter_lines():
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "id":
                self.last = value
                if name:
                    self.ids.append(value)
            elif not line:
                name = ""
            if self.stopped.is_set():
                return


def test_a_replica_that_is_stopped_ends_its_streams_and_they_go_on_at_another(
    running: Application, tmp_path: Path
) -> None:
    until(lambda: len(running.replicas("Orchestrator")) == 2, "two orchestrators run")
    newest = rows(running, "select coalesce(max(number), 0) as number from task_events")
    followers = [Follower(running.address) for _ in range(8)]
    for one in followers:
        one.start()
    until(lambda: all(one.last for one in followers), "every stream has caught up")
    journal = Journal(running, tmp_path / "runs.jsonl")
    driver = [sys.executable, "-c", STOP_ONE.replace("ADDRESS", running.told["ray"])]
    begun_s = time.monotonic()
    with subprocess.Popen(driver, env=environment({}), stdout=subprocess.PIPE) as stopping:
        while stopping.poll() is None and time.monotonic() < begun_s + DRAINED_WITHIN_S:
            try:
                journal.submit(2, seconds=0.05)
            except (AssertionError, httpx.HTTPError):
                time.sleep(0.1)
        is_drained = stopping.poll() == 0
        stopping.terminate()
    until(journal.all_finished, "every task is finished")
    found = rows(
        running,
        "select xid::text as xid, number from task_events"  # noqa: S608 - a number of ours
        f" where number > {newest[0]['number']} order by xid, number",
    )
    stored = [f"1-{row['xid']}-{row['number']}" for row in found]
    until(lambda: all(len(one.ids) >= len(stored) for one in followers), "all is told", 60)
    for one in followers:
        one.stopped.set()
    assert is_drained, f"not drained in {DRAINED_WITHIN_S:g} s"
    assert any(one.connections > 1 for one in followers)
    assert [one.ids == stored for one in followers] == [True] * len(followers)
