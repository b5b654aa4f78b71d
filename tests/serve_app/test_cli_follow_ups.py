"""Claims about ``gardenos follow-ups`` and ``gardenos usage``."""

import json
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.follow_up import Decision, DraftState, FollowUpEdit, Severity
from domain.usage import UsageDimension, UsageLine, UsageSummary
from serve_app import cli
from serve_app.client import ServiceClient
from serve_app.commands import follow_ups, usage
from serve_app.exit_codes import ExitCode
from serve_app.usage_report import report
from tests.serve_app.specimens import NOW, PRICES, a_finding, a_record

RECORD = a_record(body="Hello [bold] Dana,\n\nwhen may we visit?", flags=("lead_closed",))
ID = str(RECORD.follow_up_id)


class Service:
    """Answers every request with one body, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.body: Any = RECORD.model_dump(mode="json")
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Keep the request and answer."""
        self.asked.append(request)
        return httpx.Response(self.status, json=self.body)

    @property
    def posted(self) -> Any:
        """What the last request brought."""
        return json.loads(self.asked[-1].content)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Put a service in the place of a running one."""
    running = Service()

    def client(address: str) -> ServiceClient:
        return ServiceClient(address, httpx.MockTransport(running))

    monkeypatch.setattr(follow_ups, "ServiceClient", client)
    monkeypatch.setattr(usage, "ServiceClient", client)
    return running


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs a command to its good end and returns what it printed."""

    def call(*arguments: str) -> str:
        assert cli.main(arguments) == ExitCode.DONE, capsys.readouterr().err
        return capsys.readouterr().out

    return call


def stored(**changes: Any) -> Any:
    """Return the record changed, as the API gives it."""
    return RECORD.model_copy(update=changes).model_dump(mode="json")


def test_a_draft_is_shown_whole_with_how_to_approve_what_was_seen(
    service: Service, run: Callable[..., str]
) -> None:
    out = run("follow-ups", "show", ID)
    assert service.asked[0].url.path == f"/v1/follow-ups/{ID}"
    assert "Hello [bold] Dana," in out
    assert "when may we visit?" in out
    assert "Subject: Your garden" in out
    assert "written by template 1 (local)" in out
    assert "note: lead closed" in out
    assert f"gardenos follow-ups approve {ID} --by NAME --version 1" in out


def test_a_draft_is_shown_with_its_newest_text_findings_and_decisions(
    service: Service, run: Callable[..., str]
) -> None:
    edit = FollowUpEdit(
        by="marta",
        at=NOW,
        body="Another text.",
        sms_segments=2,
        findings=(a_finding(), a_finding(Severity.WARNING, "too_long")),
    )
    decision = Decision(state=DraftState.APPROVED, by="lena", at=NOW, reason="despite findings")
    service.body = stored(edits=(edit,), decisions=(decision,), state=DraftState.APPROVED)
    out = run("follow-ups", "show", ID)
    assert "Another text." in out
    assert "Hello" not in out
    assert "2 messages" in out
    assert "blocking foreign link: found x; allowed: y" in out
    assert "warning too long" in out
    assert "edited by marta" in out
    assert "approved by lena" in out
    assert "waits for your approval" not in out


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ([], {"limit": "20", "state": "awaiting_approval"}),
        (["--state", "all", "--lead", "a-1", "--limit", "3"], {"limit": "3", "lead_id": "a-1"}),
    ],
)
def test_the_list_is_that_of_work_unless_another_is_asked_for(
    service: Service, run: Callable[..., str], options: list[str], asked: dict[str, str]
) -> None:
    service.body = {"items": [stored()], "next_cursor": None}
    out = run("follow-ups", "list", *options)
    assert dict(service.asked[0].url.params) == asked
    assert ID in out


def test_an_empty_list_says_so(service: Service, run: Callable[..., str]) -> None:
    service.body = {"items": [], "next_cursor": None}
    assert run("follow-ups", "list").strip() == "No drafts."


@pytest.mark.parametrize(
    ("arguments", "path", "posted"),
    [
        (["draft", "a-1"], "", {"lead_id": "a-1"}),
        (
            ["draft", "a-1", "--channel", "email", "--stage", "breakup", "--tone", "formal"],
            "",
            {"lead_id": "a-1", "channel": "email", "stage": "breakup", "tone": "formal"},
        ),
        (["draft", "a-1", "--language", "de"], "", {"lead_id": "a-1", "language": "de"}),
        (
            ["approve", ID, "--by", "marta"],
            f"/{ID}/approve",
            {"by": "marta", "despite_findings": False},
        ),
        (
            ["approve", ID, "--by", "marta", "--version", "2", "--despite-findings"],
            f"/{ID}/approve",
            {"by": "marta", "version": 2, "despite_findings": True},
        ),
        (
            ["reject", ID, "--by", "marta", "--reason", "we spoke"],
            f"/{ID}/reject",
            {"by": "marta", "reason": "we spoke"},
        ),
        (
            ["edit", ID, "--by", "marta", "--body", "New.", "--subject", "Tuesday?"],
            f"/{ID}/edit",
            {"by": "marta", "body": "New.", "subject": "Tuesday?"},
        ),
    ],
)
def test_every_word_is_posted_as_it_was_said(
    service: Service,
    run: Callable[..., str],
    arguments: list[str],
    path: str,
    posted: dict[str, Any],
) -> None:
    run("follow-ups", *arguments)
    assert service.asked[0].url.path == f"/v1/follow-ups{path}"
    assert service.posted == posted


