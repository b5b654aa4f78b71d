"""Starts the real application as a user would, in a process of its own, and watches it."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

REPOSITORY = Path(__file__).parents[2]
GARDENOS = Path(sys.executable).with_name("gardenos")
START_LIMIT_S = 90.0
STOP_LIMIT_S = 60.0
LOOK_S = 0.1


PORTS = range(12_000, 21_000, 10)
"""Below those that the kernel gives to outgoing connections, and apart: each has neighbours that
the service takes for itself."""


def free_port() -> int:
    """Return a port that was free a moment ago."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without settings of ours, in which the tests' agents can be found."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("GARDENOS_")}
    return {**clean, "PYTHONPATH": str(REPOSITORY), **variables}


def until(condition: Callable[[], bool], what: str, limit_s: float = START_LIMIT_S) -> None:
    """Wait for a condition by looking at it often.

    Raises:
        AssertionError: It did not come true in time.
    """
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, f"not in {limit_s:g} s: {what}"
        time.sleep(LOOK_S)


def run_migrate(folder: Path, variables: Mapping[str, str]) -> str:
    """Bring the tables of a database to the version of the code; return what was said."""
    done = subprocess.run(
        [GARDENOS, "migrate"],
        cwd=folder,
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=START_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Application:
    """``gardenos serve`` in ``folder``, with everything it starts."""

    def __init__(
        self, folder: Path, variables: Mapping[str, str] | None = None, *, port: int | None = None
    ) -> None:
        """Describe a start, on a free port where none is given; nothing runs yet."""
        self.folder = folder
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = environment(variables or {})
        self._process: subprocess.Popen[str] | None = None
        self.told: dict[str, Any] = {}
        self.http = httpx.Client(base_url=self.address, timeout=90, trust_env=False)

    def start(self) -> Self:
        """Start and wait until it says where it serves."""
        self.errors = (self.folder / "stderr.txt").open("a", encoding="utf-8")
        self._process = subprocess.Popen(
            [GARDENOS, "serve", "--port", str(self.port), "--json"],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        assert self._process.stdout is not None
        printed = ""
        for line in self._process.stdout:
            printed += line
            if line.rstrip() == "}":
                break
        assert printed, (self.folder / "stderr.txt").read_text()
        self.told = json.loads(printed)
        assert self.told.get("address") == self.address, printed
        return self

    @property
    def pid(self) -> int:
        """The process a user would stop."""
        assert self._process is not None
        return self._process.pid

    def processes(self) -> list[psutil.Process]:
        """Return the process and everything it started."""
        main = psutil.Process(self.pid)
        return [main, *main.children(recursive=True)]

    def serving(self) -> list[psutil.Process]:
        """Return the processes among which callers are served: all of them."""
        return self.processes()

    def replicas(self, deployment: str) -> list[psutil.Process]:
        """Return the replicas of a deployment by the names Ray gives its processes."""
        found = []
        for process in self.processes():
            try:
                title = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if title.startswith("ray::ServeReplica") and deployment in title:
                found.append(process)
        return found

    def run_folders(self) -> set[Path]:
        """Return the private folders for sockets and logs that its processes were given."""
        named = (
            Path(argument)
            for process in self.processes()
            for argument in process.cmdline()
            if argument.startswith("/tmp/gardenos-")
        )
        found = {Path(*path.parts[:3]) for path in named if len(path.parts) > 3}
        return found - {self.folder}

    def kill(self) -> None:
        """Kill the process a user would stop, and wait for nothing else to end."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_LIMIT_S)
        self._close()

    def stop(self) -> list[psutil.Process]:
        """Stop as a user would; return the processes that are left."""
        assert self._process is not None
        all_of_it = self.processes()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(STOP_LIMIT_S)
        self._close()
        _, left = psutil.wait_procs(all_of_it, timeout=STOP_LIMIT_S)
        return left

    def _close(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        self.errors.close()
        self.http.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop what still runs."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self.http.close()

    def post(self, path: str, body: Any) -> Any:
        """Post JSON, expect success, return the JSON."""
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, **parameters: Any) -> Any:
        """Get JSON, expect success."""
        answer = self.http.get(path, params=parameters)
        assert answer.is_success, answer.text
        return answer.json()


class Journal:
    """What the test was promised: every task that was answered with 202."""

    def __init__(self, application: Application, file: Path) -> None:
        """Keep the agent's own journal in ``file``."""
        self.application = application
        self.file = file
        self.accepted: dict[str, str] = {}

    def submit(self, count: int, seconds: float) -> None:
        """Queue slow tasks in one batch and note every one that was accepted."""
        first = len(self.accepted)
        names = [f"task-{first + number}" for number in range(count)]
        items = [
            {
                "kind": "slow",
                "payload": {"seconds": seconds, "journal": str(self.file), "name": name},
            }
            for name in names
        ]
        answer = self.application.post("/v1/tasks/batch", {"items": items})
        for name, item in zip(names, answer["items"], strict=True):
            self.accepted[item["task"]["task_id"]] = name

    def runs(self) -> list[dict[str, Any]]:
        """Return every run that an agent began, by the agents' own words."""
        if not self.file.exists():
            return []
        lines = self.file.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return every accepted task as the service shows it."""
        found: dict[str, dict[str, Any]] = {}
        cursor: str | None = None
        while True:
            page = self.application.get(
                "/v1/tasks", kind="slow", limit=200, **({"cursor": cursor} if cursor else {})
            )
            found |= {task["task_id"]: task for task in page["items"]}
            cursor = page["next_cursor"]
            if cursor is None:
                return {task: found[task] for task in self.accepted if task in found}

    def all_finished(self) -> bool:
        """Say whether no accepted task is open."""
        open_states = {"queued", "waiting", "running"}
        try:
            tasks = self.tasks()
        except (httpx.HTTPError, AssertionError):
            return False
        return len(tasks) == len(self.accepted) and not any(
            task["state"] in open_states for task in tasks.values()
        )

    def assert_each_has_one_result(self) -> None:
        """Compare promises with results: every task succeeded, each with the result of its own."""
        tasks = self.tasks()
        assert set(tasks) == set(self.accepted)
        wrong = {task["task_id"]: task for task in tasks.values() if task["state"] != "succeeded"}
        assert wrong == {}
        names = {task_id: task["result"]["name"] for task_id, task in tasks.items()}
        assert names == self.accepted
