"""Drafts: read, listed, changed by many at once without a loss, and gone with their lead."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.errors import ConflictError, InvalidInputError, NotFoundError
from domain.follow_up import DraftState, FollowUpRecord
from domain.ids import DEFAULT_TENANT, LeadId, TaskId, TenantId
from domain.lead import Lead
from domain.ports import LeadFilter
from domain.task import FOLLOW_UP
from postgres.cursors import encode_cursor
from postgres.follow_up_store import PostgresFollowUpStore
from postgres.pool import Database
from postgres.queries import QUERIES
from tests.postgres.queue_world import (
    APPROVED,
    NOW,
    World,
    analyse,
    approve,
    call,
    draft,
    edit,
    edited,
    lead,
    lead_store,
    success,
    write_to,
)

STRANGER = TenantId("stranger")


@pytest.fixture
def world(database: Database) -> World:
    """Give one orchestrator."""
    return World(database)


@pytest.fixture
def drafts(database: Database) -> PostgresFollowUpStore:
    """Give the store of the same database."""
    return PostgresFollowUpStore(database)


async def drafted(world: World, lead_id: str, count: int = 1) -> list[TaskId]:
    """Store a lead and let drafts to it be written, each a minute after the one before."""
    await world.admit(analyse(lead(lead_id), replace=True))
    await world.admit(*(write_to(lead_id) for _ in range(count)))
    tasks = await world.claim(FOLLOW_UP)
    await world.queue.complete(
        [
            success(task, draft("another", drafted_at=NOW + timedelta(minutes=place)), call())
            for place, task in enumerate(tasks)
        ]
    )
    return [task.task_id for task in tasks]


async def test_a_finished_task_becomes_a_draft_of_its_own_lead_that_awaits_approval(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    (one,) = await drafted(world, "a")
    record = await drafts.get(DEFAULT_TENANT, one)
    assert (record.state, record.version, record.follow_up_id) == (
        DraftState.AWAITING_APPROVAL,
        1,
        one,
    )
    assert (record.draft.lead_id, record.draft.body) == ("a", "Hello")


async def test_edits_and_decisions_are_kept_in_order_and_each_change_is_a_version(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    (one,) = await drafted(world, "a")
    for change in (edit, edit, approve):
        changed = await drafts.change(DEFAULT_TENANT, one, change)
        assert changed == await drafts.get(DEFAULT_TENANT, one)
    record = await drafts.get(DEFAULT_TENANT, one)
    assert record.edits == (edited("text 0"), edited("text 1"))
    assert record.decisions == (APPROVED,)
    assert (record.version, record.state, record.draft.body) == (4, DraftState.APPROVED, "Hello")


async def test_a_change_sees_the_lead_as_it_is_now(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    (one,) = await drafted(world, "a")
    await world.admit(analyse(lead("a", message="call me no more"), replace=True))
    seen: list[str] = []

    def look(record: FollowUpRecord, now: Lead) -> FollowUpRecord:
        seen.append(now.message)
        return record

    assert (await drafts.change(DEFAULT_TENANT, one, look)).version == 1
    assert seen == ["call me no more"]


async def test_a_refused_change_leaves_everything_as_it_was(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    (one,) = await drafted(world, "a")
    approved = await drafts.change(DEFAULT_TENANT, one, approve)
    with pytest.raises(ConflictError):
        await drafts.change(DEFAULT_TENANT, one, approve)
    assert await drafts.get(DEFAULT_TENANT, one) == approved


@pytest.mark.parametrize(
    "changes", [{"edits": ()}, {"edits": (edited("other"),)}, {"follow_up_id": UUID(int=1)}]
)
async def test_nobody_takes_back_what_was_said(
    world: World, drafts: PostgresFollowUpStore, changes: dict[str, object]
) -> None:
    (one,) = await drafted(world, "a")
    before = await drafts.change(DEFAULT_TENANT, one, edit)
    with pytest.raises(ValueError, match="only append"):
        await drafts.change(
            DEFAULT_TENANT, one, lambda record, _: record.model_copy(update=changes)
        )
    assert await drafts.get(DEFAULT_TENANT, one) == before


async def test_of_many_edits_at_once_none_is_lost(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    (one,) = await drafted(world, "a")
    await asyncio.gather(*(drafts.change(DEFAULT_TENANT, one, edit) for _ in range(8)))
    record = await drafts.get(DEFAULT_TENANT, one)
    assert [each.body for each in record.edits] == [f"text {number}" for number in range(8)]
    assert record.version == 9


async def test_of_two_approvals_at_once_the_second_waits_and_is_refused(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    (one,) = await drafted(world, "a")
    first = ("approved", 2, 0, ["decision"], [APPROVED.model_dump_json()])
    async with world.database.transaction() as connection:
        await connection.execute(QUERIES["follow_up_lock"], DEFAULT_TENANT, one)
        await connection.execute(QUERIES["follow_up_change"], DEFAULT_TENANT, one, *first)
        second = asyncio.create_task(drafts.change(DEFAULT_TENANT, one, approve))
        while not second.done() and not await world.is_blocked():  # noqa: ASYNC110 - no event tells of a lock
            await asyncio.sleep(0.01)
    with pytest.raises(ConflictError, match="it is approved"):
        await second
    assert (await drafts.get(DEFAULT_TENANT, one)).decisions == (APPROVED,)


async def test_lists_page_through_every_draft_once_newest_first(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    made = await drafted(world, "a", 5)
    await drafts.change(DEFAULT_TENANT, made[2], approve)
    waiting = [made[4], made[3], made[1], made[0]]
    cases: list[tuple[DraftState | None, LeadId | None, list[TaskId]]] = [
        (None, None, made[::-1]),
        (DraftState.AWAITING_APPROVAL, None, waiting),
        (DraftState.APPROVED, LeadId("a"), [made[2]]),
        (DraftState.REJECTED, None, []),
        (None, LeadId("b"), []),
    ]
    for state, lead_id, expected in cases:
        seen: list[UUID] = []
        cursor: str | None = None
        while True:
            page = await drafts.list(
                DEFAULT_TENANT, state=state, lead_id=lead_id, cursor=cursor, limit=2
            )
            seen += [record.follow_up_id for record in page.items]
            if (cursor := page.next_cursor) is None:
                break
        assert seen == expected, (state, lead_id)


async def test_drafts_of_one_moment_are_all_listed(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    made = await drafted(world, "a", 3)
    async with world.database.transaction() as connection:
        await connection.execute("update follow_ups set drafted_at = $1", NOW)
    first = await drafts.list(DEFAULT_TENANT, state=None, lead_id=None, cursor=None, limit=2)
    rest = await drafts.list(
        DEFAULT_TENANT, state=None, lead_id=None, cursor=first.next_cursor, limit=2
    )
    assert {one.follow_up_id for one in first.items + rest.items} == set(made)


AN_ID = str(UUID(int=7))


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "",
        "WzFd",
        encode_cursor("x", AN_ID),
        encode_cursor("2026-11-23T12:00:00+00:00", "y"),
        encode_cursor("2026-11-23T12:00:00+00:00", "a\0b"),
        encode_cursor("2026-11-23T12:00:00", AN_ID),
        encode_cursor("0001-01-01T00:00:00+14:00", AN_ID),
        encode_cursor("9999-12-31T23:59:59-14:00", AN_ID),
    ],
)
async def test_a_foreign_cursor_is_refused_by_name(
    world: World, drafts: PostgresFollowUpStore, cursor: str
) -> None:
    with pytest.raises(InvalidInputError, match="cursor"):
        await drafts.list(DEFAULT_TENANT, state=None, lead_id=None, cursor=cursor, limit=2)
    if cursor != encode_cursor("2026-11-23T12:00:00+00:00", "y"):
        leads = lead_store(world.database)
        with pytest.raises(InvalidInputError, match="cursor"):
            await leads.list(DEFAULT_TENANT, LeadFilter(), cursor=cursor, limit=2)


async def test_another_tenant_sees_and_changes_no_draft(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    (one,) = await drafted(world, "a")
    for refused in (
        drafts.get(STRANGER, one),
        drafts.change(STRANGER, one, edit),
        drafts.get(DEFAULT_TENANT, TaskId(uuid7())),
    ):
        with pytest.raises(NotFoundError):
            await refused
    page = await drafts.list(STRANGER, state=None, lead_id=None, cursor=None, limit=9)
    assert page.items == ()


async def test_a_deleted_lead_takes_its_drafts_edits_and_decisions_and_leaves_the_bill(
    world: World, drafts: PostgresFollowUpStore
) -> None:
    (gone,), (kept,) = await drafted(world, "a"), await drafted(world, "b")
    for one in (gone, kept):
        await drafts.change(DEFAULT_TENANT, one, edit)
        await drafts.change(DEFAULT_TENANT, one, approve)
    await lead_store(world.database).delete(DEFAULT_TENANT, LeadId("a"))
    assert await world.rows("select follow_up_id from follow_ups") == [(kept,)]
    assert await world.rows("select distinct follow_up_id from follow_up_changes") == [(kept,)]
    assert await world.rows("select count(*), sum(cost_nanousd)::int from usage") == [(2, 14)]
