"""The bill against the provider's own log: what the product says it used is what it was charged."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from actors.prices import load_prices
from domain.usage import cost_nanousd
from tests.provider.beside import ProviderProcess
from tests.provider.calls import Call, Outcome
from tests.provider.faults import Fault, Rule
from tests.system.application import Application, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

MODEL = "deepseek-ai/DeepSeek-V3.2"
KEY = "a-key-of-a-test-that-nobody-may-read"
TIMEOUT_HEADER = "X-Request-Timeout-Seconds"
OPEN = {"queued", "waiting", "running"}

TOLD = (
    Fault.RATE_LIMITED,
    Fault.SERVER_ERROR,
    Fault.UNAVAILABLE,
    Fault.WRONG_SCHEMA,
    Fault.HALF_CONTENT,
    Fault.EMPTY_CONTENT,
    Fault.CUT_BY_LENGTH,
    Fault.REFUSAL,
    Fault.PROSE,
)
"""Faults after which the provider has charged nothing, or has said what."""

UNTOLD = (
    Fault.NO_USAGE,
    Fault.NULL_USAGE,
    Fault.RESET,
    Fault.CLOSE_EARLY,
    Fault.HALF_BODY,
    Fault.GARBAGE,
    Fault.HTML_PAGE,
    Fault.NO_CHOICES,
)
"""Faults after which nobody knows what was charged."""


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderProcess]:
    """Give a provider that caches prefixes and takes a moment."""
    options = ("--caches-prefix", "--latency-ms", "20", "--jitter-ms", "10", "--api-key", KEY)
    with ProviderProcess(*options, "--seed", "3") as running:
        yield running


@pytest.fixture(scope="module")
def application(provider: ProviderProcess) -> Iterator[Application]:
    """Give an application that asks the provider, in an environment made for other programs."""
    variables = {
        "GARDENOS_MODEL__BASE_URL": provider.base_url,
        "GARDENOS_MODEL__NAME": MODEL,
        "GARDENOS_MODEL__API_KEY": KEY,
        "GARDENOS_MODEL__RETRY_BASE_S": "0.02",
        "GARDENOS_MODEL__TIMEOUT_S": "2",
        "OPENAI_API_KEY": "a-key-of-another-program",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "OPENAI_ORG_ID": "another-organisation",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "all_proxy": "http://127.0.0.1:9",
    }
    with TemporaryDirectory(prefix="gardenos-system-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with Application(folder, variables) as running:
            yield running


def lead(name: str) -> dict[str, Any]:
    """Return a lead that is worth asking about, with an address of its own."""
    return {
        "lead_id": name,
        "contact": {"full_name": "Kim Lee", "email": f"{name}@example.com"},
        "location": {"postal_code": "97209", "country": "US"},
        "message": f"We own the house ({name}) and want a lawn of 2,000 sq ft, budget $9k.",
    }


def at_once(application: Application, work: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Post everything, some at a time, and see that no provider's fault becomes ours."""

    def post(one: tuple[str, dict[str, Any]]) -> int:
        path, body = one
        return application.http.post(path, json=body).status_code

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, work))
    assert set(answers) <= {200, 201, 202}


def settle(application: Application, provider: ProviderProcess) -> None:
    """Wait until no task is open and no call is in flight."""

    def settled() -> bool:
        tasks = application.get("/v1/tasks", limit=200)["items"]
        return not OPEN & {task["state"] for task in tasks} and not provider.summary()["in_flight"]

    until(settled, "every task has ended", 60)


def billed(application: Application, since: datetime) -> dict[str, Any]:
    """Return the total of the ledger from a moment on."""
    report = application.get("/v1/usage", by="", since=since.isoformat())
    total: dict[str, Any] = report["total"]
    return total


def asked(name: str, rounds: int) -> list[tuple[str, dict[str, Any]]]:
    """Return analyses now and later, and drafts, for leads of their own."""
    work: list[tuple[str, dict[str, Any]]] = []
    for number in range(rounds):
        work.append(("/v1/leads/analyze", lead(f"{name}-now-{number}")))
        work.append(("/v1/leads", lead(f"{name}-later-{number}")))
    return work


def mix(faults: Sequence[Fault]) -> list[Rule]:
    """Return rules that play each fault to about half of the calls, together."""
    share = 1 / (2 * len(faults))
    return [Rule(fault=fault, probability=share) for fault in faults]


def priced(calls: Sequence[Call]) -> int:
    """Return what the calls cost by the table, each rounded by itself."""
    price = load_prices(None).find(MODEL)
    assert price is not None
    return sum(
        cost_nanousd(
            price,
            prompt_tokens=call.prompt_tokens,
            cached_prompt_tokens=call.cached_tokens,
            completion_tokens=call.completion_tokens,
        )
        for call in calls
    )


def sums(calls: Sequence[Call]) -> Mapping[str, int]:
    """Return what the provider charged for calls, in the words of the ledger."""
    return {
        "calls": len(calls),
        "prompt_tokens": sum(call.prompt_tokens for call in calls),
        "cached_prompt_tokens": sum(call.cached_tokens for call in calls),
        "completion_tokens": sum(call.completion_tokens for call in calls),
        "cost_nanousd": priced(calls),
        "estimated_calls": 0,
        "unpriced_calls": 0,
    }


