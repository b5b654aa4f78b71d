"""Every command of the README and the guides runs as it stands there, apart from the port."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from postgres.embedded import EmbeddedServer
from tests.provider.behaviour import Behaviour
from tests.provider.beside import ProviderThread
from tests.system.application import (
    GARDENOS,
    REPOSITORY,
    Application,
    environment,
    free_port,
    until,
)

pytestmark = pytest.mark.timeout(180)

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
GUIDES = [
    block
    for guide in sorted((REPOSITORY / "docs" / "how-to").glob("*.md"))
    for block in re.findall(r"```sh\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
]
START = "make run"
OTHER_DATABASE = "gardenos migrate"
EXPORT = re.compile(r"^export (GARDENOS_MODEL__\w+)=(.*)$", re.MULTILINE)
SAMPLES = REPOSITORY / "serve_app" / "samples" / "leads_12.jsonl"
MODEL = dict(EXPORT.findall(README))
DRAFT = " ID "
"""Stands in the README for the id of a draft."""


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderThread]:
    """Give a provider that takes the README's key and no other."""
    with ProviderThread(Behaviour(api_key=MODEL["GARDENOS_MODEL__API_KEY"])) as running:
        yield running


@pytest.fixture(scope="module")
def application(folder: Path, provider: ProviderThread) -> Iterator[Application]:
    """Give a running application that asks the README's model, at the stand-in's address."""
    variables = {
        **MODEL,
        "GARDENOS_MODEL__BASE_URL": provider.base_url,
        "GARDENOS_AGENTS__SUMMARY__AGENT": "tests.agents.summary:SummaryAgent",
        "GARDENOS_DASHBOARD__ENABLED": "false",
    }
    with Application(folder, variables) as running:
        yield running


def shell(commands: str, variables: dict[str, str]) -> str:
    """Run a block of the README; every command must succeed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=REPOSITORY,
        env=environment({**variables, "PATH": f"{GARDENOS.parent}:/usr/bin:/bin"}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def on_port(commands: str, port: int) -> str:
    """Return the commands for another port than the default, and for this environment's tools."""
    return commands.replace(":8000", f":{port}").replace(".venv/bin/", f"{GARDENOS.parent}/")


def steps(block: str) -> list[str]:
    """Return a block in parts: a command that names a draft comes after the draft is there."""
    first, *rest = re.split(r"\n(?=.*" + DRAFT + ")", block)
    return [first, *rest]


def test_the_two_first_commands_are_targets_that_do_what_is_said() -> None:
    planned = shell("make --dry-run run; make --dry-run test", {})
    assert "gardenos demo" in planned
    assert "pytest" in planned


@pytest.mark.parametrize(
    "block", [one for one in BLOCKS if START not in one and OTHER_DATABASE not in one]
)
def test_a_block_runs_against_the_running_service(
    application: Application, folder: Path, block: str
) -> None:
    variables = {
        "GARDENOS_HTTP__PORT": str(application.port),
        "GARDENOS_DATA_FOLDER": str(folder / "data"),
    }
    for step in steps(block.replace("scored.jsonl", str(folder / "scored.jsonl"))):
        commands = on_port(step, application.port)
        if DRAFT in commands:
            waiting = application.get("/v1/follow-ups", state="awaiting_approval")["items"]
            commands = commands.replace(DRAFT, f" {waiting[0]['follow_up_id']} ")
        printed = shell(commands, variables)
        assert printed.strip()
        assert "problems/" not in printed
        if "analyze" in step:
            assert json.loads(printed)["reasons"]


@pytest.mark.parametrize(
    "block",
    [one for one in GUIDES if "curl" in one or "gardenos usage" in one or "gardenos events" in one],
)
def test_a_block_of_a_guide_runs_against_the_running_service(
    application: Application, block: str
) -> None:
    variables = {"GARDENOS_HTTP__PORT": str(application.port)}
    printed = shell(on_port(block, application.port), variables)
    assert printed.strip()
    assert "problems/" not in printed
    if "analyze" in block:
        assert json.loads(printed)["route"] == "model"


