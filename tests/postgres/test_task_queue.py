"""The durable queue: nothing lost, nothing done twice, nobody starved, late results refused."""

import asyncio
from dataclasses import replace

import pytest

from domain.errors import (
    ConflictError,
    IdempotencyConflictError,
    LeadExistsError,
    NotFoundError,
)
from domain.task import LEAD_ANALYSIS, Admission, Completion, Priority, Release, TaskState
from postgres.admission import admit
from postgres.pool import Database
from tests.postgres.queue_world import (
    NOOP,
    World,
    analyse,
    analyse_stored,
    analysis,
    call,
    lead,
    noop,
    success,
)


@pytest.fixture
def world(database: Database) -> World:
    """Give one orchestrator."""
    return World(database)


async def test_many_claimers_at_once_never_get_the_same_task(database: Database) -> None:
    first = World(database)
    tasks = [noop(f"t{number % 3}") for number in range(300)]
    await first.admit(*tasks)
    claimers = [World(database) for _ in range(6)]

    async def drain(claimer: World) -> list[object]:
        mine: list[object] = []
        while got := await claimer.claim(limit=7):
            mine += [task.task_id for task in got]
        return mine

    claimed = [task for some in await asyncio.gather(*map(drain, claimers)) for task in some]
    assert sorted(map(str, claimed)) == sorted(str(task.task_id) for task in tasks)


async def test_a_paused_workers_late_result_is_refused_and_its_bill_kept(
    database: Database,
) -> None:
    paused, healthy = World(database), World(database)
    await paused.admit(noop())
    (old,) = await paused.claim()
    await paused.end_lease()
    assert await healthy.queue.recover(limit=10) == 1
    (new,) = await healthy.claim()
    assert (new.attempt, new.crashes) == (2, 0)

    assert await paused.queue.complete([success(old, b'"late"', call(1))]) == frozenset()
    assert await healthy.queue.complete([success(new, b'"new"', call(2))]) == {new.task_id}
    assert await paused.queue.complete([success(old, b'"later"', call(1))]) == frozenset()
    assert await healthy.rows("select result #>> '{}', state from tasks") == [("new", "succeeded")]
    assert await healthy.rows("select attempt, cost_nanousd from usage order by 1") == [
        (1, 7),
        (2, 7),
    ]


async def test_a_worker_without_a_lease_claims_nothing_and_cannot_renew(world: World) -> None:
    await world.admit(noop())
    assert await world.queue.claim(NOOP, world.worker, limit=1) == []
    await world.queue.renew(world.worker, lease_s=1, is_new=True)
    await world.end_lease()
    assert await world.queue.claim(NOOP, world.worker, limit=1) == []
    with pytest.raises(ConflictError):
        await world.queue.renew(world.worker, lease_s=1, is_new=True)


async def test_a_forgotten_lease_comes_back_as_little_as_a_remembered_one(
    database: Database,
) -> None:
    paused, healthy = World(database), World(database)
    await paused.admit(noop())
    (old,) = await paused.claim()
    await paused.end_lease()
    await paused.rows(
        "update workers set lease_until = lease_until - interval '2 minutes' returning 1"
    )
    await healthy.queue.recover(limit=10)
    assert await healthy.rows("select count(*) from workers") == [(0,)]
    with pytest.raises(ConflictError):
        await paused.queue.renew(paused.worker, lease_s=10)
    (new,) = await healthy.claim()
    assert (new.task_id, new.attempt) == (old.task_id, 2)


async def test_a_lease_whose_making_got_no_reply_is_made_again(world: World) -> None:
    first = await world.queue.renew(world.worker, lease_s=10, is_new=True)
    second = await world.queue.renew(world.worker, lease_s=10, is_new=True)
    assert second.lease_until > first.lease_until


async def test_small_tenants_are_served_beside_one_with_many_tasks(world: World) -> None:
    await world.admit(*(noop("a-big") for _ in range(400)))
    await world.admit(*(noop(f"small-{number % 5}") for number in range(50)))
    served: list[str] = []
    while len([tenant for tenant in served if tenant != "a-big"]) < 50:
        served += [task.tenant_id for task in await world.claim(limit=6)]
    assert len(served) <= 70


