"""What an agent gets with a task about a stored lead, claimed or answered directly."""

import json

import pytest

from domain.analysis import AnalysisInput
from domain.errors import NotFoundError
from domain.follow_up import FollowUpInput, Tone
from domain.task import FOLLOW_UP, LEAD_ANALYSIS, Admission, TaskEnvelope
from postgres.pool import Database
from tests.postgres.queue_world import (
    World,
    analyse,
    analyse_stored,
    analysis,
    lead,
    noop,
    success,
    write_to,
)


@pytest.fixture
def world(database: Database) -> World:
    """Give one orchestrator."""
    return World(database)


async def travelling(world: World, *, direct: bool) -> TaskEnvelope:
    """Return a task to write to the lead ``a``, on one of its two ways to the agent."""
    (answer,) = await world.admit(write_to("a", direct=direct))
    if not direct:
        (claimed,) = await world.claim(FOLLOW_UP)
        return claimed
    assert isinstance(answer, Admission)
    assert answer.envelope is not None
    return answer.envelope


@pytest.mark.parametrize("direct", [True, False])
async def test_a_draft_is_written_from_the_request_the_lead_and_its_newest_analysis(
    world: World, *, direct: bool
) -> None:
    await world.admit(analyse(lead("a", message="first")))
    task = await travelling(world, direct=direct)
    early = FollowUpInput.model_validate_json(task.payload)
    assert (early.analysis, early.lead.message, early.lead_version) == (None, "first", 1)
    assert (early.request.lead_id, early.request.tone) == ("a", Tone.FORMAL)

    for message, score in (("first", 20), ("changed", 70)):
        await world.admit(analyse(lead("a", message=message), replace=True))
        for queued in await world.claim(LEAD_ANALYSIS):
            version = json.loads(queued.payload)["lead_version"]
            await world.queue.complete([success(queued, analysis("a", version, score=score))])
    later = FollowUpInput.model_validate_json((await travelling(world, direct=direct)).payload)
    assert later.analysis is not None
    assert (later.analysis.score, later.lead.message, later.lead_version) == (70, "changed", 2)


async def test_a_task_without_a_payload_about_a_lead_is_an_analysis_and_others_keep_theirs(
    world: World,
) -> None:
    await world.admit(analyse(lead("a")), noop())
    (about_lead,) = await world.claim(LEAD_ANALYSIS)
    (free,) = await world.claim()
    assert AnalysisInput.model_validate_json(about_lead.payload).lead.lead_id == "a"
    assert free.payload == b"{}"


async def test_nothing_is_written_to_an_unknown_lead(world: World) -> None:
    answers = await world.admit(
        write_to("unknown"), write_to("unknown", direct=True), analyse_stored("unknown")
    )
    assert [type(answer) for answer in answers] == [NotFoundError] * 3
