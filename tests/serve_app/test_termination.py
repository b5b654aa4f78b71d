"""What stays in a container ends in order when it is told to, and says meanwhile what happens."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from serve_app.termination import SIGNALS, until_terminated

LIMIT_S = 30.0


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_sets_the_end(number: signal.Signals) -> None:
    with until_terminated() as stop:
        os.kill(os.getpid(), number)
        async with asyncio.timeout(LIMIT_S):
            await stop.wait()

    assert signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}


async def test_events_are_told_meanwhile_and_no_longer(capsys: pytest.CaptureFixture[str]) -> None:
    handlers = list(logging.getLogger().handlers)
    with until_terminated():
        logging.getLogger("postgres").info("cluster_bootstrapped", extra={"database_created": True})

    assert "INFO cluster_bootstrapped database_created=True" in capsys.readouterr().err
    assert logging.getLogger().handlers == handlers


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["metrics", "--listen", "127.0.0.1", "--port", "0"], "Metrics of backups on"),
        (["bootstrap", "--stay"], "bootstrap_waits"),
    ],
)
def test_what_stays_ends_in_order(tmp_path: Path, words: list[str], first: str) -> None:
    nowhere = f"postgresql://postgres@/postgres?host={tmp_path}"
    process = subprocess.Popen(
        [sys.executable, "-m", "serve_app.cli", "postgres", *words],
        env={"PATH": os.environ["PATH"], "GARDENOS_DATABASE_ADMIN_URL": nowhere},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert first in process.stderr.readline()
        process.terminate()
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.communicate()
