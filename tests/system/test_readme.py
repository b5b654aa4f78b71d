"""Every command of the README runs as it stands there, apart from the port."""

import json
import re
import subprocess

import pytest

from postgres.embedded import EmbeddedServer
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
START = "make run"
OTHER_DATABASE = "gardenos migrate"


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
    return done.stdout


def on_port(commands: str, port: int) -> str:
    """Return the commands for another port than the default, and for this environment's tools."""
    return commands.replace(":8000", f":{port}").replace(".venv/bin/", f"{GARDENOS.parent}/")


def test_the_two_first_commands_are_targets_that_do_what_is_said() -> None:
    planned = shell("make --dry-run run; make --dry-run test", {})
    assert "gardenos demo" in planned
    assert "pytest" in planned


@pytest.mark.parametrize(
    "block", [one for one in BLOCKS if START not in one and OTHER_DATABASE not in one]
)
def test_a_block_runs_against_the_running_service(application: Application, block: str) -> None:
    variables = {"GARDENOS_HTTP__PORT": str(application.port)}
    printed = shell(on_port(block, application.port), variables)
    assert printed.strip()
    assert "problems/" not in printed
    if "analyze" in block:
        assert json.loads(printed)["reasons"]


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
