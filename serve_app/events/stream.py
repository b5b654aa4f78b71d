"""One stream of events as an HTTP answer: catches up, goes on, ends, and frees what it holds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.errors import DatabaseUnavailableError
from domain.events import OLDEST, EventPosition, TaskEvent
from serve_app.events.frames import KEEP_ALIVE, caught_up, frame_of, opening, reset
from serve_app.events.hub import PAGE, EventHub, Feed, Place, Wish

MEDIA_TYPE = "text/event-stream"
FRAMES_AT_ONCE = 64
"""Events that one write carries at most: what a socket has not taken is not kept whole here."""
RECHECK_S = 5.0
"""Between two looks at whether the caller may still read: what is revoked ends open streams."""
ALL_OF_A_TASK: Place = (0, 2**63)
"""Behind every event of a task."""


class EventStream(Response):
    """An answer that lasts; made by a route, opened when it is sent."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        hub: EventHub,
        wish: Wish,
        last: EventPosition | None,
        *,
        may_go_on: Callable[[], Awaitable[bool]],
    ) -> None:
        """Tell of ``wish`` after ``last``; without it a task from its start, a tenant from now.

        Args:
            hub: Reads events for all streams.
            wish: Of what to tell.
            last: The last event that the reader has.
            may_go_on: Whether the caller may still read; asked every :data:`RECHECK_S`, and the
                stream ends where the answer is no.
        """
        super().__init__(
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
            media_type=MEDIA_TYPE,
        )
        del self.headers["content-length"]
        self._hub = hub
        self._wish = wish
        self._last = last
        self._may_go_on = may_go_on
        self._recheck_at_s = float("inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, the client's or ours.

        Raises:
            OverloadedError: Too many streams are open; nothing has been sent yet.
        """
        del scope
        feed, now, oldest = await self._hub.open(self._wish)
        try:
            writer = asyncio.create_task(self._write(feed, now, oldest, send))
            leaver = asyncio.create_task(_disconnected(receive))
            try:
                await asyncio.wait({writer, leaver}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in (writer, leaver):
                    one.cancel()
                await asyncio.gather(writer, leaver, return_exceptions=True)
            if not writer.cancelled() and (fault := writer.exception()) is not None:
                raise fault
        finally:
            self._hub.close(feed)

    async def _write(
        self, feed: Feed, now: EventPosition, oldest: EventPosition, send: Send
    ) -> None:
        settings = self._hub.settings
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        # A database that went away, or a reader that takes nothing, ends the stream; the client
        # comes back with the last id it has.
        with suppress(DatabaseUnavailableError, TimeoutError):
            async for part in self._parts(feed, now, oldest):
                async with asyncio.timeout(settings.send_limit_s):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        # A reader that takes nothing does not take the end either.
        with suppress(TimeoutError):
            async with asyncio.timeout(settings.send_limit_s):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _parts(
        self, feed: Feed, now: EventPosition, oldest: EventPosition
    ) -> AsyncIterator[bytes]:
        now_s = asyncio.get_running_loop().time()
        ends_s, self._recheck_at_s = now_s + self._hub.settings.max_stream_s, now_s + RECHECK_S
        yield opening(self._hub.settings.retry_ms)
        place, reason = self._start(now, oldest)
        if reason is not None:
            yield reset(now, reason)
        final: TaskEvent | None = None
        # What the hub has read for others, and all that was final when this stream began.
        until = ALL_OF_A_TASK
        if self._wish.task_id is None:
            until = max(feed.since, self._wish.place(now))
        async for page in self._catch_up(place, until):
            if not await self._is_welcome():
                return
            for part in _joined(page):
                yield part
            place, final = self._wish.place(page[-1].position), page[-1]
        if self._wish.task_id is None:
            place = max(place, until)
            yield caught_up(EventPosition(now.stream, *place))
        else:
            yield caught_up(None)
        if not await self._is_over(final):
            async for part in self._live(feed, place, ends_s):
                yield part

    async def _live(self, feed: Feed, place: Place, ends_s: float) -> AsyncIterator[bytes]:
        """Yield what the hub reads from now on, until the end of the task, the feed or the time."""
        clock, keep_alive_s = asyncio.get_running_loop().time, self._hub.settings.keep_alive_s
        silent_until_s = clock() + keep_alive_s
        while clock() < ends_s and await self._is_welcome():
            events = [one for one in feed.take() if self._wish.place(one.position) > place]
            for part in _joined(events):
                yield part
            if events:
                silent_until_s = clock() + keep_alive_s
                place = self._wish.place(events[-1].position)
                if await self._is_over(events[-1]):
                    return
            if feed.is_ended and not feed.waiting:
                return
            wait_s = min(silent_until_s, self._recheck_at_s) - clock()
            if not await _soon(feed.news, wait_s) and clock() >= silent_until_s:
                yield KEEP_ALIVE
                silent_until_s = clock() + keep_alive_s

    async def _is_welcome(self) -> bool:
        """Tell whether the caller may still read, as of the last :data:`RECHECK_S`."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._recheck_at_s:
            return True
        self._recheck_at_s = now_s + RECHECK_S
        return await self._may_go_on()

    def _start(self, now: EventPosition, oldest: EventPosition) -> tuple[Place, str | None]:
        """Return after which place to tell, and why the reader must start anew, if it must."""
        fresh = self._wish.place(now) if self._wish.task_id is None else (0, 0)
        if self._last is None:
            return fresh, None
        if self._last == OLDEST:
            return self._wish.place(oldest), None
        if self._last.stream != now.stream:
            return fresh, "history_changed"
        if self._wish.place(self._last) < self._wish.place(oldest):
            return fresh, "expired"
        return self._wish.place(self._last), None

    async def _catch_up(self, place: Place, until: Place) -> AsyncIterator[list[TaskEvent]]:
        """Yield what the feed began too late for; what it tells again is dropped by its place."""
        while place < until:
            found = (await self._hub.read({self._wish.key: place}))[self._wish.key]
            before = [one for one in found if self._wish.place(one.position) <= until]
            wanted = [one for one in before if self._wish.wants(one)]
            if wanted:
                yield wanted
            if len(before) < PAGE:
                return
            place = self._wish.place(before[-1].position)

    async def _is_over(self, final: TaskEvent | None) -> bool:
        """Tell whether nothing can follow; a replayed task goes on after its end."""
        if self._wish.task_id is None or (final is not None and not final.type.is_end):
            return False
        end = await self._hub.store.end_of(self._wish.tenant_id, self._wish.task_id)
        if not end.ended:
            return False
        return end.told is None or (final is not None and final.sequence >= end.told)


def _joined(events: list[TaskEvent]) -> list[bytes]:
    frames = [frame_of(one) for one in events]
    starts = range(0, len(frames), FRAMES_AT_ONCE)
    return [b"".join(frames[start : start + FRAMES_AT_ONCE]) for start in starts]


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _soon(news: asyncio.Event, limit_s: float) -> bool:
    """Wait for news; tell whether there was some in time."""
    try:
        async with asyncio.timeout(limit_s):
            await news.wait()
    except TimeoutError:
        return False
    return True
