"""Attempts are kept whatever ends them; deaths cost the innocent nothing; the dead come back."""

from dataclasses import replace

import pytest

from domain.errors import ConflictError, NotFoundError
from domain.ids import DEFAULT_TENANT, TenantId
from domain.ports import DeadLetterFilter
from domain.task import (
    BOOST_S,
    Completion,
    Priority,
    Release,
    Submission,
    TaskAttempt,
    TaskState,
)
from postgres.dead_letter_store import PostgresDeadLetterStore
from postgres.pool import Database
from postgres.task_queue import WORKER_LOSSES_AT_MOST
from postgres.task_store import PostgresTaskStore
from tests.postgres.queue_world import NOOP, World, noop, success


async def _die_holding(database: Database) -> World:
    world = World(database)
    await world.claim()
    await world.end_lease()
    await world.queue.recover(limit=10)
    return world


async def _attempts(store: PostgresTaskStore, task: Submission) -> tuple[TaskAttempt, ...]:
    kept = (await store.get(DEFAULT_TENANT, task.task_id)).attempts
    assert kept is not None
    return kept


async def test_release_recovery_completion_and_cancel_each_leave_their_attempt(
    database: Database,
) -> None:
    store, first = PostgresTaskStore(database, [NOOP]), World(database)
    task, other = noop(), noop()
    await first.admit(task)
    (one,) = await first.claim()
    await first.queue.release([Release(one.task_id, 1, 0.0, "timeout: too long", crashed=True)])
    await _die_holding(database)
    (three,) = await first.claim()
    await first.queue.complete([success(three)])
    await first.admit(other)
    await first.claim()
    await store.cancel(DEFAULT_TENANT, other.task_id)

    kept = await _attempts(store, task)
    assert [(a.attempt, a.state, a.crashed) for a in kept] == [
        (1, "queued", True),
        (2, "queued", True),
        (3, "succeeded", False),
    ]
    assert kept[0].error == "timeout: too long"
    assert kept[0].worker_id == first.worker
    (cancelled,) = await _attempts(store, other)
    assert cancelled.state is TaskState.CANCELLED
    assert (await store.delete_finished(older_than_s=0.0, limit=10)) == 2
    assert await first.rows("select count(*) from task_attempts") == [(0,)]


async def test_dead_orchestrators_cost_no_attempt_and_no_crash_but_are_bounded(
    database: Database,
) -> None:
    world, task = World(database), noop()
    await world.admit(task)
    for _ in range(WORKER_LOSSES_AT_MOST - 1):
        await _die_holding(database)
    assert await world.rows("select state, crashes, attempt from tasks") == [
        ("queued", 0, WORKER_LOSSES_AT_MOST - 1)
    ]
    await _die_holding(database)
    assert await world.rows("select state, split_part(error, ':', 1) from tasks") == [
        ("dead", "worker_lost")
    ]


async def test_a_replay_gives_a_fresh_budget_keeps_the_fence_and_happens_once(
    database: Database,
) -> None:
    store, world, task = PostgresTaskStore(database, [NOOP]), World(database), noop()
    letters = PostgresDeadLetterStore(database, lambda _: None)
    await world.admit(task)
    (old,) = await world.claim()
    await world.queue.complete([Completion(old.task_id, 1, TaskState.DEAD, error="poison: died")])

    with pytest.raises(NotFoundError):
        await letters.replay(TenantId("other"), task.task_id)
    again = await letters.replay(DEFAULT_TENANT, task.task_id)
    assert (again.state, again.attempt, again.max_attempts, again.crashes) == ("queued", 2, 7, 0)
    with pytest.raises(ConflictError):
        await letters.replay(DEFAULT_TENANT, task.task_id)

    assert await world.queue.complete([success(old)]) == frozenset()  # late, before the next claim
    (new,) = await world.claim()
    assert await world.queue.complete([success(old)]) == frozenset()
    assert await world.queue.complete([success(new)]) == {task.task_id}
    with pytest.raises(ConflictError):
        await letters.replay(DEFAULT_TENANT, task.task_id)
    assert [one.state for one in await _attempts(store, task)] == ["dead", "succeeded"]


