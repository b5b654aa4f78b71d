"""Claims about ``gardenos dead-letters``."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from serve_app import cli
from serve_app.client import ServiceClient
from serve_app.commands import dead_letters
from serve_app.exit_codes import ExitCode

ID = str(uuid4())
TASK = {
    "task_id": ID,
    "kind": "lead_analysis",
    "lead_id": "web-1",
    "state": "dead",
    "finished_at": "2026-11-23T10:00:00Z",
    "error": "poison: the process died each time it ran this task",
    "attempts": [
        {
            "attempt": 1,
            "ended_at": "2026-11-23T10:00:00Z",
            "state": "queued",
            "error": "agent_lost: ActorDiedError",
            "crashed": True,
        }
    ],
}


class Service:
    """Answers from a script: one body a request, the last one for ever."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: list[tuple[int, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Keep the request and answer."""
        self.asked.append(request)
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(status, json=body)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Put a service in the place of a running one."""
    running = Service()

    def client(address: str) -> ServiceClient:
        return ServiceClient(address, httpx.MockTransport(running))

    monkeypatch.setattr(dead_letters, "ServiceClient", client)
    return running


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command and returns code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["dead-letters", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


Run = Callable[..., tuple[int, str, str]]


def batch(count: int, *, has_more: bool) -> tuple[int, Any]:
    """Return the answer to a replay of many."""
    tasks = [{"task_id": str(uuid4())} for _ in range(count)]
    return 200, {"dry_run": False, "count": count, "has_more": has_more, "tasks": tasks}


def test_the_list_names_task_state_and_reason(service: Service, run: Run) -> None:
    service.answers = [(200, {"items": [TASK], "next_cursor": None})]
    code, out, _ = run("list", "--code", "poison", "--since", "2026-11-01")
    assert code == ExitCode.DONE
    assert ID in out
    assert "poison: the process died" in out
    asked = dict(service.asked[0].url.params)
    assert asked == {"code": "poison", "since": "2026-11-01T00:00:00+00:00", "limit": "20"}


def test_one_is_shown_with_its_attempts_and_what_the_code_means(service: Service, run: Run) -> None:
    service.answers = [(200, TASK)]
    code, out, _ = run("show", ID)
    assert code == ExitCode.DONE
    assert "agent_lost: ActorDiedError" in out
    assert "a process died" in out
    assert "poison: its process died each time it ran" in out


def test_all_that_match_are_replayed_step_by_step_and_none_that_dies_meanwhile(
    service: Service, run: Run
) -> None:
    service.answers = [
        batch(500, has_more=True),
        batch(500, has_more=True),
        batch(7, has_more=False),
    ]
    code, out, _ = run("replay", "--all", "--kind", "lead_analysis", "--json")
    bodies = [json.loads(request.content) for request in service.asked]
    assert code == ExitCode.DONE
    assert len(json.loads(out)["replayed"]) == 1007
    assert len({body["until"] for body in bodies}) == 1
    assert {body["kind"] for body in bodies} == {"lead_analysis"}


def test_named_ones_are_replayed_and_a_refusal_shows_in_the_exit_code(
    service: Service, run: Run
) -> None:
    problem = {"title": "The present state forbids it", "detail": "it is queued"}
    service.answers = [(200, {"task_id": ID}), (409, problem)]
    code, out, err = run("replay", ID, str(uuid4()))
    assert code == ExitCode.REFUSED
    assert "1 task queued again." in out
    assert "it is queued" in err


@pytest.mark.parametrize(
    "arguments", [[], [ID, "--all"], [ID, "--dry-run"], [ID, "--code", "poison"]]
)
def test_a_replay_of_unclear_extent_is_refused(
    service: Service, run: Run, arguments: list[str]
) -> None:
    service.answers = [(200, {})]
    code, _, err = run("replay", *arguments)
    assert code == ExitCode.USAGE
    assert err.startswith("gardenos: ")
    assert service.asked == []
