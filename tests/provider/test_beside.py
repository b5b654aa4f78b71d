"""A provider in a thread or a process is steered and read from outside while it runs."""

import threading
from pathlib import Path

import httpx
import pytest

from tests.provider.__main__ import main
from tests.provider.asking import body
from tests.provider.behaviour import Behaviour
from tests.provider.beside import ProviderProcess, ProviderThread
from tests.provider.brains import ScriptedBrain
from tests.provider.calls import Outcome, read_calls
from tests.provider.faults import Fault, Rule


def status_of(base_url: str) -> int:
    """Make a call and return the status of its answer."""
    return httpx.post(f"{base_url}/chat/completions", json=body(), timeout=5).status_code


def test_a_provider_in_a_thread_changes_while_it_runs_and_comes_back_on_its_port() -> None:
    with ProviderThread() as provider:
        statuses = [status_of(provider.base_url)]
        provider.plan(Fault.UNAVAILABLE)
        statuses.append(status_of(provider.base_url))
        provider.plan()
        provider.use(ScriptedBrain(["one", {"two": 2}]))
        said = [
            httpx.post(f"{provider.base_url}/chat/completions", json=body(schema=None)).json()
            for _ in range(3)
        ]
        provider.stop()
        with pytest.raises(httpx.ConnectError):
            status_of(provider.base_url)
        provider.start()
        statuses.append(status_of(provider.base_url))
    contents = [one["choices"][0]["message"]["content"] for one in said]
    assert statuses == [200, 503, 200]
    assert contents == ["one", '{"two":2}', '{"two":2}']
    assert provider.log.totals.calls == 6


def test_another_thread_waits_for_what_the_log_will_say() -> None:
    with ProviderThread(Behaviour(rules=(Rule(fault=Fault.HANG),))) as provider:
        caller = threading.Thread(target=_leave_soon, args=(provider.base_url,))
        caller.start()
        left = provider.log.wait_until(lambda log: log.totals.client_closed == 1, timeout_s=5)
        caller.join()
        never = provider.log.wait_until(lambda log: log.totals.calls == 9, timeout_s=0.01)
        provider.clear()
    assert left
    assert not never
    assert provider.log.totals.calls == 0


def _leave_soon(base_url: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{base_url}/chat/completions", json=body(), timeout=0.05)


def test_a_provider_in_a_process_is_read_and_changed_over_http(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with ProviderProcess("--log", str(path), "--api-key", "sk-expected-0001") as provider:
        statuses = [status_of(provider.base_url)]
        provider.change(api_key=None, latency_ms=5)
        provider.plan(Rule(fault=Fault.FORBIDDEN, times=1))
        statuses += [status_of(provider.base_url) for _ in range(2)]
        with pytest.raises(ValueError, match="latency_ms"):
            provider.change(latency_ms=-1)
        calls = provider.calls(after=1)
        summary = provider.summary()
        shown = httpx.get(f"{provider.address}/_plan").json()
        provider.clear()
        cleared = provider.calls()
    assert statuses == [401, 403, 200]
    assert [(call.number, call.outcome, call.fault) for call in calls] == [
        (2, Outcome.ANSWERED, Fault.FORBIDDEN),
        (3, Outcome.ANSWERED, None),
    ]
    assert summary["by_status"] == {"401": 1, "403": 1, "200": 1}
    assert shown["latency_ms"] == 5
    assert cleared == []
    assert [call.status for call in read_calls(path)] == statuses


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fault", "earthquake"], "fault"),
        (["--fault", "reset:probability=2"], "probability"),
        (["--fault", "reset:often"], "FIELD=VALUE"),
        (["--latency-ms", "-5"], "latency_ms"),
        (["--brain", "scripted"], "answers"),
        (["--plan", __file__], "--plan"),
    ],
)
def test_a_wrong_option_stops_the_start_and_is_named(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(options)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_help_and_the_list_name_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--list-faults"])
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()] == [fault.value for fault in Fault]
