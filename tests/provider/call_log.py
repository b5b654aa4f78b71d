"""The log of calls: what was asked, answered and charged, as the provider saw it."""

import asyncio
import hashlib
import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.provider.answers import Answer
from tests.provider.calls import Call, Outcome, Tokens, Totals, beginning_of, ending_of
from tests.provider.protocol import ChatRequest

_SAFE_TO_SHOW = 8
"""Of a key shorter than this, four characters would tell too much."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Two clocks, both in seconds."""

    monotonic: Callable[[], float]
    unix: Callable[[], float]


@dataclass(frozen=True, slots=True, eq=False)
class _Watcher:
    predicate: Callable[["CallLog"], bool]
    tell: Callable[[], None]


class CallLog:
    """Calls in the order of arrival; the newest ``keep`` stay in memory.

    Written by the provider's loop, read from any thread. With a path every line is written at
    once, so that the file tells of a call even if everything dies during it.
    """

    def __init__(self, clocks: Clocks, *, path: Path | None = None, keep: int = 200_000) -> None:
        self._clocks = clocks
        self._calls: deque[Call] = deque(maxlen=keep)
        self._watchers: list[_Watcher] = []
        self._file: int | None = None
        self._numbers = 0
        self._connections = 0
        self._used: set[int] = set()
        self.totals = Totals()
        if path is not None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._file = os.open(path, flags, 0o600)
            self._write({"event": "started", "unix_s": clocks.unix(), "pid": os.getpid()})

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that are still in memory, oldest first."""
        return tuple(self._calls.copy())

    def open_calls(self) -> tuple[Call, ...]:
        """Return the calls that have no answer yet."""
        return tuple(call for call in self.calls if call.outcome is Outcome.OPEN)

    def open_at(self, unix_s: float) -> tuple[Call, ...]:
        """Return the calls that were in flight at a moment, in seconds since 1970."""
        return tuple(_open_at(self.calls, unix_s))

    def tokens(self) -> Tokens:
        """Return what all calls were charged."""
        totals = self.totals
        return Tokens(totals.prompt_tokens, totals.completion_tokens, totals.cached_tokens)

    def per_lead(self) -> Counter[str]:
        """Return the number of calls by lead id, of calls whose user turn names one."""
        return Counter(call.lead_id for call in self.calls if call.lead_id is not None)

    def per_user_turn(self) -> Counter[str]:
        """Return the number of calls by the SHA-256 of the user turn."""
        return Counter(call.user_sha256 for call in self.calls if call.user_sha256)

    def summary(self) -> dict[str, Any]:
        """Return the counters as plain values."""
        plain: dict[str, Any] = orjson.loads(orjson.dumps(self.totals))
        return plain

    def clear(self) -> None:
        """Forget ended calls and start the counters anew; what is open stays and is counted."""
        still = self.open_calls()
        open_connections = self.totals.open_connections
        self._calls.clear()
        self._calls.extend(still)
        self.totals = Totals(
            calls=len(still),
            in_flight=len(still),
            most_in_flight=len(still),
            connections=open_connections,
            open_connections=open_connections,
            connections_with_calls=len(self._used),
            by_model=Counter(call.model for call in still),
        )

    async def until(self, predicate: Callable[["CallLog"], bool]) -> None:
        """Wait until a statement about the log holds; the caller bounds the time.

        The statement is asked after every change, in the provider's loop: it must be quick.
        """
        loop = asyncio.get_running_loop()
        holds = asyncio.Event()
        watcher = _Watcher(predicate, lambda: _tell(loop, holds.set))
        with self._watching(watcher):
            await holds.wait()

    def wait_until(self, predicate: Callable[["CallLog"], bool], *, timeout_s: float) -> bool:
        """Wait, from another thread, until a statement holds; return whether it came to hold."""
        holds = threading.Event()
        with self._watching(_Watcher(predicate, holds.set)):
            return holds.wait(timeout_s)

    def connected(self) -> int:
        """Count a new connection and return its number."""
        self._connections += 1
        self.totals.connections += 1
        self.totals.open_connections += 1
        self._changed()
        return self._connections

    def disconnected(self, connection: int) -> None:
        """Count a connection that is gone."""
        self._used.discard(connection)
        self.totals.open_connections -= 1
        self._changed()

    def arrive(self, connection: int, key: str, request: ChatRequest | None) -> Call:
        """Begin a call; ``request`` is None where it broke the protocol."""
        totals = self.totals
        self._numbers += 1
        totals.calls += 1
        totals.in_flight += 1
        totals.most_in_flight = max(totals.most_in_flight, totals.in_flight)
        call = Call(
            number=self._numbers,
            connection=connection,
            in_flight=totals.in_flight,
            arrived_s=self._clocks.monotonic(),
            arrived_unix_s=self._clocks.unix(),
            key_last4=key[-4:] if len(key) >= _SAFE_TO_SHOW else "",
        )
        if request is not None:
            _describe(call, request)
        totals.by_model[call.model] += 1
        if connection not in self._used:
            self._used.add(connection)
            totals.connections_with_calls += 1
        self._calls.append(call)
        if self._file is not None:
            self._write({"event": "arrived", **beginning_of(call)})
        self._changed()
        return call

    def end(self, call: Call, outcome: Outcome, answer: Answer | None) -> None:
        """End a call; ``answer`` is what was sent, None where the client left before."""
        call.outcome = outcome
        if outcome is Outcome.CLIENT_CLOSED:
            call.closed_s, call.closed_unix_s = self._clocks.monotonic(), self._clocks.unix()
        else:
            call.answered_s, call.answered_unix_s = self._clocks.monotonic(), self._clocks.unix()
        if answer is not None:
            call.status, call.finish = answer.status, answer.finish
            call.prompt_tokens = answer.charge.prompt_tokens
            call.completion_tokens = answer.charge.completion_tokens
            call.cached_tokens = answer.charge.cached_tokens
        self._count(call)
        if self._file is not None:
            self._write({"event": "ended", **ending_of(call)})
        self._changed()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _count(self, call: Call) -> None:
        totals = self.totals
        totals.in_flight -= 1
        totals.answered += call.outcome is Outcome.ANSWERED
        totals.client_closed += call.outcome is Outcome.CLIENT_CLOSED
        totals.cut += call.outcome is Outcome.CUT
        totals.prompt_tokens += call.prompt_tokens
        totals.completion_tokens += call.completion_tokens
        totals.cached_tokens += call.cached_tokens
        if call.status is not None:
            totals.by_status[str(call.status)] += 1
        if call.fault is not None:
            totals.by_fault[call.fault.value] += 1

    def _write(self, record: dict[str, Any]) -> None:
        if self._file is not None:
            os.write(self._file, orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def _watching(self, watcher: _Watcher) -> "_Watching":
        return _Watching(self, self._watchers, watcher)

    def _changed(self) -> None:
        for watcher in tuple(self._watchers):
            if watcher.predicate(self):
                watcher.tell()


class _Watching:
    """Has a watcher told for the length of a block, at once where its statement already holds."""

    def __init__(self, log: CallLog, watchers: list[_Watcher], watcher: _Watcher) -> None:
        self._log = log
        self._watchers = watchers
        self._watcher = watcher

    def __enter__(self) -> None:
        self._watchers.append(self._watcher)
        if self._watcher.predicate(self._log):
            self._watcher.tell()

    def __exit__(self, *_: object) -> None:
        self._watchers.remove(self._watcher)


def _open_at(calls: tuple[Call, ...], unix_s: float) -> Iterator[Call]:
    for call in calls:
        ended = call.ended_unix_s
        if call.arrived_unix_s <= unix_s and (ended is None or ended > unix_s):
            yield call


def _describe(call: Call, request: ChatRequest) -> None:
    call.model = request.model
    call.format = request.format.value
    call.schema_name = request.schema_name
    call.turns = len(request.messages)
    call.lead_id = request.lead_id
    call.user_turn = request.user_turn
    call.user_sha256 = hashlib.sha256(request.user_turn.encode()).hexdigest()


def _tell(loop: asyncio.AbstractEventLoop, tell: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(tell)
