"""Attempts are kept whatever ends them; deaths cost the innocent nothing; the dead come back."""

import pytest

from domain.errors import ConflictError, NotFoundError
from domain.ids import DEFAULT_TENANT, TenantId
from domain.task import Completion, Release, TaskState
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

    kept = (await store.get(DEFAULT_TENANT, task.task_id)).attempts
    assert [(a.attempt, a.state, a.crashed) for a in kept] == [
        (1, "queued", True),
        (2, "queued", True),
        (3, "succeeded", False),
    ]
    assert kept[0].error == "timeout: too long"
    assert kept[0].worker_id == first.worker
    (cancelled,) = (await store.get(DEFAULT_TENANT, other.task_id)).attempts
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
    ended = await store.get(DEFAULT_TENANT, task.task_id)
    assert [one.state for one in ended.attempts] == ["dead", "succeeded"]
