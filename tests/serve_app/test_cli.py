"""Claims about the command line: one line for every error, exit codes, JSON on demand."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.analysis import ModelVersion, Qualification, Route
from domain.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    GardenosError,
    InvalidInputError,
)
from domain.lead import Channel
from domain.usage import UsageSummary
from serve_app import cli
from serve_app.client import RefusedError, ServiceClient
from serve_app.commands import demo, leads, status
from serve_app.exit_codes import MEANINGS, ExitCode
from tests.serve_app.specimens import an_analysis

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Return a port on which something listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Return a function that puts a handler in the place of a running service."""

    def install(handler: Handler) -> None:
        def client(address: str) -> ServiceClient:
            return ServiceClient(address, httpx.MockTransport(handler))

        monkeypatch.setattr(leads, "ServiceClient", client)
        monkeypatch.setattr(status, "ServiceClient", client)

    return install


def page(*items: dict[str, Any]) -> Handler:
    """Return a handler that answers with a page."""
    return lambda _: httpx.Response(200, json={"items": list(items), "next_cursor": None})


def an_item() -> dict[str, Any]:
    """Return a lead as the list gives it."""
    lead = {
        "lead_id": "a-1",
        "contact": {"full_name": "Dana [bold] Whitfield"},
        "service": "paving",
    }
    return {"lead": lead, "analysis": an_analysis("a-1").model_dump(mode="json")}