async def test_an_urgent_task_goes_first_and_an_old_one_is_not_overtaken_for_ever(
    world: World,
) -> None:
    tasks = [noop(priority=one) for one in (Priority.LOW, Priority.NORMAL, Priority.URGENT)]
    await world.admit(*tasks)
    async with world.database.transaction() as connection:
        await connection.execute(
            "update tasks set order_key = order_key - interval '3 hours' where priority = 'low'"
        )
    claimed = [(await world.claim(limit=1))[0].priority for _ in range(3)]
    assert claimed == [Priority.LOW, Priority.URGENT, Priority.NORMAL]


async def test_an_idempotency_key_gives_the_first_task_and_refuses_another_request(
    world: World,
) -> None:
    def keyed(digest: bytes) -> object:
        one = noop()
        return type(one)(
            one.task_id,
            one.tenant_id,
            one.kind,
            payload=b"{}",
            idempotency_key="key",
            request_digest=digest,
        )

    first, same, other = keyed(b"1"), keyed(b"1"), keyed(b"2")
    answers = await world.admit(first, same, other)  # type: ignore[arg-type] # made above
    later = await world.admit(keyed(b"1"))  # type: ignore[arg-type] # made above
    assert [getattr(one, "task_id", None) for one in answers + later] == [
        first.task_id,  # type: ignore[attr-defined] # made above
        first.task_id,  # type: ignore[attr-defined] # made above
        None,
        first.task_id,  # type: ignore[attr-defined] # made above
    ]
    assert isinstance(answers[2], IdempotencyConflictError)
    assert await world.rows("select count(*) from tasks") == [(1,)]


async def test_one_refusal_takes_back_that_submission_only(world: World) -> None:
    await world.admit(analyse(lead("a", message="first")))
    answers = await world.admit(
        analyse(lead("a", message="other")), analyse(lead("b")), analyse_stored("unknown")
    )
    assert [type(answer) for answer in answers] == [LeadExistsError, Admission, NotFoundError]
    assert await world.rows("select lead_id from tasks order by 1") == [("a",), ("b",)]


async def test_of_two_leads_of_one_person_sent_at_once_the_second_waits_and_is_linked(
    database: Database,
) -> None:
    world = World(database)
    contact = {"email": "dana@example.com"}
    await world.admit(analyse(lead("won-before", contact=contact, status="won")))
    async with database.transaction() as connection:
        await admit(connection, [analyse(lead("a", contact=contact))], world.worker)
        second = asyncio.create_task(world.admit(analyse(lead("b", contact=contact))))
        while not second.done() and not await world.is_blocked():  # noqa: ASYNC110 - no event tells of a lock
            await asyncio.sleep(0.01)
    await second
    rows = await world.rows("select lead_id, duplicate_of from leads order by 1")
    assert rows == [("a", None), ("b", "a"), ("won-before", None)]


async def test_a_duplicate_is_analysed_again_when_the_first_leads_grade_changes(
    world: World,
) -> None:
    contact = {"phone": "+15035550142"}
    await world.admit(analyse(lead("a", contact=contact)), analyse(lead("b", contact=contact)))
    tasks = {
        task.payload.count(b'"lead_id": "b"') > 0: task for task in await world.claim(LEAD_ANALYSIS)
    }
    await world.queue.complete([success(tasks[True], analysis("b", grade="C"))])
    await world.queue.complete([success(tasks[False], analysis("a", grade="A"))])
    (again,) = await world.claim(LEAD_ANALYSIS)
    assert b'"first": {"grade": "A", "lead_id": "a"' in again.payload
    await world.queue.complete([success(again, analysis("b", grade="A"))])
    assert await world.claim(LEAD_ANALYSIS) == []


