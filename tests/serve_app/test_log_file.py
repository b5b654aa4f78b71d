"""Claims about the log: an operator sees each event as one line, which holds no foreign words."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationError
from serve_app import log_file
from serve_app.log_file import Follower, followed_log, write_to_log
from serve_app.log_lines import EventFormatter
from tests.system.application import REPOSITORY, environment

logger = logging.getLogger("actors.models")


@pytest.fixture
def root_handlers() -> Iterator[list[logging.Handler]]:
    """Give the handlers of the root logger and take back those that a test adds."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield root.handlers
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)
            handler.close()


def record(message: str, error: Exception | None = None, **facts: Any) -> logging.LogRecord:
    """Return a record as a logger makes it."""
    info = (type(error), error, error.__traceback__) if error else None
    return logger.makeRecord(
        "actors.models", logging.WARNING, "f", 1, message, (), info, extra=facts
    )


def raised() -> ValueError:
    """Return an error that quotes a customer."""
    try:
        int("call me: +15035550133")
    except ValueError as error:
        return error
    raise AssertionError("a number after all")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (record("model_failing", model="a/b", code="unavailable"), "model=a/b code=unavailable"),
        (record("claim_failed", kind="x\nERROR forged\x1b[2J"), "kind=x ERROR forged [2J"),
        (record("first\nsecond"), "WARNING first"),
        (record("loop_fault", raised()), "fault=ValueError at=test_log_file.py:"),
    ],
)
def test_an_event_is_one_line_with_its_facts(given: logging.LogRecord, told: str) -> None:
    line = EventFormatter().format(given)
    assert told in line
    assert "\n" not in line
    assert "+15035550133" not in line


def test_what_any_process_warns_of_is_shown_and_stays(
    tmp_path: Path, root_handlers: list[logging.Handler]
) -> None:
    del root_handlers
    shown: list[str] = []
    with followed_log(tmp_path / "logs", shown.append) as path:
        write_to_log()
        logger.warning("model_failing", extra={"model": "m"})
        logger.info("not worth a look")
        logging.getLogger("ray.serve").warning("a word of Ray's")
        script = (
            "import logging; from serve_app.log_file import write_to_log; write_to_log();"
            "logging.getLogger('deployments.x').error('agent_lost', extra={'replica': 'r-1'})"
        )
        variables = environment({"_GARDENOS_LOG_FILE": str(path)})
        subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, env=variables, check=True)
    assert [line.split(" ", 1)[1] for line in shown] == [
        "WARNING model_failing model=m",
        "ERROR agent_lost replica=r-1",
    ]
    assert path.read_text(encoding="utf-8").splitlines() == shown
    assert path.stat().st_mode & 0o077 == 0


def test_what_was_logged_before_is_not_shown_again(tmp_path: Path) -> None:
    (tmp_path / log_file.NAME).write_text("of yesterday\n", encoding="utf-8")
    shown: list[str] = []
    with followed_log(tmp_path, shown.append):
        pass
    assert shown == []


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / log_file.NAME
    path.touch()
    shown: list[str] = []
    follower = Follower(path, shown.append)
    with path.open("a", encoding="utf-8") as opened:
        for part in ("one\ntw", "o\n"):
            opened.write(part)
            opened.flush()
            follower.look()
    assert shown == ["one", "two"]


def test_a_large_log_is_put_aside_once_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "MAX_BYTES", 10)
    path = tmp_path / log_file.NAME
    path.touch()
    shown: list[str] = []
    follower = Follower(path, shown.append)
    for line in ("a line that is long\n", "another that is long\n", "short\n"):
        with path.open("a", encoding="utf-8") as opened:
            opened.write(line)
        follower.look()
    assert shown == ["a line that is long", "another that is long", "short"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["gardenos.log", "gardenos.log.1"]


def test_a_folder_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match="data_folder"),
        followed_log(tmp_path / "file" / "logs", print),
    ):
        pass