def test_leads_shows_whom_to_call_why_and_by_when(
    service: Callable[[Handler], None], capsys: pytest.CaptureFixture[str]
) -> None:
    service(page(an_item()))
    assert cli.main(["leads"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "Dana [bold] Whitfield" in out
    assert "Call now." in out


def test_leads_asks_for_the_call_list(service: Callable[[Handler], None]) -> None:
    asked: list[httpx.URL] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return page()(request)

    service(handler)
    cli.main(["leads", "--grade", "A", "--limit", "3", "--url", "http://127.0.0.1:9"])
    assert dict(asked[0].params) == {"sort": "call_first", "limit": "3", "grade": "A"}


@pytest.mark.parametrize("name", ["--address", "--url"])
def test_the_service_is_named_alike_everywhere(
    service: Callable[[Handler], None], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    service(page(an_item()))
    for command in ("leads", "status"):
        cli.main([command, name, "http://127.0.0.1:9/"])
        assert "foo" not in capsys.readouterr().err
        assert cli.main([command, name, "127.0.0.1:9"]) == ExitCode.USAGE
        assert "no address such as http://" in capsys.readouterr().err


def test_json_is_the_only_thing_on_standard_output(
    service: Callable[[Handler], None], capsys: pytest.CaptureFixture[str]
) -> None:
    service(page(an_item()))
    cli.main(["leads", "--json"])
    assert json.loads(capsys.readouterr().out)["items"][0]["lead"]["lead_id"] == "a-1"


@pytest.mark.parametrize(("ready", "code"), [(True, ExitCode.DONE), (False, ExitCode.UNAVAILABLE)])
def test_status_tells_by_its_code_whether_the_service_is_ready(
    service: Callable[[Handler], None],
    ready: bool,  # noqa: FBT001 - a table
    code: ExitCode,
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/readyz":
            body = {"ready": ready, "database": True, "agents": {}}
            return httpx.Response(200 if ready else 503, json=body)
        return page()(request)

    service(handler)
    assert cli.main(["status"]) == code


def refuse(status_code: int, **answer: Any) -> Handler:
    """Return a handler that refuses."""
    return lambda _: httpx.Response(status_code, **answer)


def cut(request: httpx.Request) -> httpx.Response:
    """Answer nothing, as a service that is not there."""
    raise httpx.ConnectError("connection refused", request=request)


@pytest.mark.parametrize(
    ("handler", "code", "told"),
    [
        (cut, ExitCode.UNAVAILABLE, "cannot reach http://127.0.0.1:8000"),
        (cut, ExitCode.UNAVAILABLE, "gardenos serve"),
        (refuse(502, text="<html>Bad gateway</html>"), ExitCode.REFUSED, "without JSON"),
        (refuse(422, json={"title": "No", "detail": "grade"}), ExitCode.REFUSED, "No: grade"),
        (refuse(500, json=[]), ExitCode.REFUSED, "status 500"),
    ],
)
def test_a_service_that_does_not_help_is_one_line(
    service: Callable[[Handler], None],
    capsys: pytest.CaptureFixture[str],
    handler: Handler,
    code: ExitCode,
    told: str,
) -> None:
    service(handler)
    assert cli.main(["leads"]) == code
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def one_line(error: str) -> bool:
    """Tell whether standard error holds one line of ours and no traceback."""
    lines = error.strip().splitlines()
    return lines[-1].startswith("gardenos: ") and "Traceback" not in error


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_in_use_is_one_line(
    taken_port: int, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert cli.main([command, "--port", str(taken_port)]) == ExitCode.CONFIGURATION
    error = capsys.readouterr().err
    assert one_line(error)
    assert f"{taken_port} on 127.0.0.1" in error


def test_an_unwritable_folder_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GARDENOS_DATA_FOLDER", str(tmp_path / "file" / "data"))
    assert cli.main(["migrate"]) == ExitCode.CONFIGURATION
    error = capsys.readouterr().err
    assert one_line(error)
    assert "data_folder" in error


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/none?connect_timeout=2", ExitCode.UNAVAILABLE),
        ("hunter2://nothing", ExitCode.CONFIGURATION),
        ("hunter2", ExitCode.CONFIGURATION),
        ("postgresql://u:hunter2@127.0.0.1:port/none", ExitCode.CONFIGURATION),
    ],
)
def test_a_wrong_database_address_is_one_line_without_the_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, code: ExitCode
) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", url)
    assert cli.main(["migrate"]) == code
    error = capsys.readouterr().err
    assert one_line(error)
    assert "hunter2" not in error


@pytest.mark.parametrize(
    ("variables", "settings"),
    [
        ({"GARDENOS_MODEL__API_KEY": "hunter2"}, ""),
        ({"GARDENOS_MODEL": '{"api_key": "hunter2"}'}, ""),
        ({"GARDENOS_MODEL": "hunter2"}, ""),
        ({"GARDENOS_MODEL__API_KEY_VARIABLE": "sk-hunter2"}, ""),
        ({"GARDENOS_MODEL__BASE_URL": "https://u:hunter2@provider.example"}, ""),
        ({"GARDENOS_AGENTS__LEAD_ANALYSIS__MODEL__API_KEY": "hunter2"}, ""),
        ({}, "model: {api_key: hunter2, base_url: 'https://x/v1', name: y}"),
        ({}, "model: {fallbacks: [{api_key: hunter2}]}"),
        ({}, "model: hunter2"),
    ],
)
def test_a_key_in_the_wrong_place_is_one_line_without_the_key(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    settings: str,
) -> None:
    (tmp_path / "settings.yaml").write_text(settings, encoding="utf-8")
    monkeypatch.setenv("GARDENOS_SETTINGS_FILE", str(tmp_path / "settings.yaml"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["usage", "--json"]) == ExitCode.CONFIGURATION
    printed = capsys.readouterr()
    assert one_line(printed.err)
    assert json.loads(printed.out)["error"]["name"] == "configuration"
    assert "hunter2" not in printed.err + printed.out


@pytest.mark.parametrize("command", ["serve", "demo", "migrate", "status", "leads"])
def test_an_unknown_setting_stops_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("GARDENOS_PROT", "8000")
    assert cli.main([command]) == ExitCode.CONFIGURATION
    assert "GARDENOS_PROT" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["sing"],
        ["leads", "--limit", "0"],
        ["leads", "--colour"],
        ["serve", "--port", "x"],
        ["leads", "--url", "foo"],
        [],
    ],
)
def test_a_wrong_call_says_how_to_call(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert cli.main(arguments) == ExitCode.USAGE
    assert capsys.readouterr().err


def test_an_error_with_json_is_json_too(
    service: Callable[[Handler], None], capsys: pytest.CaptureFixture[str]
) -> None:
    service(cut)
    cli.main(["leads", "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["name"]) == (ExitCode.UNAVAILABLE, "unavailable")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("a", "b", "c"), ExitCode.CONFIGURATION),
        (DatabaseUnavailableError("gone", 1.0), ExitCode.UNAVAILABLE),
        (RefusedError(409, "a", "b"), ExitCode.REFUSED),
        (InvalidInputError("a", "b", "c"), ExitCode.USAGE),
        (GardenosError("a"), ExitCode.REFUSED),
        (RuntimeError("a"), ExitCode.FAULT),
    ],
)
def test_every_kind_of_error_has_its_code(error: Exception, code: ExitCode) -> None:
    assert cli.code_of(error) is code


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["demo"],
        ["follow-ups"],
        ["follow-ups", "approve"],
        ["leads"],
        ["migrate"],
        ["serve"],
        ["status"],
        ["usage"],
    ],
)
def test_help_documents_the_exit_codes(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert cli.main([*command, "--help"]) == ExitCode.DONE
    text = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert all(f"{code.value} {meaning}" in text for code, meaning in MEANINGS.items())


def test_the_samples_come_in_file_order_without_their_notes() -> None:
    posted = list(demo.samples())
    assert [lead["lead_id"] for lead in posted] == [f"demo-{n:02}" for n in range(1, 13)]
    assert all("expect" not in lead for lead in posted)


@pytest.mark.parametrize(
    ("changes", "best"),
    [
        ({}, "a"),
        ({"open_channels": ()}, "b"),
        ({"qualification": Qualification.DISQUALIFIED}, "b"),
        ({"duplicate_of": "b"}, "b"),
    ],
)
def test_the_demo_drafts_for_the_best_lead_that_somebody_should_write_to(
    changes: dict[str, Any], best: str
) -> None:
    scored = [scored_item("a", 90, **changes), scored_item("b", 50), scored_item("c", 40)]
    assert demo.best_to_write(scored) == best


def test_the_demo_drafts_nothing_where_nobody_should_be_written_to() -> None:
    assert demo.best_to_write([scored_item("a", 90, open_channels=())]) is None


def scored_item(lead_id: str, score: int, **changes: Any) -> dict[str, Any]:
    """Return a lead with its analysis as the demo holds it."""
    analysis = an_analysis(lead_id, score=score)
    analysis = analysis.model_copy(update={"open_channels": (Channel.EMAIL,), **changes})
    return {"lead": {"lead_id": lead_id}, "analysis": analysis.model_dump(mode="json")}


def test_the_demo_says_over_which_routes_it_scored_and_what_that_cost() -> None:
    offline = scored_item("a", 90)
    asked = scored_item(
        "b",
        50,
        route=Route.MODEL,
        model=ModelVersion(scorer="scorecard", version="1", llm="deepseek"),
        usage=UsageSummary(calls=1, cost_nanousd=389_500),
    )
    assert demo.how_scored([offline]).startswith("Offline: no model was asked")
    told = demo.how_scored([offline, asked])
    assert told == "Scored by route: 1 local, 1 model; deepseek, for $0.000390."
