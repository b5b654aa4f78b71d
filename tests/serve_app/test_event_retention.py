"""Claims about what is deleted when its time is over, in simulated time."""

import asyncio
from collections import Counter

from domain.errors import DatabaseUnavailableError
from serve_app.retention import OldThings, delete_once, keep_deleting
from tests.fakes.simulation import simulated

BATCH = 100


class Store:
    """Holds so many old things; counts its statements."""

    def __init__(self, old: int) -> None:
        self.old = old
        self.is_away = self.is_broken = False
        self.statements: Counter[int] = Counter()

    async def delete(self, limit: int) -> int:
        """Delete a batch."""
        if self.is_broken:
            raise RuntimeError("no error of ours")
        if self.is_away:
            raise DatabaseUnavailableError("away", 1.0)
        gone = min(limit, self.old)
        self.old -= gone
        self.statements[limit] += 1
        return gone


@simulated
async def test_all_that_is_old_goes_in_bounded_batches() -> None:
    store = Store(250)
    assert await delete_once(store.delete, BATCH) == 250
    assert store.statements == {BATCH: 3}


@simulated
async def test_each_kind_is_deleted_at_every_look_whatever_becomes_of_the_others() -> None:
    events, deliveries = Store(150), Store(50)
    events.is_away = True
    old = OldThings({"events": events.delete, "deliveries": deliveries.delete}, 60.0, BATCH)
    task = asyncio.create_task(keep_deleting(old))
    await asyncio.sleep(59)
    assert deliveries.old == 50
    await asyncio.sleep(2)
    assert (events.old, deliveries.old) == (150, 0)
    events.is_away = False
    await asyncio.sleep(60)
    assert events.old == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@simulated
async def test_an_unexpected_error_ends_neither_the_looks_nor_those_at_other_things() -> None:
    tasks, events = Store(10), Store(10)
    tasks.is_broken = True
    old = OldThings({"tasks": tasks.delete, "events": events.delete}, 60.0, BATCH)
    task = asyncio.create_task(keep_deleting(old))
    await asyncio.sleep(61)
    assert (tasks.old, events.old) == (10, 0)
    tasks.is_broken = False
    await asyncio.sleep(60)
    assert tasks.old == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
