"""Claims about the hub of events and its streams, in simulated time."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import pytest

from domain.errors import DatabaseUnavailableError, OverloadedError, UnavailableError
from domain.event_ports import Horizon, TaskEnd
from domain.events import OLDEST, EventPosition, EventType, TaskEvent
from domain.ids import TaskId, TenantId
from serve_app.events.frames import KEEP_ALIVE
from serve_app.events.hub import EventHub, Wish
from serve_app.events.settings import EventSettings
from serve_app.events.stream import RECHECK_S, EventStream
from tests.fakes.simulation import simulated

OURS, OTHERS = TenantId("ours"), TenantId("others")
TASK = TaskId(UUID(int=7))
SETTINGS = EventSettings(
    poll_s=0.25, buffer=16, max_streams=3, max_streams_per_tenant=2, send_limit_s=5, max_stream_s=60
)


class Events:
    """EventStore: a history that the test writes."""

    def __init__(self) -> None:
        self.all: list[TaskEvent] = []
        self.stream = 1
        self.oldest = EventPosition(1, 0, 0)
        self.is_away = False
        self.looks = 0
        self.ended = False

    def add(self, count: int = 1, tenant: TenantId = OURS) -> None:
        """Let something happen."""
        for _ in range(count):
            number = len(self.all) + 1
            position = EventPosition(self.stream, number, number)
            self.all.append(
                TaskEvent(
                    id=str(position),
                    tenant_id=tenant,
                    type=EventType.QUEUED,
                    task_id=TASK,
                    kind="noop",
                    state="queued",
                    attempt=0,
                    sequence=number,
                    at=datetime(2026, 11, 25, tzinfo=UTC),
                )
            )

    async def horizon(self) -> Horizon:
        """Everything that was added is final."""
        self.looks += 1
        if self.is_away:
            raise DatabaseUnavailableError("away", 1.0)
        return Horizon(EventPosition(self.stream, len(self.all) + 1, 0), self.oldest)

    async def after(
        self, tenants: Mapping[TenantId, EventPosition], *, limit: int
    ) -> tuple[TaskEvent, ...]:
        """Return by tenant and place."""
        found: list[TaskEvent] = []
        for tenant, place in tenants.items():
            its = [one for one in self.all if one.tenant_id == tenant and _is_after(one, place)]
            found += its[:limit]
        return tuple(found)

    async def of_tasks(
        self, tasks: Mapping[tuple[TenantId, TaskId], int], *, limit: int
    ) -> tuple[TaskEvent, ...]:
        """Return by task and number."""
        assert limit > 0
        return tuple(
            one
            for (tenant, task), number in tasks.items()
            for one in self.all
            if (one.tenant_id, one.task_id) == (tenant, task) and one.sequence > number
        )

    async def end_of(self, tenant_id: TenantId, task_id: TaskId) -> TaskEnd:
        """Return what the test says."""
        del tenant_id, task_id
        return TaskEnd(None, self.ended)

    async def delete_old(self, *, older_than_s: float, keep: int, limit: int) -> int:
        """Delete nothing."""
        del older_than_s, keep, limit
        return 0


def _is_after(event: TaskEvent, place: EventPosition) -> bool:
    position = event.position
    return (position.xid, position.number) > (place.xid, place.number)


class Hubs:
    """A hub that runs, and what can be done to it."""

    def __init__(self, settings: EventSettings = SETTINGS) -> None:
        self.events = Events()
        self.is_draining = False
        self.hub = EventHub(self.events, settings, lambda: self.is_draining)

    async def __aenter__(self) -> Self:
        self.running = asyncio.create_task(self.hub.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


class Client:
    """A reader at the other end of a stream; may be slow, may leave."""

    def __init__(self, hub: EventHub, wish: Wish, last: EventPosition | None = None) -> None:
        self.body = b""
        self.is_slow = False
        self.left = asyncio.Event()
        self.is_welcome = True
        self.asked_at_s: list[float] = []
        self._stream = EventStream(hub, wish, last, may_go_on=self._may_go_on)
        self.task = asyncio.create_task(self._stream({"type": "http"}, self._receive, self._send))

    async def _may_go_on(self) -> bool:
        self.asked_at_s.append(asyncio.get_running_loop().time())
        return self.is_welcome

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if self.is_slow:
            await asyncio.sleep(3600)
        self.body += message.get("body", b"")

    @property
    def ids(self) -> list[int]:
        """Numbers of the events it was told."""
        blocks = self.body.decode().split("\n\n")
        lines = [one.splitlines() for one in blocks if one.startswith("event: task")]
        return [int(one[-1].rpartition("-")[2]) for one in lines]


@simulated
async def test_a_reader_is_told_each_event_once_and_in_order_from_where_it_was() -> None:
    async with Hubs() as hubs:
        hubs.events.add(40)
        early = Client(hubs.hub, Wish(OURS), EventPosition(1, 10, 10))
        await asyncio.sleep(1)
        hubs.events.add(5)
        late = Client(hubs.hub, Wish(OURS), OLDEST)
        fresh = Client(hubs.hub, Wish(OTHERS))
        await asyncio.sleep(1)
        hubs.events.add(5)
        await asyncio.sleep(1)
        assert early.ids == list(range(11, 51))
        assert late.ids == list(range(1, 51))
        assert fresh.ids == []


@simulated
async def test_a_reader_that_was_told_nothing_yet_has_a_place_to_come_back_to() -> None:
    async with Hubs() as hubs:
        hubs.events.add(3)
        client = Client(hubs.hub, Wish(OURS))
        await asyncio.sleep(1)
        assert b": caught up\nid: 1-4-0\n\n" in client.body
        client.left.set()
        hubs.events.add(2)
        again = Client(hubs.hub, Wish(OURS), EventPosition.parse("1-4-0"))
        await asyncio.sleep(1)
        assert again.ids == [4, 5]


@simulated
async def test_a_reader_that_takes_nothing_loses_its_stream_and_holds_no_other_up() -> None:
    async with Hubs() as hubs:
        slow, quick = Client(hubs.hub, Wish(OURS)), Client(hubs.hub, Wish(OURS))
        await asyncio.sleep(0.1)
        slow.is_slow = True
        for _ in range(10):
            hubs.events.add(10)
            await asyncio.sleep(0.3)
        assert quick.ids == list(range(1, 101))
        await asyncio.sleep(2 * SETTINGS.send_limit_s)
        assert slow.task.done()
        assert not quick.task.done()
        assert hubs.hub.open_feeds == 1


@simulated
async def test_what_waits_for_a_reader_is_bounded_and_resumed_from_the_last_it_has() -> None:
    async with Hubs() as hubs:
        feed, _, _ = await hubs.hub.open(Wish(OURS))
        hubs.events.add(SETTINGS.buffer)
        await asyncio.sleep(1)
        assert (len(feed.waiting), feed.is_ended) == (SETTINGS.buffer, False)
        hubs.events.add(1)
        await asyncio.sleep(1)
        assert feed.is_ended
        assert feed.take() == []
        resumed = Client(hubs.hub, Wish(OURS), EventPosition(1, 5, 5))
        await asyncio.sleep(1)
        assert resumed.ids == list(range(6, 18))


@simulated
async def test_streams_are_bounded_for_a_tenant_and_for_all() -> None:
    async with Hubs() as hubs:
        first, _, _ = await hubs.hub.open(Wish(OURS))
        await hubs.hub.open(Wish(OURS))
        with pytest.raises(OverloadedError):
            await hubs.hub.open(Wish(OURS))
        await hubs.hub.open(Wish(OTHERS))
        with pytest.raises(OverloadedError):
            await hubs.hub.open(Wish(TenantId("third")))
        hubs.hub.close(first)
        hubs.hub.close(first)
        assert hubs.hub.open_feeds == 2
        await hubs.hub.open(Wish(OURS))


@simulated
async def test_a_hub_reads_once_for_all_and_not_at_all_while_nobody_watches() -> None:
    async with Hubs() as hubs:
        await asyncio.sleep(60)
        assert hubs.events.looks == 0
        clients = [Client(hubs.hub, Wish(OURS)) for _ in range(2)]
        await asyncio.sleep(10)
        assert hubs.events.looks <= len(clients) + 10 / SETTINGS.poll_s + 1
        for one in clients:
            one.left.set()
        await asyncio.sleep(1)
        before = hubs.events.looks
        await asyncio.sleep(60)
        assert hubs.events.looks == before


@simulated
async def test_a_replica_that_drains_ends_its_streams_within_a_look_and_opens_none() -> None:
    async with Hubs() as hubs:
        client = Client(hubs.hub, Wish(OURS))
        await asyncio.sleep(1)
        hubs.is_draining = True
        await asyncio.sleep(2 * SETTINGS.poll_s)
        assert client.task.done()
        assert hubs.hub.open_feeds == 0
        with pytest.raises(UnavailableError):
            await hubs.hub.open(Wish(OURS))


@simulated
async def test_a_stream_ends_by_its_time_and_keeps_silence_from_looking_dead() -> None:
    async with Hubs() as hubs:
        client = Client(hubs.hub, Wish(OURS))
        await asyncio.sleep(50)
        assert client.body.count(b": keep-alive") == 3
        assert not client.task.done()
        await asyncio.sleep(30)
        assert client.task.done()


@simulated
async def test_a_database_that_was_away_costs_no_event() -> None:
    async with Hubs() as hubs:
        client = Client(hubs.hub, Wish(OURS))
        await asyncio.sleep(1)
        hubs.events.is_away = True
        hubs.events.add(3)
        await asyncio.sleep(20)
        hubs.events.is_away = False
        await asyncio.sleep(1)
        assert client.ids == [1, 2, 3]


@simulated
async def test_after_a_fail_over_readers_start_anew_and_miss_nothing_of_the_new_history() -> None:
    async with Hubs() as hubs:
        hubs.events.add(50)
        old, _, _ = await hubs.hub.open(Wish(OURS))
        hubs.events.all.clear()
        hubs.events.stream = 2
        again = Client(hubs.hub, Wish(OURS), EventPosition(1, 50, 50))
        await asyncio.sleep(0.1)
        assert old.is_ended
        hubs.events.add(2)
        await asyncio.sleep(1)
        assert b'event: reset\ndata: {"reason":"history_changed"}' in again.body
        assert again.ids == [1, 2]


@simulated
async def test_an_id_older_than_what_is_kept_is_told_so() -> None:
    async with Hubs() as hubs:
        hubs.events.add(20)
        hubs.events.oldest = EventPosition(1, 10, 10)
        client = Client(hubs.hub, Wish(OURS), EventPosition(1, 9, 9))
        whole = Client(hubs.hub, Wish(OURS), OLDEST)
        await asyncio.sleep(1)
        assert b'{"reason":"expired"}' in client.body
        assert client.ids == []
        assert whole.ids == list(range(11, 21))
        assert b"reset" not in whole.body


@pytest.mark.parametrize("busy", [True, False])
@simulated
async def test_a_stream_ends_soon_after_its_caller_may_no_longer_read(*, busy: bool) -> None:
    async with Hubs() as hubs:
        client = Client(hubs.hub, Wish(OURS))
        await asyncio.sleep(12)
        assert len(client.asked_at_s) == 12 // RECHECK_S
        client.is_welcome = False
        for _ in range(11):
            hubs.events.add(int(busy))
            await asyncio.sleep(RECHECK_S / 10)
        assert client.task.done()
        told = client.ids
        hubs.events.add()
        await asyncio.sleep(60)
        assert client.ids == told
        assert hubs.hub.open_feeds == 0


@simulated
async def test_a_look_at_the_caller_is_no_keep_alive() -> None:
    settings = SETTINGS.model_copy(update={"keep_alive_s": 12.0})
    async with Hubs(settings) as hubs:
        client = Client(hubs.hub, Wish(OURS))
        await asyncio.sleep(11.5)
        assert KEEP_ALIVE not in client.body
        await asyncio.sleep(1)
        assert client.body.count(KEEP_ALIVE) == 1