def run_of(
    application: Application, provider: ProviderProcess, name: str, faults: Sequence[Fault]
) -> tuple[dict[str, Any], list[Call]]:
    """Ask for everything under faults; return the ledger's total and the provider's calls."""
    since = datetime.now(UTC)
    before = int(provider.summary()["calls"])
    provider.plan(*mix(faults))
    at_once(application, asked(name, 15))
    settle(application, provider)
    drafts = [
        ("/v1/follow-ups", {"lead_id": f"{name}-{when}-{number}"})
        for number in range(10)
        for when in ("now", "later")
    ]
    at_once(application, drafts)
    settle(application, provider)
    provider.plan()
    return billed(application, since), provider.calls(after=before)


def test_the_ledger_equals_the_provider_s_log_to_the_token(
    application: Application, provider: ProviderProcess
) -> None:
    total, calls = run_of(application, provider, "told", TOLD)
    assert {call.fault for call in calls} >= set(TOLD)
    charged = [call for call in calls if call.status == 200]
    assert sum(call.cached_tokens for call in charged) > 0
    assert {name: total[name] for name in sums(charged)} == sums(charged)


def test_a_call_whose_price_nobody_told_is_one_estimated_call(
    application: Application, provider: ProviderProcess
) -> None:
    total, calls = run_of(application, provider, "untold", UNTOLD)
    assert {call.fault for call in calls} >= set(UNTOLD)
    assert total["calls"] == len(calls)
    assert total["estimated_calls"] == sum(call.fault in UNTOLD for call in calls)
    assert total["prompt_tokens"] == pytest.approx(
        sum(call.prompt_tokens or 900 for call in calls), rel=0.3
    )


def test_what_was_cancelled_expired_or_deleted_stays_on_the_bill(
    application: Application, provider: ProviderProcess
) -> None:
    since = datetime.now(UTC)
    before = int(provider.summary()["calls"])
    provider.plan(Fault.HANG)
    accepted = [application.post("/v1/leads", lead(f"gone-{number}")) for number in range(4)]
    until(lambda: provider.summary()["in_flight"] == len(accepted), "all are in flight", 20)
    tasks = [one["task"]["task_id"] for one in accepted]
    application.post(f"/v1/tasks/{tasks[0]}/cancel", {})
    assert application.http.delete("/v1/leads/gone-1").status_code == 204
    began_s = time.monotonic()
    late = application.http.post(
        "/v1/leads/analyze", json=lead("gone-short"), headers={TIMEOUT_HEADER: "1.5"}
    )
    took_s = time.monotonic() - began_s
    assert (late.status_code, late.json()["route"]) == (200, "degraded")
    assert late.json()["degraded_because"].startswith("timeout:")
    assert took_s < 1.5
    provider.plan()
    settle(application, provider)
    calls = provider.calls(after=before)
    hung = [call for call in calls if call.outcome is Outcome.CLIENT_CLOSED]
    assert len(hung) == len(accepted) + 1
    until(lambda: billed(application, since)["calls"] >= len(calls), "the ledger is written", 10)
    total = billed(application, since)
    assert (total["calls"], total["estimated_calls"]) == (len(calls), len(hung))
    assert total["cost_nanousd"] > 0


def test_an_operator_sees_a_provider_go_bad_and_be_well_again(
    application: Application, provider: ProviderProcess
) -> None:
    log = application.folder / ".gardenos" / "logs" / "gardenos.log"
    shown = application.folder / "stderr.txt"
    log_before = log.read_text("utf-8")
    provider.plan(Fault.SERVER_ERROR)
    for name in ("bad-1", "bad-2"):
        application.post("/v1/leads/analyze", lead(name))
    provider.plan()
    for name in ("well-1", "well-2"):
        assert application.post("/v1/leads/analyze", lead(name))["route"] == "model"
    logged = log.read_text("utf-8")[len(log_before) :]
    events = [line.split()[2] for line in logged.splitlines() if f"model={MODEL}" in line]
    assert events == ["model_failing", "model_recovered"]
    until(lambda: logged in shown.read_text("utf-8"), "what was logged is shown", 10)
    assert "code=" in logged
    assert "example.com" not in logged


def test_the_key_stands_in_no_log_no_command_line_no_file_and_no_answer(
    application: Application, provider: ProviderProcess
) -> None:
    provider.plan(Fault.UNAUTHORIZED)
    refused = application.post("/v1/leads/analyze", lead("refused"))
    provider.plan()
    assert refused["degraded_because"].startswith("unauthorised:")
    asked = provider.calls()
    assert {call.key_last4 for call in asked} == {KEY[-4:]}
    answers = (application.http.get(path).text for path in ("/v1/agents", "/openapi.json"))
    command_lines = (" ".join(process.cmdline()) for process in application.processes())
    folders = [application.folder, *application.run_folders()]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert any(file.suffix in {".log", ".out"} for file in files)
    secret = KEY.encode()
    telling = [
        *(file for file in files if secret in file.read_bytes()),
        *(text for text in (*answers, *command_lines, str(refused)) if KEY in text),
    ]
    assert telling == []