def test_the_text_of_an_edit_comes_from_a_file_or_from_standard_input(
    service: Service,
    run: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "text").write_text("Grüße aus dem Garten\n", encoding="utf-8")
    run("follow-ups", "edit", ID, "--by", "marta", "--file", str(tmp_path / "text"))
    from_file = service.posted["body"]
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"From a pipe\n"), "utf-8"))
    run("follow-ups", "edit", ID, "--by", "marta", "--file", "-")
    assert (from_file, service.posted["body"]) == ("Grüße aus dem Garten", "From a pipe")


@pytest.mark.parametrize(
    "arguments",
    [
        ["draft"],
        ["draft", "a-1", "--channel", "pigeon"],
        ["approve", ID],
        ["approve", "not-an-id", "--by", "marta"],
        ["reject", ID, "--by", "marta"],
        ["edit", ID, "--by", "marta"],
        ["edit", ID, "--by", "marta", "--body", "a", "--file", "-"],
        ["edit", ID, "--by", "marta", "--file", "/nowhere/text"],
        ["list", "--state", "lost"],
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_posted(
    service: Service, arguments: list[str]
) -> None:
    assert cli.main(["follow-ups", *arguments]) == ExitCode.USAGE
    assert not service.asked


def test_a_file_that_is_no_text_is_one_line(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_bytes(b"Gr\xfc\xdfe")
    file = str(tmp_path / "text")
    assert cli.main(["follow-ups", "edit", ID, "--by", "m", "--file", file]) == ExitCode.USAGE
    assert "UTF-8" in capsys.readouterr().err


def test_a_refusal_of_the_service_is_told_and_has_its_code(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.status, service.body = 409, {"title": "The present state forbids it", "detail": "final"}
    code = cli.main(["follow-ups", "approve", ID, "--by", "marta"])
    assert code == ExitCode.REFUSED
    assert "The present state forbids it: final" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["show", ID], ["draft", "a-1"], ["approve", ID, "--by", "m"], ["list"]],
)
def test_json_gives_the_answer_as_it_came(
    service: Service, run: Callable[..., str], arguments: list[str]
) -> None:
    assert json.loads(run("follow-ups", *arguments, "--json")) == service.body


LINE = UsageLine(
    agent="lead_analysis", calls=1200, prompt_tokens=800_000, completion_tokens=150_000,
    cost_nanousd=389_500_000,
)  # fmt: skip


def a_report(line: UsageSummary, model: str = "gpt-4o") -> Any:
    """Return a report of one line, as the API gives it."""
    return report(
        [UsageLine.model_validate(line.model_dump())],
        period=(NOW, NOW),
        by=[UsageDimension.AGENT],
        reference_model=model,
        reference=PRICES.find(model),
    ).model_dump(mode="json")


def test_usage_shows_cost_comparison_and_where_the_price_is_from(
    service: Service, run: Callable[..., str]
) -> None:
    service.body = a_report(LINE)
    out = run("usage", "--by", "agent", "--days", "7", "--compare-with", "gpt-4o")
    params = service.asked[0].url.params
    assert (params["by"], params["compare_with"]) == ("agent", "gpt-4o")
    assert "to 2026-11-23 12:00 UTC" in out
    assert "$0.389500" in out
    assert "$3.50" in out
    assert "88.9 %" in out
    assert "gpt-4o: price of 2026-11-01, a list" in out


@pytest.mark.parametrize(
    ("changes", "model", "told"),
    [
        ({"unpriced_calls": 3}, "gpt-4o", "3 calls to models without a known price"),
        ({"estimated_calls": 2}, "gpt-4o", "2 calls without usage"),
        ({"estimated_calls": 1}, "gpt-4o", "1 call without usage"),
        ({"unpriced_calls": 3}, "gpt-4o", "+ unknown"),
        ({"unpriced_calls": 1200}, "gpt-4o", "unknown"),
        ({}, "gpt-0", "gpt-0: no price is known"),
    ],
)
def test_usage_says_what_the_figures_rest_on(
    service: Service, run: Callable[..., str], changes: dict[str, int], model: str, told: str
) -> None:
    service.body = a_report(LINE.model_copy(update=changes), model)
    assert told in run("usage")


def test_usage_without_any_call_says_that_all_ran_offline(
    service: Service, run: Callable[..., str]
) -> None:
    service.body = a_report(UsageLine())
    assert "No model was asked in 30 days" in run("usage")


def test_the_total_stands_alone_where_nothing_is_broken_down(
    service: Service, run: Callable[..., str]
) -> None:
    body = a_report(LINE)
    service.body = {**body, "by": [], "lines": []}
    assert run("usage", "--by", "").count("$0.389500") == 1