def test_the_driver_of_a_guide_reaches_the_agent(application: Application, folder: Path) -> None:
    guide = (REPOSITORY / "docs" / "how-to" / "add-an-agent.md").read_text(encoding="utf-8")
    (driver,) = re.findall(r"```python\n(import os\n.*?)```", guide, re.DOTALL)
    (folder / "driver.py").write_text(driver, encoding="utf-8")
    variables = {"RAY_ADDRESS": application.told["ray"]}
    printed = shell(f"{sys.executable} {folder}/driver.py", variables)
    assert "nothing more" in printed


@pytest.mark.parametrize("seconds", ["0.000001", "0.001"])
def test_a_timeout_too_short_for_anything_is_a_problem_too(
    application: Application, seconds: str
) -> None:
    headers = {"X-Request-Timeout-Seconds": seconds}
    answer = application.http.post("/v1/leads/analyze", json={"message": "mow"}, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (504, 504)
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_row_of_the_scored_file_has_its_score(application: Application, folder: Path) -> None:
    lines = (folder / "scored.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(SAMPLES.read_text(encoding="utf-8").splitlines())
    assert all('"score"' in line for line in lines)


def test_the_three_variables_make_the_agents_ask_the_model(
    application: Application, provider: ProviderThread
) -> None:
    lead = {
        "contact": {"phone": "+15035550133"},
        "location": {"postal_code": "97209", "country": "US"},
        "message": "We own the house; new lawn, 2,000 sq ft, budget $9k, in spring.",
    }
    billed = application.get("/v1/usage", by="model")["total"]["calls"]
    asked = provider.log.totals.calls
    analysis = application.post("/v1/leads/analyze", lead)
    usage = application.get("/v1/usage", by="model")
    assert analysis["route"] == "model"
    assert analysis["model"]["llm"] == MODEL["GARDENOS_MODEL__NAME"]
    assert usage["total"]["calls"] - billed == provider.log.totals.calls - asked >= 1
    assert 0 < usage["total"]["comparison"]["saved_percent"] < 100


def test_the_key_is_in_no_file_and_no_answer(application: Application, folder: Path) -> None:
    key = MODEL["GARDENOS_MODEL__API_KEY"].encode()
    folders = {folder, *application.run_folders()}
    written = {path: contents for each in folders for path, contents in files_below(each)}
    assert len(folders) > 1
    assert len(written) > 50
    assert [path for path, contents in written.items() if key in contents] == []
    assert key not in application.http.get("/v1/agents").content


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file of a running service with its contents; some come and go."""
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                yield path, path.read_bytes()


@pytest.mark.slow
def test_the_service_runs_from_the_deploy_config_on_a_named_database(
    postgres_server: EmbeddedServer, dsn: str, short_folder: object
) -> None:
    del postgres_server
    (block,) = [one for one in BLOCKS if OTHER_DATABASE in one]
    migrate, serve = block.strip().splitlines()
    port = free_port()
    variables = {
        "GARDENOS_DATABASE_URL": dsn,
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    shell(on_port(migrate, port), variables)
    config = (REPOSITORY / "serve.yaml").read_text(encoding="utf-8")
    file = f"{short_folder}/serve.yaml"
    with open(file, "w", encoding="utf-8") as changed:  # noqa: PTH123 - a plain file
        changed.write(config.replace("port: 8000", f"port: {port}"))
    command = on_port(serve.split("#")[0].replace("serve.yaml", file), port)
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        env=environment(variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: '"ready":true' in probe(port), "the service is ready", 90)
    finally:
        process.terminate()
        process.wait(60)


def probe(port: int) -> str:
    """Return what /readyz says, or nothing."""
    address = f"http://127.0.0.1:{port}/readyz"
    asked = subprocess.run(
        ["curl", "-s", "-m", "5", address], capture_output=True, text=True, check=False
    )
    return asked.stdout
