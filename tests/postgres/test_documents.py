"""While a newer version is rolled out, older code reads what the newer one stored."""

import pytest

from domain.ids import DEFAULT_TENANT, LeadId, TaskId
from domain.lead import Channel
from domain.ports import LeadFilter
from domain.task import FOLLOW_UP, LEAD_ANALYSIS, Admission
from postgres.derived_stores import PostgresAnalysisStore
from postgres.follow_up_store import PostgresFollowUpStore
from postgres.pool import Database
from tests.postgres.queue_world import (
    World,
    analyse,
    analyse_stored,
    analysis,
    approve,
    draft,
    edit,
    lead,
    lead_store,
    success,
    write_to,
)

FROM_NEWER_CODE = """
update leads set document = document || '{"mood": 1}' || jsonb_build_object(
        'contact', document -> 'contact' || '{"fax": "1"}',
        'events', '[{"type": "reply", "at": "2026-11-23T10:00:00Z", "weight": 2}]'::jsonb),
    overrides = '[{"gate": "spam", "by": "Kim", "at": "2026-11-23T10:00:00Z", "until": "2027"}]';
update analyses set document = document || '{"mood": 1}'
    || jsonb_build_object('bant', document -> 'bant' || '{"champion": {"known": true}}');
update follow_ups set document = document || '{"mood": 1}'
    || jsonb_build_object('model', document -> 'model' || '{"seed": 3}');
update follow_up_changes set document = document || '{"mood": 1, "device": {"kind": "phone"}}';
"""


@pytest.fixture
async def world(database: Database) -> World:
    """Give a database with a lead, its analysis and a changed draft, as newer code wrote them."""
    world = World(database)
    await world.admit(analyse(lead("a", contact={"email": "dana@example.com"})))
    (task,) = await world.claim(LEAD_ANALYSIS)
    await world.queue.complete([success(task, analysis("a"))])
    await world.admit(write_to("a"))
    (task,) = await world.claim(FOLLOW_UP)
    await world.queue.complete([success(task, draft("a"))])
    for change in (edit, approve):
        await PostgresFollowUpStore(database).change(DEFAULT_TENANT, task.task_id, change)
    await database.execute(FROM_NEWER_CODE)
    return world


async def test_leads_and_analyses_with_unknown_fields_are_read(world: World) -> None:
    leads = lead_store(world.database)
    record = await leads.get(DEFAULT_TENANT, LeadId("a"))
    assert (record.lead.contact.email, len(record.lead.events)) == ("dana@example.com", 1)
    assert [one.by for one in record.overrides] == ["Kim"]
    assert record.analysis is not None
    page = await leads.list(DEFAULT_TENANT, LeadFilter(), cursor=None, limit=2)
    assert page.items == (record,)
    stored = PostgresAnalysisStore(world.database)
    assert await stored.list_for_lead(DEFAULT_TENANT, LeadId("a"), limit=2) == (record.analysis,)


async def test_drafts_edits_and_decisions_with_unknown_fields_are_read(world: World) -> None:
    drafts = PostgresFollowUpStore(world.database)
    page = await drafts.list(DEFAULT_TENANT, state=None, lead_id=None, cursor=None, limit=2)
    (record,) = page.items
    assert (record.draft.channel, len(record.edits), len(record.decisions)) == (Channel.EMAIL, 1, 1)
    changed = await drafts.change(DEFAULT_TENANT, TaskId(record.follow_up_id), edit)
    assert len(changed.edits) == 2


async def test_a_lead_with_unknown_fields_is_admitted_again_and_analysed(world: World) -> None:
    answers = await world.admit(
        analyse(lead("a", message="changed"), replace=True, direct=True), analyse_stored("a")
    )
    assert all(isinstance(answer, Admission) for answer in answers)


async def test_a_lead_with_unknown_fields_is_deleted_with_its_duplicates_linked_anew(
    world: World,
) -> None:
    await world.admit(analyse(lead("b", contact={"email": "dana@example.com"})))
    await world.database.execute(FROM_NEWER_CODE)
    await lead_store(world.database).delete(DEFAULT_TENANT, LeadId("a"))
    assert await world.rows("select lead_id, duplicate_of from leads") == [("b", None)]
