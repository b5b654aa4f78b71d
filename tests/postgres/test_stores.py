"""Leads and tasks as callers see them, and what goes when a lead is deleted."""

from dataclasses import replace
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.errors import ConflictError, InvalidInputError, NotFoundError
from domain.ids import DEFAULT_TENANT, LeadId, TaskId, TenantId, WorkerId
from domain.lead import LeadStatus
from domain.outcome import Outcome, OutcomeKind
from domain.ports import LeadFilter, LeadRecord
from domain.task import LEAD_ANALYSIS, Admission, Priority, TaskState
from postgres.derived_stores import (
    PostgresAnalysisStore,
    PostgresOutcomeStore,
    PostgresUsageStore,
)
from postgres.lead_store import PostgresLeadStore
from postgres.pool import Database
from postgres.task_store import PostgresTaskStore
from tests.postgres.queue_world import (
    NOOP,
    NOW,
    World,
    analyse,
    analyse_stored,
    analysis,
    call,
    lead,
    noop,
    success,
)

STRANGER = TenantId("stranger")


@pytest.fixture
def world(database: Database) -> World:
    """Give one orchestrator."""
    return World(database)


@pytest.fixture
def leads(world: World) -> PostgresLeadStore:
    """Give the lead store of the same database."""
    return PostgresLeadStore(
        world.database, world.announced.append, lambda: TaskId(uuid7()), WorkerId(UUID(int=0))
    )


@pytest.fixture
def tasks(world: World) -> PostgresTaskStore:
    """Give the task store of the same database."""
    return PostgresTaskStore(world.database, [NOOP, LEAD_ANALYSIS])


async def analysed(world: World, *names: str, **fields: object) -> None:
    """Store leads and analyse each, with falling call priority."""
    for place, name in enumerate(names):
        await world.admit(analyse(lead(name, **fields)))
        (task,) = await world.claim(LEAD_ANALYSIS)
        document = analysis(name, call_priority=1 - place / 10)
        await world.queue.complete([success(task, document, call())])


