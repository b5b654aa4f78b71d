"""A service that asks who is calling, over real HTTP, with keys of the command line."""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from tests.system.application import GARDENOS, REPOSITORY, Application, environment, until

pytestmark = pytest.mark.timeout(240)

HOST = "127.0.0.7"
"""Loopback, and apart from the address that Ray uses: what follows the setting is told apart."""

KNOWN_S = 2.0
SETTINGS = {
    "GARDENOS_AUTH__MODE": "api_key",
    "GARDENOS_AUTH__CACHE_S": str(KNOWN_S),
    "GARDENOS_HTTP__HOST": HOST,
    "GARDENOS_DASHBOARD__ENABLED": "false",
}
SLACK_S = 5.0
"""A machine that is busy may be late; what is promised is the time of the setting."""


@pytest.fixture(scope="module")
def guarded() -> Iterator[Application]:
    """Give a running service that asks for keys."""
    with TemporaryDirectory(prefix="gardenos-system-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        application = Application(folder, SETTINGS)
        application.address = f"http://{HOST}:{application.port}"
        application.http.base_url = application.address
        with application as running:
            yield running


def command(
    application: Application, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line beside the service."""
    return subprocess.run(
        [GARDENOS, *arguments],
        cwd=application.folder,
        env=environment({**SETTINGS, **(variables or {})}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def make_key(application: Application, *scopes: str) -> Any:
    """Make a key by the command line."""
    options = [word for scope in scopes for word in ("--scope", scope)]
    made = command(application, "keys", "create", "--tenant", "green", *options, "--json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def status_of(application: Application, key: str | None, method: str = "GET") -> int:
    """Return how a request with a key is answered."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    lead = {"contact": {"email": "a@example.com"}} if method == "POST" else None
    return application.http.request(method, "/v1/leads", headers=headers, json=lead).status_code


def test_a_key_opens_what_it_may_until_it_is_revoked(guarded: Application) -> None:
    assert status_of(guarded, None) == 401
    made = make_key(guarded, "read")
    key = made["key"]
    assert status_of(guarded, key) == 200
    assert status_of(guarded, key, "POST") == 403
    assert status_of(guarded, make_key(guarded, "write")["key"], "POST") == 202

    revoked = command(guarded, "keys", "revoke", made["key_id"], "--json")
    began_s = time.monotonic()
    assert json.loads(revoked.stdout)["obeyed_within_s"] == KNOWN_S
    until(lambda: status_of(guarded, key) == 401, "the key is refused", 30)
    assert time.monotonic() - began_s <= KNOWN_S + SLACK_S

    listed = json.loads(command(guarded, "keys", "list", "--json").stdout)["items"]
    assert {one["key_id"]: one["state"] for one in listed}[made["key_id"]] == "revoked"
    assert {one["tenant"] for one in listed} == {"green"}
    assert key.split("_")[2] not in json.dumps(listed)


def test_the_command_line_sends_its_key_and_says_where_one_goes(guarded: Application) -> None:
    key = make_key(guarded, "read", "write")["key"]
    asked = ["status", "--address", guarded.address]
    without = command(guarded, *asked)
    assert without.returncode == 5
    assert "GARDENOS_API_KEY" in without.stderr
    assert "gardenos keys create" in without.stderr
    assert command(guarded, *asked, variables={"GARDENOS_API_KEY": key}).returncode == 0
    wrong = command(guarded, *asked, variables={"GARDENOS_API_KEY": key[:-1] + "?"})
    assert wrong.returncode == 5
    assert key[:-1] not in wrong.stderr + wrong.stdout

    file = guarded.folder / "leads.jsonl"
    file.write_text('{"contact": {"email": "b@example.com"}, "message": "hedge"}\n')
    score = ["score", str(file), "--address", guarded.address, "--out"]
    refused = command(guarded, *score, str(guarded.folder / "refused.jsonl"))
    assert refused.returncode == 5
    assert "GARDENOS_API_KEY" in refused.stderr
    scored = command(
        guarded, *score, str(guarded.folder / "scored.jsonl"), variables={"GARDENOS_API_KEY": key}
    )
    assert scored.returncode == 0, scored.stderr


def test_the_guide_does_what_it_says(guarded: Application) -> None:
    guide = (REPOSITORY / "docs" / "how-to" / "know-who-calls.md").read_text(encoding="utf-8")
    commands_of_keys = r"```sh\n(umask .*?|\.venv/bin/gardenos keys .*?|curl .*?)```"
    blocks = re.findall(commands_of_keys, guide, re.DOTALL)
    assert len(blocks) == 3
    key_id = make_key(guarded, "read")["key_id"]
    for block in blocks:
        commands = block.replace(".venv/bin/", f"{GARDENOS.parent}/").replace("4fQx0aB7Kd2", key_id)
        commands = commands.replace("http://127.0.0.1:8000", guarded.address)
        done = subprocess.run(
            [
                "bash",
                "-euo",
                "pipefail",
                "-c",
                commands.replace("http://127.0.0.1:8000", guarded.address),
            ],
            cwd=guarded.folder,
            env=environment(SETTINGS),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
        if block.startswith("curl"):
            assert "items" in json.loads(done.stdout)
    key_file = guarded.folder / "key.txt"
    assert key_file.stat().st_mode & 0o077 == 0
    key_file.unlink()


def test_no_key_stands_in_a_log_or_in_the_database(guarded: Application) -> None:
    made = make_key(guarded, "read")
    assert status_of(guarded, made["key"]) == 200
    assert status_of(guarded, made["key"][:-1] + "?") == 401
    secret = made["key"].split("_")[2][:43].encode()
    searched = 0
    for file in guarded.folder.rglob("*"):
        if file.is_file():
            searched += 1
            assert secret not in file.read_bytes(), file
    for folder in guarded.run_folders():
        for file in folder.rglob("*.log"):
            assert secret not in file.read_bytes(), file
    assert searched > 100


def test_only_the_http_face_follows_the_address_that_is_set(guarded: Application) -> None:
    listening = {
        (place.laddr.ip.removeprefix("::ffff:"), place.laddr.port)
        for process in guarded.processes()
        for place in process.net_connections(kind="tcp")
        if place.status == psutil.CONN_LISTEN
    }
    assert (HOST, guarded.port) in listening
    elsewhere = {place for place in listening if place[0] not in ("127.0.0.1", "::1")}
    assert elsewhere == {(HOST, guarded.port)}
