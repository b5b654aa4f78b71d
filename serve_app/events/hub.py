"""Reads events once for all streams of a replica and hands each what it asked for.

Bounded in every direction: streams, streams of a tenant, events that wait for a reader. A reader
that falls behind loses its stream, not its events: it resumes by the id of the last one it has.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from domain.errors import DatabaseUnavailableError, OverloadedError, UnavailableError
from domain.event_ports import EventStore
from domain.events import EventPosition, EventType, TaskEvent
from domain.ids import TaskId, TenantId
from serve_app.events.settings import EventSettings

logger = logging.getLogger(__name__)

PAGE = 500
"""Events of one tenant or task that one look reads."""

RETRY_AFTER_S = 5.0

Key = tuple[TenantId, TaskId | None]
"""What a stream follows: a tenant, or one of its tasks."""

Place = tuple[int, int]
"""Where a follower is: (xid, number) within a tenant, (0, number) within a task."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a stream tells of; empty means everything."""

    tenant_id: TenantId
    task_id: TaskId | None = None
    kinds: frozenset[str] = frozenset()
    types: frozenset[EventType] = frozenset()

    @property
    def key(self) -> Key:
        """What has to be read for it."""
        return self.tenant_id, self.task_id

    def wants(self, event: TaskEvent) -> bool:
        """Tell whether an event of what is followed is told."""
        return (not self.kinds or event.kind in self.kinds) and (
            not self.types or event.type in self.types
        )

    def place(self, position: EventPosition) -> Place:
        """Return a position as a follower of this kind counts."""
        return (position.xid if self.task_id is None else 0, position.number)


@dataclass(eq=False, slots=True)
class Feed:
    """What the hub has read for one stream and its reader has not taken yet."""

    wish: Wish
    bound: int
    since: Place
    waiting: deque[TaskEvent] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_ended: bool = False

    def offer(self, event: TaskEvent) -> None:
        """Take an event; end where the reader has left too many."""
        if self.is_ended or not self.wish.wants(event):
            return
        if len(self.waiting) >= self.bound:
            self.waiting.clear()
            self.end()
            logger.info("event_stream_dropped", extra={"tenant_id": self.wish.tenant_id})
            return
        self.waiting.append(event)
        self.news.set()

    def end(self) -> None:
        """Let the reader stop after what waits."""
        self.is_ended = True
        self.news.set()

    def take(self) -> list[TaskEvent]:
        """Return what waits."""
        self.news.clear()
        taken = list(self.waiting)
        self.waiting.clear()
        if self.is_ended:
            self.news.set()
        return taken