async def test_the_call_list_pages_through_every_lead_once_best_first(
    world: World, leads: PostgresLeadStore
) -> None:
    names = [f"lead-{number}" for number in range(5)]
    await analysed(world, *names)
    seen: list[str] = []
    cursor = None
    while True:
        page = await leads.list(DEFAULT_TENANT, LeadFilter(call_first=True), cursor=cursor, limit=2)
        seen += [record.lead.lead_id for record in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == names


@pytest.mark.parametrize("call_first", [True, False])
@pytest.mark.parametrize("cursor", ["x", "!!", "WzFd", "W10"])
async def test_a_foreign_cursor_is_refused_by_name(
    leads: PostgresLeadStore, cursor: str, *, call_first: bool
) -> None:
    with pytest.raises(InvalidInputError, match="cursor"):
        await leads.list(DEFAULT_TENANT, LeadFilter(call_first=call_first), cursor=cursor, limit=2)


async def test_a_change_stores_a_new_version_and_queues_its_analysis(
    world: World, leads: PostgresLeadStore
) -> None:
    await analysed(world, "a")

    def contacted(record: LeadRecord) -> LeadRecord:
        changed = record.lead.model_copy(update={"status": LeadStatus.CONTACTED})
        return replace(record, lead=changed)

    record = await leads.change(DEFAULT_TENANT, LeadId("a"), contacted, analyse_stored("a"))
    assert (record.version, record.lead.status) == (2, LeadStatus.CONTACTED)
    (task,) = await world.claim(LEAD_ANALYSIS)
    assert b'"lead_version": 2' in task.payload
    again = await leads.change(DEFAULT_TENANT, LeadId("a"), contacted, analyse_stored("a"))
    assert again.version == 2
    assert await world.claim(LEAD_ANALYSIS) == []


async def test_who_asks_again_after_the_first_lead_was_lost_is_called(
    world: World, leads: PostgresLeadStore
) -> None:
    await analysed(world, "a", "b", contact={"email": "dana@example.com"})

    def lost(record: LeadRecord) -> LeadRecord:
        return replace(record, lead=record.lead.model_copy(update={"status": LeadStatus.LOST}))

    await leads.change(DEFAULT_TENANT, LeadId("a"), lost, None)
    assert (await leads.get(DEFAULT_TENANT, LeadId("b"))).duplicate_of is None
    (task,) = await world.claim(LEAD_ANALYSIS)
    assert b'"lead_id": "b"' in task.payload


async def test_a_deletion_names_the_open_tasks_that_went_with_it(
    world: World, leads: PostgresLeadStore
) -> None:
    await analysed(world, "a")
    assert await leads.delete(DEFAULT_TENANT, LeadId("a")) == []
    await world.admit(analyse(lead("b")))
    (task,) = await world.rows("select task_id from tasks where lead_id = 'b'")
    assert await leads.delete(DEFAULT_TENANT, LeadId("b")) == list(task)


async def test_a_deleted_lead_leaves_nothing_personal_and_its_duplicates_move_up(
    world: World, leads: PostgresLeadStore
) -> None:
    await analysed(world, "a", "b", "c", contact={"email": "dana@example.com"})
    await leads.delete(DEFAULT_TENANT, LeadId("a"))
    for table in ("leads", "analyses", "tasks", "contact_keys"):
        assert await world.rows(f"select 1 from {table} where lead_id = 'a'") == [], table  # noqa: S608 - fixed names
    links = await world.rows("select lead_id, duplicate_of from leads order by 1")
    assert links == [("b", None), ("c", "b")]
    assert len(await world.claim(LEAD_ANALYSIS)) == 2
    assert await world.rows("select sum(cost_nanousd)::int from usage") == [(21,)]
    await leads.delete(DEFAULT_TENANT, LeadId("b"))
    await leads.delete(DEFAULT_TENANT, LeadId("c"))


async def test_duplicates_of_a_deleted_lead_that_ask_for_different_work_are_no_duplicates(
    world: World, leads: PostgresLeadStore
) -> None:
    contact = {"email": "dana@example.com"}
    for name, service in (("a", None), ("b", "hedges"), ("c", "paving"), ("d", "paving")):
        await world.admit(analyse(lead(name, contact=contact, service=service)))

    await leads.delete(DEFAULT_TENANT, LeadId("a"))

    links = await world.rows("select lead_id, duplicate_of from leads order by 1")
    assert links == [("b", None), ("c", None), ("d", "c")]


async def test_another_tenant_sees_and_changes_nothing(
    world: World, leads: PostgresLeadStore, tasks: PostgresTaskStore
) -> None:
    (admission,) = await world.admit(analyse(lead("a")))
    assert isinstance(admission, Admission)
    for refused in (
        leads.get(STRANGER, LeadId("a")),
        leads.delete(STRANGER, LeadId("a")),
        tasks.get(STRANGER, admission.task_id),
        tasks.cancel(STRANGER, admission.task_id),
    ):
        with pytest.raises(NotFoundError):
            await refused
    assert (await leads.list(STRANGER, LeadFilter(), cursor=None, limit=9)).items == ()
    listed = await tasks.list(STRANGER, state=None, kind=None, lead_id=None, cursor=None, limit=9)
    assert listed.items == ()


async def test_a_cancelled_task_refuses_its_late_result(
    world: World, tasks: PostgresTaskStore
) -> None:
    await world.admit(noop())
    (task,) = await world.claim()
    cancelled = await tasks.cancel(DEFAULT_TENANT, task.task_id)
    assert cancelled.state is TaskState.CANCELLED
    assert await world.queue.complete([success(task)]) == frozenset()
    with pytest.raises(ConflictError, match="cancelled"):
        await tasks.cancel(DEFAULT_TENANT, task.task_id)


async def test_tasks_are_listed_newest_first_by_state_and_kind(
    world: World, tasks: PostgresTaskStore
) -> None:
    submissions = [noop() for _ in range(3)]
    await world.admit(*submissions, analyse(lead("a")))
    page = await tasks.list(
        DEFAULT_TENANT, state=TaskState.QUEUED, kind=NOOP, lead_id=None, cursor=None, limit=2
    )
    rest = await tasks.list(
        DEFAULT_TENANT, state=None, kind=NOOP, lead_id=None, cursor=page.next_cursor, limit=2
    )
    newest_first = [one.task_id for one in reversed(submissions)]
    assert [task.task_id for task in page.items + rest.items] == newest_first
    assert rest.next_cursor is None


async def test_depths_stop_at_their_cap(world: World, tasks: PostgresTaskStore) -> None:
    await world.admit(*(noop() for _ in range(5)))
    await world.claim(limit=1)
    depths = await tasks.depths(cap=3)
    assert (depths[NOOP].queued, depths[NOOP].running, depths[LEAD_ANALYSIS].queued) == (3, 1, 0)


async def test_the_queue_is_counted_by_priority_and_urgent_ones_beyond_the_cap(
    world: World, tasks: PostgresTaskStore
) -> None:
    await world.admit(*(noop("a", Priority.LOW) for _ in range(5)))
    await world.admit(noop("z"), *(noop("z", Priority.URGENT) for _ in range(2)))
    whole = (await tasks.depths(cap=100))[NOOP]
    assert whole.by_priority == {Priority.LOW: 5, Priority.NORMAL: 1, Priority.URGENT: 2}
    capped = (await tasks.depths(cap=3))[NOOP]
    assert capped.by_priority == {Priority.LOW: 3, Priority.URGENT: 2}


async def test_a_tenants_depths_are_of_its_own_tasks(
    world: World, tasks: PostgresTaskStore
) -> None:
    await world.admit(*(noop("a", Priority.LOW) for _ in range(5)), noop("b"))
    await world.admit(*(noop("b", Priority.URGENT) for _ in range(2)))
    own = await tasks.depths(cap=100, tenant_id=TenantId("b"))
    assert own[NOOP].by_priority == {Priority.NORMAL: 1, Priority.URGENT: 2}
    assert (own[NOOP].queued, own[LEAD_ANALYSIS].queued) == (3, 0)
    assert own[NOOP].oldest_s is not None
    capped = await tasks.depths(cap=4, tenant_id=TenantId("a"))
    assert capped[NOOP].queued == 4
    nobody = await tasks.depths(cap=4, tenant_id=TenantId("c"))
    assert (nobody[NOOP].queued, nobody[NOOP].by_priority, nobody[NOOP].oldest_s) == (0, {}, None)


async def test_the_oldest_task_that_is_next_for_a_tenant_tells_its_age(
    world: World, tasks: PostgresTaskStore
) -> None:
    await world.admit(noop("a"), noop("b"), noop("b"), noop("c"))
    async with world.database.transaction() as connection:
        await connection.execute(
            "update tasks set enqueued_at = enqueued_at - interval '1 hour', "
            "order_key = order_key - interval '1 hour' where tenant_id = 'b'"
        )
    depths = await tasks.depths(cap=3)
    assert 3600 <= (depths[NOOP].oldest_s or 0) < 3700
    assert depths[LEAD_ANALYSIS].oldest_s is None


async def test_a_deleted_task_counts_as_finished_for_whoever_waits(
    world: World, tasks: PostgresTaskStore
) -> None:
    await world.admit(noop(), noop())
    (done, open_task) = await world.claim()
    await world.queue.complete([success(done)])
    assert await tasks.finished([done.task_id, open_task.task_id]) == {done.task_id}
    assert await tasks.delete_finished(older_than_s=0, limit=10) == 1
    assert await tasks.finished([done.task_id, open_task.task_id]) == {done.task_id}


async def test_an_outcome_closes_the_lead_and_the_last_one_counts(
    world: World, leads: PostgresLeadStore
) -> None:
    await analysed(world, "a")
    outcomes = PostgresOutcomeStore(world.database)
    lost = Outcome(lead_id="a", kind=OutcomeKind.LOST, at=NOW, reason="price")
    won = Outcome(lead_id="a", kind=OutcomeKind.WON, at=NOW, amount=900, currency="EUR")
    await outcomes.record(DEFAULT_TENANT, lost)
    await outcomes.record(DEFAULT_TENANT, won)
    assert await outcomes.get(DEFAULT_TENANT, LeadId("a")) == won
    assert (await leads.get(DEFAULT_TENANT, LeadId("a"))).lead.status is LeadStatus.WON
    page = await leads.list(DEFAULT_TENANT, LeadFilter(call_first=True), cursor=None, limit=9)
    assert page.items == ()
    with pytest.raises(NotFoundError):
        await outcomes.record(STRANGER, won)


async def test_analyses_and_usage_are_read_back(world: World) -> None:
    await analysed(world, "a")
    stored = await PostgresAnalysisStore(world.database).list_for_lead(
        DEFAULT_TENANT, LeadId("a"), limit=5
    )
    ((task_id,),) = await world.rows("select task_id from tasks")
    usage = await PostgresUsageStore(world.database).of_task(TaskId(UUID(str(task_id))))
    assert [one.lead_id for one in stored] == ["a"]
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cost_nanousd) == (5, 2, 7)
