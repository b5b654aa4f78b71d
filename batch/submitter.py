"""Sends rows as durable tasks and brings their results back in the order of the file.

Two loops share a :class:`batch.window.Window`: one reads, sends and sends again, one asks for
results. A row's idempotency key is made from the run's key and its line alone, so whoever sends
the row again, this run after a lost answer or another after kill -9, gets the first task back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from random import Random
from typing import TypeVar

from batch.pace import Pace, Trouble, after_failure, is_over, wait_s
from batch.preparation import Prepared, Reject
from batch.results import RowResult
from batch.service import Refused, Service
from batch.window import Window
from domain.errors import OverloadedError, PayloadTooLargeError, UnavailableError

AnswerT = TypeVar("AnswerT")

Sink = Callable[[RowResult], None]
"""Takes the result of every row once, in the order of the file."""

_TOO_LARGE = Refused("lead", "a lead larger than the service takes", "a smaller one")
_RESUME = "run the same command again to go on from here"


def key_of(run_key: str, line: int, tries: int) -> str:
    """Return the idempotency key of a row's task."""
    return f"score:{run_key}:{line}" + (f":{tries}" if tries else "")


def item_of(row: Prepared, key: str) -> bytes:
    """Return the JSON of a row's task."""
    return (
        b'{"kind":"lead_analysis","priority":"low","replace":true,"idempotency_key":"'
        + key.encode()
        + b'","lead":'
        + row.lead
        + b"}"
    )


class Submitter:
    """One run over the rows of one file."""

    def __init__(self, service: Service, run_key: str, *, pace: Pace, rng: Random) -> None:
        """Prepare a run; nothing is sent yet.

        Args:
            service: An open client; the caller closes it.
            run_key: What the keys of all rows begin with.
            pace: Bounds of the run.
            rng: Source of jitter.
        """
        self._service = service
        self._run_key = run_key
        self._pace = pace
        self._rng = rng
        self._window = Window(pace.rows_open)
        self._chunk_rows = pace.chunk_rows
        self._exhausted = False
        self._last_result_s = 0.0
        self._room_made = asyncio.Event()
        self._task_opened = asyncio.Event()

    async def run(self, rows: Iterator[Prepared | Reject], sink: Sink) -> None:
        """Bring every row to its result.

        Raises:
            UnavailableError: The service failed for longer than the pace allows.
            InvalidInputError: The file or the address turned out not to be usable.
        """
        self._last_result_s = _now_s()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send(rows, sink))
                group.create_task(self._collect(sink))
        except ExceptionGroup as several:
            raise several.exceptions[0] from several

    @property
    def _is_done(self) -> bool:
        return self._exhausted and self._window.is_empty

    async def _send(self, rows: Iterator[Prepared | Reject], sink: Sink) -> None:
        while not self._is_done:
            chunk = self._window.unsent(
                most_rows=self._chunk_rows, most_bytes=self._pace.chunk_bytes
            )
            if chunk:
                await self._send_chunk(chunk)
            elif not self._exhausted and self._window.room >= self._pace.chunk_rows:
                await self._read(rows)
            else:
                self._room_made.clear()
                await self._room_made.wait()
            self._hand_over(sink)

    async def _read(self, rows: Iterator[Prepared | Reject]) -> None:
        """Read ahead in a thread, so that answers are taken meanwhile."""
        count = self._pace.chunk_rows
        fresh = await asyncio.to_thread(lambda: list(islice(rows, count)))
        self._exhausted = len(fresh) < count
        self._window.add(fresh)

    async def _send_chunk(self, chunk: list[tuple[Prepared, int]]) -> None:
        rows = [row for row, _ in chunk]
        items = [item_of(row, key_of(self._run_key, row.line, tries)) for row, tries in chunk]
        try:
            answers = await self._patiently(
                lambda: self._service.submit(items), lambda: self._window.mark_sent(rows)
            )
        except PayloadTooLargeError:
            if len(rows) == 1:
                self._window.settle(rows[0], _TOO_LARGE)
            self._chunk_rows = max(1, len(rows) // 2)
            return
        for row, answer in zip(rows, answers, strict=True):
            self._window.settle(row, answer)
        self._task_opened.set()
        later = [one.wait_s for one in answers if isinstance(one, Refused) and one.again]
        if later:
            await asyncio.sleep(max(later) + self._rng.random() * self._pace.base_s)

    async def _collect(self, sink: Sink) -> None:
        while not self._is_done:
            tasks = self._window.open_tasks(self._pace.asked_at_once)
            if not tasks:
                self._task_opened.clear()
                await self._task_opened.wait()
                continue
            found = await self._patiently(
                lambda tasks=tasks: self._service.results(tasks, wait_s=self._pace.poll_s)  # type: ignore[misc]
            )
            finished = [self._window.finish(one) for one in found.finished]
            for task_id in found.unknown:
                self._window.lose(task_id)
            self._note_progress(any(finished) or bool(found.unknown))
            self._hand_over(sink)
            await asyncio.sleep(self._pace.rest_s)
        self._room_made.set()

    def _note_progress(self, moved: bool) -> None:  # noqa: FBT001 - one caller
        now_s = _now_s()
        if moved:
            self._last_result_s = now_s
        elif now_s - self._last_result_s > self._pace.stall_s:
            what = f"no row has finished for {self._pace.stall_s:g} s; {_RESUME}"
            raise UnavailableError(what, self._pace.cap_s)

    def _hand_over(self, sink: Sink) -> None:
        for result in self._window.take_done():
            sink(result)
        self._room_made.set()
        if self._is_done:
            self._task_opened.set()

    async def _patiently(
        self, call: Callable[[], Awaitable[AnswerT]], on_failure: Callable[[], None] | None = None
    ) -> AnswerT:
        """Call until there is an answer, waiting as the service asks and with jitter."""
        trouble: Trouble | None = None
        while True:
            try:
                return await call()
            except UnavailableError as error:
                if on_failure is not None:
                    on_failure()
                trouble = after_failure(trouble, _now_s())
                busy = isinstance(error, OverloadedError)
                if is_over(
                    trouble,
                    last_result_s=self._last_result_s,
                    now_s=_now_s(),
                    limit_s=self._pace.stall_s if busy else self._pace.patience_s,
                ):
                    what = f"{error.what}; {_RESUME}"
                    raise UnavailableError(what, self._pace.cap_s) from error
                asked_s = error.retry_after_s
                jitter = self._rng.random()
            await asyncio.sleep(wait_s(trouble, asked_s=asked_s, jitter=jitter, pace=self._pace))


def _now_s() -> float:
    return asyncio.get_running_loop().time()
