"""Reads streams of events over HTTP, and goes on after the last event whatever cuts them."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any

import httpx

from domain.errors import UnavailableError
from domain.task import backoff_s
from serve_app.client import RefusedError, ServiceClient
from serve_app.events.frames import CAUGHT_UP, RESET

MAX_BLOCK_BYTES = 1_000_000
"""A longer block is none of ours; it is not kept."""

WAIT_CAP_S = 30.0
ANSWERED_BUT_BUSY = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Refusals that another try may not meet."""


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """One event as it came.

    Attributes:
        type: Such as ``task.succeeded``, or ``reset``.
        id: Hand it back to go on after it.
        data: The document of the event.
    """

    type: str
    id: str
    data: Mapping[str, Any]

    @property
    def is_reset(self) -> bool:
        """Whether events may have been missed before it."""
        return self.type == RESET


@dataclass(slots=True)
class StreamText:
    """What a stream says, read block by block (HTML Living Standard, section 9.2.6).

    A block that was cut is not told; the one before it is where to go on.

    Attributes:
        last_id: Of the last whole block that had one.
        retry_s: Seconds that the service wants a client to wait before it comes back.
        is_caught_up: Whether the service said that all until then was told.
    """

    last_id: str | None
    retry_s: float = 2.0
    is_caught_up: bool = False
    _rest: bytes = b""

    def restart(self) -> None:
        """Forget a block that was cut: another connection begins with a whole one."""
        self._rest = b""
        self.is_caught_up = False

    def read(self, chunk: bytes) -> Iterator[ReadEvent]:
        """Yield the events that are whole with ``chunk``.

        Raises:
            RefusedError: What comes is no stream of ours.
        """
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        for block in blocks:
            event = self._block(block.decode("utf-8", "replace"))
            if event is not None:
                yield event
        if len(self._rest) > MAX_BLOCK_BYTES:
            raise RefusedError(0, "The service sends no events", "is it GardenOS?")

    def _block(self, text: str) -> ReadEvent | None:
        name, data, new_id = "", [], self.last_id
        for line in text.split("\n"):
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match key:
                case "event":
                    name = value
                case "data":
                    data.append(value)
                case "id":
                    new_id = value
                case "retry" if value.isascii() and value.isdecimal():
                    self.retry_s = min(int(value[:9]) / 1000, WAIT_CAP_S)
                case "" if value == CAUGHT_UP:
                    self.is_caught_up = True
        if not data:
            self.last_id = new_id
            return None
        try:
            document = json.loads("\n".join(data))
        except ValueError as error:
            raise RefusedError(0, "The service sends no events", "is it GardenOS?") from error
        self.last_id = new_id
        return ReadEvent(name, new_id or "", document)


def _may_pass(error: Exception) -> bool:
    return not isinstance(error, RefusedError) or error.status in ANSWERED_BUT_BUSY


@dataclass(slots=True)
class EventReader:
    """Yields events once each, over as many connections as it takes.

    Attributes:
        path: Of the stream.
        params: Query of the stream.
        follow: Whether to go on when all that there was has been told.
        retry_for_s: Seconds without a word of the service after which it is given up.
        text: Holds the id to begin after.
    """

    service: ServiceClient
    path: str
    params: Mapping[str, Sequence[str]]
    follow: bool
    retry_for_s: float
    text: StreamText
    sleep: Callable[[float], None] = time.sleep
    now_s: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = field(default_factory=lambda: Random().random)  # noqa: S311
    _is_done: bool = field(default=False, init=False)

    def events(self) -> Iterator[ReadEvent]:
        """Yield events in order until the end of the task, or of what there is.

        Raises:
            UnavailableError: The service could not be reached, or was away for too long.
            RefusedError: It refused.
        """
        failures, heard_s, was_answered = 0, self.now_s(), False
        while True:
            why = "the stream ended"
            try:
                for event in self._one_connection():
                    failures, heard_s, was_answered = 0, self.now_s(), True
                    if event is not None:
                        yield event
            except (httpx.HTTPError, UnavailableError, RefusedError) as error:
                if not was_answered or not _may_pass(error):
                    raise
                why = str(error) or type(error).__name__
            if self._is_done:
                return
            if self.now_s() - heard_s >= self.retry_for_s:
                raise self._given_up(why)
            failures += 1
            self.sleep(self._wait_s(failures))

    def _wait_s(self, failures: int) -> float:
        """Return a wait below the pause that the service asks for, doubled with each failure."""
        return backoff_s(failures, base_s=self.text.retry_s, cap_s=WAIT_CAP_S, jitter=self.jitter())

    def _one_connection(self) -> Iterator[ReadEvent | None]:
        """Yield the events of one connection, and None for each sign of life."""
        self.text.restart()
        headers = {} if self.text.last_id is None else {"Last-Event-ID": self.text.last_id}
        with self.service.stream(self.path, self.params, headers) as answer:
            if answer.status_code == HTTPStatus.NO_CONTENT:
                self._is_done = True
                return
            yield None
            for chunk in answer.iter_bytes():
                yield None
                yield from self.text.read(chunk)
                if self.text.is_caught_up and not self.follow:
                    self._is_done = True
                    return

    def _given_up(self, why: str) -> UnavailableError:
        what = f"no events from {self.service.address} for {self.retry_for_s:g} s: {why}"
        return UnavailableError(what, WAIT_CAP_S)