async def test_an_older_versions_analysis_does_not_replace_a_newer_ones(world: World) -> None:
    await world.admit(analyse(lead("a")))
    (old,) = await world.claim(LEAD_ANALYSIS)
    await world.admit(analyse(lead("a", message="changed"), replace=True))
    (new,) = await world.claim(LEAD_ANALYSIS)
    await world.queue.complete([success(new, analysis("a", 2, score=20))])
    await world.queue.complete([success(old, analysis("a", 1, score=90))])
    assert await world.rows("select score, analysed_version from leads") == [(20, 2)]
    assert await world.rows("select count(*) from analyses") == [(2,)]


@pytest.mark.parametrize("together", [False, True])
async def test_of_two_analyses_of_one_version_the_one_begun_later_counts(
    world: World, *, together: bool
) -> None:
    await world.admit(analyse(lead("a")))
    (early,) = await world.claim(LEAD_ANALYSIS)
    await world.admit(analyse_stored("a"))
    (late,) = await world.claim(LEAD_ANALYSIS)
    ended_last = analysis("a", score=90).replace(b"T10:00:00", b"T10:00:01")
    ends = [success(late, analysis("a", score=20)), success(early, ended_last)]
    for some in [ends] if together else [[one] for one in ends]:
        await world.queue.complete(some)
    assert await world.rows("select score from leads") == [(20,)]


async def test_a_direct_task_of_a_dead_worker_is_abandoned_and_not_run_again(world: World) -> None:
    (admission,) = await world.admit(analyse(lead("a"), direct=True))
    assert isinstance(admission, Admission)
    assert admission.envelope is not None
    await world.queue.renew(world.worker, lease_s=1, is_new=True)
    await world.end_lease()
    assert await world.queue.recover(limit=10) == 1
    assert await world.rows("select state from tasks") == [("abandoned",)]
    late = success(admission.envelope, analysis("a"), call())
    assert await World(world.database).queue.complete([late]) == frozenset()
    assert await world.rows("select count(*) from usage") == [(1,)]


async def test_a_task_that_saw_two_crashes_comes_marked_to_run_alone(world: World) -> None:
    await world.admit(noop())
    for crashes in range(3):
        (task,) = await world.claim()
        assert (task.crashes, task.alone) == (crashes, crashes >= 2)
        await world.queue.release([Release(task.task_id, task.attempt, 0, "died", crashed=True)])


async def test_a_release_waits_returns_and_ends_when_attempts_are_used_up(world: World) -> None:
    await world.admit(noop())
    (task,) = await world.claim()
    await world.queue.release([Release(task.task_id, 1, 60, "provider: 503")])
    assert await world.claim() == []
    async with world.database.transaction() as connection:
        await connection.execute("update tasks set not_before = clock_timestamp()")
    assert await world.queue.recover(limit=10) == 1
    for attempt in range(2, 6):
        (task,) = await world.claim()
        assert task.attempt == attempt
        await world.queue.release([Release(task.task_id, attempt, 0, "provider: 503")])
    assert await world.rows("select state, error from tasks") == [("dead", "provider: 503")]


async def test_a_task_that_never_reached_an_agent_may_try_once_more(world: World) -> None:
    await world.admit(noop())
    (task,) = await world.claim()
    await world.queue.release([Release(task.task_id, 1, 0, "drained", count_attempt=False)])
    (again,) = await world.claim()
    assert (again.attempt, again.max_attempts) == (2, task.max_attempts + 1)
    assert await world.queue.complete([success(task)]) == frozenset()


async def test_a_waiting_task_past_its_deadline_expires(world: World) -> None:
    await world.admit(noop())
    async with world.database.transaction() as connection:
        await connection.execute("update tasks set deadline_at = clock_timestamp()")
    assert await world.queue.recover(limit=10) == 1
    assert await world.rows("select state from tasks") == [("expired",)]


async def test_queued_kinds_are_announced_and_direct_ones_are_not(world: World) -> None:
    await world.admit(noop(), analyse(lead("a"), direct=True))
    assert world.announced == [NOOP]


