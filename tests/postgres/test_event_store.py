"""Events are written by whatever moves a task, and no reader skips or doubles one."""

import asyncio
from random import Random

import asyncpg
import pytest

from domain.errors import NotFoundError
from domain.events import EventPosition, EventType, TaskEvent
from domain.ids import DEFAULT_TENANT, TaskId, TenantId
from domain.task import Release, TaskEnvelope
from postgres.event_store import PostgresEventStore
from postgres.pool import Database
from postgres.task_store import PostgresTaskStore
from tests.postgres.queue_world import NOOP, World, analyse, lead, lead_store, noop, success

START = EventPosition(1, 0, 0)
BEGIN_TASK = """
insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts)
values (uuidv7(), 'default', 'noop', 'queued', 'normal', clock_timestamp(), 5)
"""


async def read(
    store: PostgresEventStore, tenant: str = DEFAULT_TENANT, position: EventPosition = START
) -> list[TaskEvent]:
    """Return a tenant's final events."""
    return list(await store.after({TenantId(tenant): position}, limit=1000))


async def test_each_move_of_a_task_is_told_with_ids_and_a_code_alone(database: Database) -> None:
    world, store = World(database), PostgresEventStore(database)
    await world.admit(noop())
    (task,) = await world.claim()
    error = "model_failed: Ada König, ada@example.com, wants a hedge"
    await world.queue.release([Release(task.task_id, 1, 0.01, error)])
    claimed: list[TaskEnvelope] = []
    while not claimed:
        await world.queue.recover(limit=10)
        claimed = await world.claim()
    (task,) = claimed
    await world.queue.complete([success(task, b'{"secret": "no"}')])
    told = await read(store)
    assert [(one.type, one.attempt, one.error_code) for one in told] == [
        (EventType.QUEUED, 0, None),
        (EventType.RUNNING, 1, None),
        (EventType.WAITING, 1, "model_failed"),
        (EventType.RUNNING, 2, None),
        (EventType.SUCCEEDED, 2, None),
    ]
    assert not any("Ada" in one.model_dump_json() for one in told)
    assert await store.of_tasks({(DEFAULT_TENANT, task.task_id): 0}, limit=100) == tuple(told)


async def test_recovery_cancel_and_expiry_are_told_as_well(database: Database) -> None:
    world, store = World(database), PostgresEventStore(database)
    lost, cancelled, late = noop(), noop(), noop()
    await world.admit(lost)
    await world.claim()
    await world.admit(cancelled, late)
    await world.end_lease()
    await world.rows(
        "update tasks set deadline_at = clock_timestamp() where task_id = $1", late.task_id
    )
    await world.queue.recover(limit=10)
    await PostgresTaskStore(database, (NOOP,)).cancel(DEFAULT_TENANT, cancelled.task_id)
    told = {(one.task_id, one.type, one.error_code) for one in await read(store)}
    assert {
        (lost.task_id, EventType.QUEUED, "worker_lost"),
        (late.task_id, EventType.EXPIRED, "deadline_exceeded"),
        (cancelled.task_id, EventType.CANCELLED, "cancelled"),
    } <= told


async def test_a_deleted_lead_ends_its_open_tasks_for_watchers_and_leaves_no_word_of_it(
    database: Database,
) -> None:
    world, store = World(database), PostgresEventStore(database)
    await world.admit(analyse(lead("ada@example.com")))
    await lead_store(database).delete(DEFAULT_TENANT, "ada@example.com")  # type: ignore[arg-type]
    told = await read(store)
    assert [one.type for one in told] == [EventType.QUEUED, EventType.DELETED]
    assert not await world.rows("select 1 from task_events e where e::text like '%ada%'")


async def test_another_tenant_reads_nothing(database: Database) -> None:
    world, store = World(database), PostgresEventStore(database)
    mine = noop("mine")
    await world.admit(mine)
    assert await read(store, "other") == []
    assert await store.of_tasks({(TenantId("other"), mine.task_id): 0}, limit=9) == ()
    with pytest.raises(NotFoundError):
        await store.end_of(TenantId("other"), TaskId(mine.task_id))


async def test_an_event_whose_transaction_ends_late_is_neither_skipped_nor_doubled(
    database: Database, dsn: str
) -> None:
    store = PostgresEventStore(database)
    slow, quick = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(BEGIN_TASK)
        await quick.execute(BEGIN_TASK)
        first = await read(store)
        await transaction.commit()
        second = await read(store, position=first[-1].position if first else START)
    finally:
        await slow.close()
        await quick.close()
    numbers = [one.sequence for one in [*first, *second]]
    assert sorted(numbers) == [1, 2]


async def test_a_reader_beside_many_interleaved_writers_sees_each_event_once(
    database: Database, dsn: str
) -> None:
    store, rng = PostgresEventStore(database), Random(7)  # noqa: S311 - seeded
    done = asyncio.Event()
    seen: list[int] = []

    async def write(seed: int) -> None:
        own = Random(seed)  # noqa: S311 - seeded
        connection = await asyncpg.connect(dsn)
        for _ in range(25):
            transaction = connection.transaction()
            await transaction.start()
            for _ in range(own.randint(1, 3)):
                await connection.execute(BEGIN_TASK)
                await asyncio.sleep(own.random() * 0.004)
            await (transaction.rollback() if own.random() < 0.2 else transaction.commit())
        await connection.close()

    async def follow() -> None:
        position = START
        while True:
            last = done.is_set()
            events = await store.after({DEFAULT_TENANT: position}, limit=rng.randint(1, 9))
            seen.extend(one.sequence for one in events)
            if events:
                position = events[-1].position
            elif last:
                return
            await asyncio.sleep(0)

    reader = asyncio.create_task(follow())
    await asyncio.gather(*(write(seed) for seed in range(6)))
    done.set()
    await reader
    stored = await database.fetch("select number from task_events")
    assert len(seen) == len(set(seen))
    assert set(seen) == {row["number"] for row in stored}


async def test_what_retention_deletes_is_remembered_as_the_start_of_history(
    database: Database,
) -> None:
    world, store = World(database), PostgresEventStore(database)
    await world.admit(*(noop() for _ in range(10)))
    told = await read(store)
    assert await store.delete_old(older_than_s=3600, keep=4, limit=100) == 6
    assert [one.sequence for one in await read(store)] == [one.sequence for one in told[6:]]
    horizon = await store.horizon()
    assert told[4].position < horizon.oldest == told[5].position
    assert await store.delete_old(older_than_s=0, keep=1000, limit=3) == 3


@pytest.mark.parametrize(
    ("change", "kept"), [("timeline = '000000FF'", 1), ("system_identifier = 1", 0)]
)
async def test_another_leader_or_server_starts_another_history(
    database: Database, change: str, kept: int
) -> None:
    world, store = World(database), PostgresEventStore(database)
    await world.admit(noop())
    before = await store.horizon()
    await world.rows(f"update event_stream set {change} returning 1")  # noqa: S608 - from the table above
    after = await store.horizon()
    assert (before.now.stream, after.now.stream) == (1, 2)
    assert (await store.horizon()).now.stream == 2
    assert len(await read(store)) == kept