@pytest.mark.parametrize("priority", Priority)
async def test_a_task_replayed_again_stands_in_the_queue_as_if_it_came_now(
    database: Database, priority: Priority
) -> None:
    world, task = World(database), noop(priority=priority)
    letters = PostgresDeadLetterStore(database, lambda _: None)
    await world.admit(task)
    await world.rows(
        "update tasks set enqueued_at = enqueued_at - interval '3 days',"
        " order_key = order_key - interval '3 days' returning 1"
    )
    for _ in range(3):
        (one,) = await world.claim()
        await world.queue.complete(
            [Completion(one.task_id, one.attempt, TaskState.DEAD, error="poison: died")]
        )
        await letters.replay(DEFAULT_TENANT, task.task_id)
    ((late_s,),) = await world.rows(
        "select extract(epoch from order_key - clock_timestamp())::float8 from tasks"
    )
    assert isinstance(late_s, float)
    assert -60 < late_s + BOOST_S[priority] <= 0


async def test_dead_letters_are_found_by_what_they_have_in_common_and_replayed_oldest_first(
    database: Database,
) -> None:
    told: list[str] = []
    letters, world = PostgresDeadLetterStore(database, told.append), World(database)
    ends = [("poison", TaskState.DEAD), ("payload_invalid", TaskState.FAILED)] * 3
    for code, state in ends:
        await world.admit(noop())
        (one,) = await world.claim()
        end = Completion(one.task_id, one.attempt, state, error=f"{code}: so it was")
        await world.queue.complete([end])
    await world.admit(noop())
    (done,) = await world.claim()
    await world.queue.complete([success(done)])

    everything = await letters.list(DEFAULT_TENANT, DeadLetterFilter(), cursor=None, limit=4)
    rest = await letters.list(
        DEFAULT_TENANT, DeadLetterFilter(), cursor=everything.next_cursor, limit=4
    )
    assert (len(everything.items), len(rest.items), rest.next_cursor) == (4, 2, None)
    poisoned = DeadLetterFilter(code="poison", state=TaskState.DEAD, kind=NOOP)
    found = (await letters.list(DEFAULT_TENANT, poisoned, cursor=None, limit=9)).items
    assert {one.error for one in found} == {"poison: so it was"}
    moment = found[1].finished_at
    later = DeadLetterFilter(code="poison", since=moment)
    before = DeadLetterFilter(code="poison", until=moment)
    assert len((await letters.list(DEFAULT_TENANT, later, cursor=None, limit=9)).items) == 2
    assert len((await letters.list(DEFAULT_TENANT, before, cursor=None, limit=9)).items) == 1
    other = await letters.replay_many(TenantId("b"), poisoned, deadline_at=None, limit=9)
    assert other == ()

    again = await letters.replay_many(DEFAULT_TENANT, poisoned, deadline_at=None, limit=2)
    assert {one.task_id for one in again} == {one.task_id for one in found[1:]}
    assert told == [NOOP]
    left = await letters.replay_many(DEFAULT_TENANT, poisoned, deadline_at=None, limit=2)
    assert [one.task_id for one in left] == [found[0].task_id]


async def test_a_task_that_dies_of_its_last_attempt_waits_for_no_time(database: Database) -> None:
    world, task = World(database), replace(noop(), max_attempts=1)
    await world.admit(task)
    await world.claim()
    await world.queue.release([Release(task.task_id, 1, 50.0, "timeout: too long")])
    assert await world.rows("select state, not_before from tasks") == [("dead", None)]


async def test_an_attempt_that_succeeds_after_it_was_given_up_is_told_once(
    database: Database,
) -> None:
    store, world, task = PostgresTaskStore(database, [NOOP]), World(database), noop()
    await world.admit(task)
    (late,) = await world.claim()
    await world.end_lease()
    await world.queue.recover(limit=10)
    assert await world.queue.complete([success(late)]) == {task.task_id}
    (told,) = await _attempts(store, task)
    assert (told.attempt, told.state) == (1, "succeeded")