class EventHub:
    """One look for all feeds of this replica."""

    def __init__(
        self, store: EventStore, settings: EventSettings, is_draining: Callable[[], bool]
    ) -> None:
        """Read ``store``; once ``is_draining`` is true every stream ends and none begins."""
        self.store = store
        self.settings = settings
        self._is_draining = is_draining
        self._feeds: dict[Key, set[Feed]] = {}
        self._places: dict[Key, Place] = {}
        self._per_tenant: Counter[TenantId] = Counter()
        self._stream: int | None = None
        self._some = asyncio.Event()

    @property
    def open_feeds(self) -> int:
        """Streams that are open."""
        return self._per_tenant.total()

    async def open(self, wish: Wish) -> tuple[Feed, EventPosition, EventPosition]:
        """Return a feed of everything after its ``since``, the present, and the start of history.

        Whoever opens a feed closes it.

        Raises:
            OverloadedError: Too many streams are open.
            UnavailableError: The replica is about to stop.
        """
        if self._is_draining():
            raise UnavailableError("this replica is being stopped", 1.0)
        self._check_room(wish.tenant_id)
        horizon = await self.store.horizon()
        self._check_room(wish.tenant_id)
        if self._stream not in {None, horizon.now.stream}:
            self._end_all()
            # Feeds that have not closed yet must not leave their places to those of today.
            self._places = {key: _start(key, horizon.now) for key in self._places}
        self._stream = horizon.now.stream
        since = self._places.setdefault(wish.key, _start(wish.key, horizon.now))
        feed = Feed(wish, self.settings.buffer, since)
        self._feeds.setdefault(wish.key, set()).add(feed)
        self._per_tenant[wish.tenant_id] += 1
        self._some.set()
        return feed, horizon.now, horizon.oldest

    def close(self, feed: Feed) -> None:
        """Forget a feed; a second time does nothing."""
        feeds = self._feeds.get(feed.wish.key, set())
        if feed not in feeds:
            return
        feeds.remove(feed)
        self._per_tenant[feed.wish.tenant_id] -= 1
        if not feeds:
            del self._feeds[feed.wish.key], self._places[feed.wish.key]
        if not self._per_tenant[feed.wish.tenant_id]:
            del self._per_tenant[feed.wish.tenant_id]

    def _check_room(self, tenant_id: TenantId) -> None:
        if self.open_feeds >= self.settings.max_streams:
            raise OverloadedError("too many streams are open here", RETRY_AFTER_S)
        if self._per_tenant[tenant_id] >= self.settings.max_streams_per_tenant:
            raise OverloadedError("too many streams of this tenant are open", RETRY_AFTER_S)

    async def run(self) -> None:
        """Read until cancelled, only while somebody watches; then end every stream."""
        try:
            while True:
                await self._some.wait()
                if not self._feeds:
                    self._some.clear()
                    continue
                if self._is_draining():
                    self._end_all()
                try:
                    while await self.look():
                        pass
                except DatabaseUnavailableError as error:
                    logger.info("events_postponed", extra={"error": str(error)})
                await asyncio.sleep(self.settings.poll_s)
        finally:
            self._end_all()

    async def look(self) -> bool:
        """Read what is new for all feeds; return whether there may be more."""
        horizon = await self.store.horizon()
        if horizon.now.stream != self._stream:
            # Another server or leader: readers come back with ids of the old history and are told.
            self._end_all()
            return False
        asked = dict(self._places)
        more = False
        for key, events in (await self.read(asked)).items():
            if key not in self._places:
                continue
            more = more or len(events) == PAGE
            for feed in tuple(self._feeds[key]):
                for event in events:
                    feed.offer(event)
            self._advance(key, events, horizon.now)
        return more

    def _advance(self, key: Key, events: list[TaskEvent], now: EventPosition) -> None:
        place = Wish(*key).place
        if events:
            self._places[key] = place(events[-1].position)
        if key[1] is None and len(events) < PAGE:
            self._places[key] = max(self._places[key], place(now))

    async def read(self, asked: Mapping[Key, Place]) -> dict[Key, list[TaskEvent]]:
        """Return per key up to a page of events after a place, in order."""
        found: dict[Key, list[TaskEvent]] = {key: [] for key in asked}
        stream = self._stream or 0
        tenants = {
            tenant: EventPosition(stream, *place)
            for (tenant, task), place in asked.items()
            if task is None
        }
        tasks = {
            (tenant, task): place[1] for (tenant, task), place in asked.items() if task is not None
        }
        events: Iterable[TaskEvent]
        if tenants:
            events = await self.store.after(tenants, limit=PAGE)
            for event in events:
                found[TenantId(event.tenant_id), None].append(event)
        if tasks:
            events = await self.store.of_tasks(tasks, limit=PAGE)
            for event in events:
                found[TenantId(event.tenant_id), TaskId(event.task_id)].append(event)
        return found

    def _end_all(self) -> None:
        for feeds in self._feeds.values():
            for feed in feeds:
                feed.end()


def _start(key: Key, now: EventPosition) -> Place:
    """Return from where a tenant is read where nobody has read it yet; a task from its first."""
    wish = Wish(*key)
    return wish.place(now) if wish.task_id is None else (0, 0)
