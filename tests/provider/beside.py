"""A provider beside the test: in a thread of its own, or in a process of its own."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.provider.behaviour import Behaviour
from tests.provider.brains import Brain
from tests.provider.call_log import CallLog
from tests.provider.calls import Call, call_of
from tests.provider.faults import Fault, Rule
from tests.provider.server import Provider

_START_S = 20.0
_STOP_S = 10.0
_REPOSITORY = Path(__file__).parents[2]


class ProviderThread:
    """A provider in a background thread, for the length of ``with``.

    The log is read directly. After ``stop`` connections are refused; ``start`` opens the same
    port again.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        brain: Brain | None = None,
        log_path: Path | None = None,
        port: int = 0,
    ) -> None:
        """Prepare a provider, see :class:`Provider`."""
        self._provider = Provider(behaviour, brain=brain, log_path=log_path, port=port)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return self._provider.address

    @property
    def base_url(self) -> str:
        """What a client takes for the address of the API."""
        return self._provider.base_url

    @property
    def log(self) -> CallLog:
        """The log, alive."""
        return self._provider.log

    def plan(self, *faults: Fault | Rule) -> None:
        """Replace the rules: these faults from the next call on, or none."""
        self._provider.plan(*faults)

    def change(self, **fields: Any) -> None:
        """Give other values to some fields of the behaviour."""
        self._provider.change(**fields)

    def use(self, brain: Brain) -> None:
        """Have another brain make the answers."""
        self._provider.use(brain)

    def clear(self) -> None:
        """Forget ended calls and start the counters anew."""
        self._run(self._clear)

    def start(self) -> None:
        """Listen; returns once connections are taken.

        Raises:
            OSError: The port is taken.
        """
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="provider", daemon=True)
        self._thread.start()
        try:
            self._run(self._provider.start)
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        """Close every connection and stop listening; does nothing when it is not running."""
        if self._loop is None:
            return
        self._run(self._provider.stop)
        self._end()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self.log.close()

    async def _clear(self) -> None:
        self.log.clear()

    def _run(self, work: Callable[[], Any]) -> None:
        if self._loop is None:
            raise RuntimeError("the provider is not running")
        asyncio.run_coroutine_threadsafe(work(), self._loop).result(_START_S)

    def _end(self) -> None:
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_STOP_S)
        loop.close()


class ProviderProcess:
    """A provider in a process of its own, for the length of ``with``: it shares no interpreter.

    Options are those of ``python -m tests.provider``.
    """

    def __init__(self, *options: str) -> None:
        """Prepare a provider; a port is chosen where ``--port`` is not among the options."""
        self._options: Sequence[str] = options
        self._process: subprocess.Popen[str] | None = None
        self.address = ""
        self.base_url = ""
        self.pid = 0

    def calls(self, *, after: int = 0) -> list[Call]:
        """Return the calls with a number above ``after``."""
        return [call_of(record) for record in self._get(f"/_log?after={after}")["calls"]]

    def summary(self) -> dict[str, Any]:
        """Return the counters of the log."""
        return self._get("/_summary")

    def plan(self, *faults: Fault | Rule) -> None:
        """Replace the rules: these faults from the next call on, or none."""
        rules = [one if isinstance(one, Rule) else Rule(fault=one) for one in faults]
        self.change(rules=[rule.model_dump(mode="json") for rule in rules])

    def change(self, **fields: Any) -> None:
        """Give other values to some fields of the behaviour, as JSON.

        Raises:
            ValueError: Unknown field, or a value out of range.
        """
        answer = httpx.post(f"{self.address}/_plan", json=fields)
        if answer.status_code != httpx.codes.OK:
            raise ValueError(answer.text)

    def clear(self) -> None:
        """Forget ended calls and start the counters anew."""
        httpx.post(f"{self.address}/_clear").raise_for_status()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.provider", "--quiet", "--port", "0", *self._options]
        self._process = subprocess.Popen(
            command, cwd=_REPOSITORY, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            code = self._process.wait(_STOP_S)
            raise RuntimeError(f"the provider did not start, exit code {code}")
        told = json.loads(line)
        self.address, self.base_url, self.pid = told["address"], told["base_url"], told["pid"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is None:
            return
        self._process.terminate()
        self._process.communicate(timeout=_STOP_S)

    def _get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.address}{path}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