async def test_a_claim_reads_its_index_whatever_the_size_of_the_table(world: World) -> None:
    async with world.database.transaction() as connection:
        await connection.execute(
            "insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts,"
            " payload) select uuidv7(), 't' || n % 3, 'noop', 'queued', 'normal',"
            " clock_timestamp(), 5, '{}' from generate_series(1, 20000) n"
        )
        await connection.execute("analyze tasks")
        await connection.execute("select pg_stat_force_next_flush()")
    before = await world.rows("select seq_scan from pg_stat_user_tables where relname = 'tasks'")
    assert len(await world.claim(limit=64)) == 64
    async with world.database.transaction() as connection:
        await connection.execute("select pg_stat_force_next_flush()")
    after = await world.rows("select seq_scan from pg_stat_user_tables where relname = 'tasks'")
    assert before == after


async def test_a_claim_whose_reply_was_lost_goes_back_to_the_queue(world: World) -> None:
    await world.admit(noop(), noop())
    lost, held = await world.claim()
    async with world.database.transaction() as connection:
        await connection.execute("update tasks set started_at = started_at - interval '1 minute'")
    moved = await world.queue.recover(limit=10, worker=world.worker, holds=[held.task_id])
    assert moved == 1
    (again,) = await world.claim()
    assert (again.task_id, again.attempt, again.crashes) == (lost.task_id, 2, 0)


async def test_an_error_text_that_no_column_takes_still_ends_the_task(world: World) -> None:
    await world.admit(noop())
    (task,) = await world.claim()
    end = Completion(task.task_id, 1, TaskState.FAILED, error="bad: \x00 \ud800")
    assert await world.queue.complete([end]) == {task.task_id}


async def test_a_repeat_of_a_refused_request_is_refused_too(world: World) -> None:
    first = replace(analyse_stored("unknown"), idempotency_key="key", request_digest=b"1")
    again = replace(first, task_id=noop().task_id)
    answers = await world.admit(first, again)
    assert [type(answer) for answer in answers] == [NotFoundError, NotFoundError]


@pytest.mark.parametrize(
    ("state", "direct", "is_new"),
    [
        (TaskState.ABANDONED, True, True),
        (TaskState.CANCELLED, True, True),
        (TaskState.EXPIRED, True, True),
        (TaskState.FAILED, True, False),
        (TaskState.SUCCEEDED, True, False),
        (TaskState.CANCELLED, False, False),
        (TaskState.EXPIRED, False, False),
    ],
)
async def test_a_direct_task_that_nobody_did_gives_its_key_back(
    database: Database,
    state: TaskState,
    direct: bool,  # noqa: FBT001 - a table
    is_new: bool,  # noqa: FBT001 - a table
) -> None:
    world = World(database)
    asked = replace(
        noop(), direct=direct, idempotency_key="key", request_digest=b"1", payload=b"{}"
    )
    (first,) = await world.admit(asked)
    if not direct:
        await world.claim()
    result = b"{}" if state is TaskState.SUCCEEDED else None
    await world.queue.complete([Completion(asked.task_id, 1, state, result, error="it ended: so")])

    again = replace(asked, task_id=noop().task_id)
    (second,) = await world.admit(again)
    (other,) = await world.admit(replace(again, request_digest=b"2"))

    assert isinstance(first, Admission)
    assert isinstance(second, Admission)
    assert second.created is is_new
    assert second.task_id == (again.task_id if is_new else first.task_id)
    assert isinstance(other, IdempotencyConflictError)


async def test_the_key_of_an_abandoned_task_makes_a_new_one(world: World) -> None:
    asked = replace(noop(), direct=True, idempotency_key="k", request_digest=b"d" * 32)
    await world.admit(asked)
    await world.database.execute(
        "update tasks set state = 'abandoned', finished_at = clock_timestamp(), claimed_by = null"
    )
    (again,) = await world.admit(replace(asked, task_id=noop().task_id))
    assert isinstance(again, Admission)
    assert again.created
    assert again.task_id != asked.task_id
