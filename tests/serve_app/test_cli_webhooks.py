"""Claims about ``gardenos webhooks``."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from serve_app import cli
from serve_app.client import ServiceClient
from serve_app.commands import webhooks
from serve_app.exit_codes import ExitCode

ID = str(uuid4())
WEBHOOK = {
    "webhook_id": ID,
    "url": "https://example.com/hook",
    "types": ["task.dead"],
    "kinds": [],
    "description": "",
    "enabled": False,
    "disabled_reason": "gone: the receiver answered 410",
}
DELIVERY = {
    "delivery_id": str(uuid4()),
    "type": "task.dead",
    "task_id": None,
    "state": "dead",
    "attempt": 12,
    "status": 500,
    "error": "status 500",
    "occurred_at": "2026-11-23T10:00:00Z",
}
SECRET = "whsec_c2VjcmV0"


class Service:
    """Answers every request with one body, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.body: Any = {"webhook": WEBHOOK, "secret": SECRET}
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Keep the request and answer."""
        self.asked.append(request)
        if self.status == 204:
            return httpx.Response(204)
        return httpx.Response(self.status, json=self.body)

    @property
    def told(self) -> tuple[str, str, Any]:
        """Method, path and body of the last request."""
        last = self.asked[-1]
        return last.method, last.url.path, json.loads(last.content) if last.content else None


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Put a service in the place of a running one."""
    running = Service()

    def client(address: str) -> ServiceClient:
        return ServiceClient(address, httpx.MockTransport(running))

    monkeypatch.setattr(webhooks, "ServiceClient", client)
    return running


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command and returns code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["webhooks", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


Run = Callable[..., tuple[int, str, str]]


def test_a_receiver_is_made_and_its_secret_alone_is_printed(service: Service, run: Run) -> None:
    code, out, err = run("create", "https://example.com/hook", "--type", "task.dead")
    assert code == ExitCode.DONE
    assert out == f"{SECRET}\n"
    assert "not shown again" in err
    asked = {"url": "https://example.com/hook", "kinds": [], "description": ""}
    assert service.told == ("POST", "/v1/webhooks", {**asked, "types": ["task.dead"]})


def test_the_list_says_why_a_receiver_is_disabled(service: Service, run: Run) -> None:
    service.body = {"items": [WEBHOOK]}
    _, out, _ = run("list")
    assert "gone: the receiver answered 410" in out
    assert SECRET not in out


def test_each_command_asks_for_what_its_name_says(service: Service, run: Run) -> None:
    assert run("rotate", ID)[1] == f"{SECRET}\n"
    assert service.told == ("POST", f"/v1/webhooks/{ID}/rotate", {})
    service.body = DELIVERY
    assert run("test", ID)[0] == ExitCode.DONE
    assert service.told == ("POST", f"/v1/webhooks/{ID}/test", {})
    service.body = {"items": [DELIVERY], "next_cursor": None}
    assert "status 500" in run("deliveries", ID, "--state", "dead")[1]
    assert dict(service.asked[-1].url.params) == {"limit": "20", "state": "dead"}
    service.body = {"count": 2}
    assert "2 messages" in run("replay", ID, "--state", "dead")[1]
    assert service.told[2] == {"limit": 1000, "state": "dead"}
    service.status = 204
    assert run("delete", ID)[0] == ExitCode.DONE
    assert (service.asked[-1].method, service.asked[-1].url.path) == (
        "DELETE",
        f"/v1/webhooks/{ID}",
    )


def test_a_replay_of_everything_by_accident_is_refused(service: Service, run: Run) -> None:
    code, _, err = run("replay", ID)
    assert code == ExitCode.USAGE
    assert err.startswith("gardenos: ")
    assert service.asked == []


def test_a_refusal_is_one_line_and_an_exit_code(service: Service, run: Run) -> None:
    service.status = 404
    service.body = {"title": "There is no such thing", "detail": "no webhook"}
    code, _, err = run("delete", ID)
    assert code == ExitCode.REFUSED
    assert err == "gardenos: There is no such thing: no webhook\n"
