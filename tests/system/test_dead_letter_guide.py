"""The guide to dead letters: its commands do what it says, its table is the one that decides."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from domain.failures import FAILURES
from tests.system.application import GARDENOS, REPOSITORY, Application, environment, until

pytestmark = pytest.mark.timeout(180)

GUIDE = (REPOSITORY / "docs" / "how-to" / "replay-dead-letters.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    for line in block.splitlines()
    if "gardenos dead-letters" in line
]
LONGER_THAN_ITS_DEADLINE_S = 1.5


def test_the_guides_table_is_the_one_that_decides() -> None:
    rows = re.findall(r"^\| (`\w+`)? ?\| (`\w+`)? ?\|$", GUIDE, re.MULTILINE)
    again, final = ({one.strip("`") for one in column if one} for column in zip(*rows, strict=True))
    assert again == {code for code, one in FAILURES.items() if one.is_retryable}
    assert final == {code for code, one in FAILURES.items() if not one.is_retryable}


@pytest.fixture
def letter(application: Application, tmp_path: Path) -> str:
    """Give a task that expired; without its deadline it would have succeeded."""
    payload = {
        "seconds": LONGER_THAN_ITS_DEADLINE_S,
        "journal": str(tmp_path / "runs.jsonl"),
        "name": "late",
    }
    asked = {"kind": "slow", "payload": payload, "deadline_ms": 500}
    task_id = str(application.post("/v1/tasks", asked)["task_id"])
    until(lambda: state_of(application, task_id) == "expired", "the task expires")
    return task_id


def state_of(application: Application, task_id: str) -> str:
    """Return the state of a task."""
    return str(application.get(f"/v1/tasks/{task_id}")["state"])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_guide_does_what_it_says(
    application: Application, letter: str, command: str
) -> None:
    words = command.replace(" ID", f" {letter}").split()
    done = subprocess.run(
        [GARDENOS, *words[1:]],
        env=environment({"GARDENOS_HTTP__PORT": str(application.port), "COLUMNS": "200"}),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "--json" in command:
        assert letter in [one["task_id"] for one in json.loads(done.stdout)["items"]]
    if "--dry-run" in command:
        assert "would be queued again" in done.stdout
    elif "replay" in words:
        assert "queued again" in done.stdout
        until(lambda: state_of(application, letter) == "succeeded", "the replay succeeds")
    else:
        assert letter in done.stdout
        if "show" in words:
            assert "deadline_exceeded" in done.stdout
    if "replay" not in words or "--dry-run" in words:
        assert state_of(application, letter) == "expired"
