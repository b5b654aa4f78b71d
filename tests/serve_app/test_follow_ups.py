"""Claims about ``/v1/follow-ups``."""

from typing import Any

import httpx
import orjson
import pytest

from domain.follow_up import FollowUpRecord
from domain.lead import Channel
from domain.task import FOLLOW_UP, TaskState
from serve_app.routes.examples import FOLLOW_UP_EXAMPLES, LEAD, TASK_EXAMPLES
from tests.serve_app.fakes import World
from tests.serve_app.specimens import a_finding, a_record

LEAD_ID = str(LEAD["lead_id"])
MARTA = {"by": "marta"}


@pytest.fixture
async def draft(http: httpx.AsyncClient) -> str:
    """Return the address of a draft that waits for a person."""
    await http.post("/v1/leads", json=LEAD)
    answer = await http.post("/v1/follow-ups", json={"lead_id": LEAD_ID})
    return answer.headers["Location"]


async def test_a_draft_is_answered_as_it_is_stored(http: httpx.AsyncClient, world: World) -> None:
    await http.post("/v1/leads", json=LEAD)
    answer = await http.post("/v1/follow-ups", json={"lead_id": LEAD_ID})
    record = FollowUpRecord.model_validate_json(answer.content)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/follow-ups/{record.follow_up_id}"
    assert answer.headers["Gardenos-Task-Id"] == str(record.follow_up_id)
    assert world.follow_ups[record.follow_up_id] == record
    assert (await http.get(answer.headers["Location"])).json() == answer.json()


@pytest.mark.parametrize("name", sorted(FOLLOW_UP_EXAMPLES))
async def test_every_example_of_a_request_reaches_the_agent_whole(
    http: httpx.AsyncClient, world: World, name: str
) -> None:
    await http.post("/v1/leads", json=LEAD)
    asked = FOLLOW_UP_EXAMPLES[name]["value"]
    await http.post("/v1/follow-ups", json=asked, headers={"X-Request-Timeout-Seconds": "5"})
    submission = world.submissions[-1]
    assert (submission.kind, submission.direct, submission.lead_id) == (FOLLOW_UP, True, LEAD_ID)
    assert submission.deadline_unix_s is not None
    assert orjson.loads(submission.payload or b"").items() >= asked.items()


async def test_the_same_key_answers_with_the_first_draft(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads", json=LEAD)
    key = {"Idempotency-Key": "once"}
    asked = {"lead_id": LEAD_ID}
    first = await http.post("/v1/follow-ups", json=asked, headers=key)
    again = await http.post("/v1/follow-ups", json=asked, headers=key)
    other = await http.post("/v1/follow-ups", json={**asked, "tone": "formal"}, headers=key)
    assert first.json() == again.json()
    assert len(world.follow_ups) == 1
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        ("channel_closed: the person closed e-mail", 409, "conflict"),
        ("no_channel: nothing is open", 409, "conflict"),
        ("lead_disqualified: it is spam", 409, "conflict"),
        ("payload_invalid: request.tone", 502, "agent-failed"),
    ],
)
async def test_a_lead_nobody_should_write_to_is_a_conflict_with_a_sentence(
    http: httpx.AsyncClient, world: World, error: str, status: int, kind: str
) -> None:
    await http.post("/v1/leads", json=LEAD)
    world.direct_state, world.direct_error = TaskState.FAILED, error
    answer = await http.post("/v1/follow-ups", json={"lead_id": LEAD_ID})
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:gardenos:problem:{kind}"
    assert error.partition(": ")[2] in answer.json()["detail"]


async def test_what_is_not_there_is_a_404(http: httpx.AsyncClient) -> None:
    nowhere = "/v1/follow-ups/0199ab5c-0000-7000-8000-000000000000"
    answers = [
        await http.post("/v1/follow-ups", json={"lead_id": "nobody"}),
        await http.get(nowhere),
        await http.post(f"{nowhere}/approve", json=MARTA),
        await http.post(f"{nowhere}/reject", json={**MARTA, "reason": "no"}),
        await http.post(f"{nowhere}/edit", json={**MARTA, "body": "Hello."}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5


async def test_the_list_of_work_holds_what_waits(http: httpx.AsyncClient, draft: str) -> None:
    await http.post("/v1/follow-ups", json={"lead_id": LEAD_ID})
    await http.post(f"{draft}/approve", json=MARTA)
    waiting = {"state": "awaiting_approval", "lead_id": LEAD_ID}
    left = (await http.get("/v1/follow-ups", params=waiting)).json()["items"]
    assert [item["state"] for item in left] == ["awaiting_approval"]
    other = await http.get("/v1/follow-ups", params={"lead_id": "another"})
    assert other.json() == {"items": [], "next_cursor": None}


async def test_a_lead_is_read_with_its_drafts_and_what_people_did(
    http: httpx.AsyncClient, draft: str
) -> None:
    await http.post(f"{draft}/reject", json={**MARTA, "reason": "we spoke"})
    (found,) = (await http.get(f"/v1/leads/{LEAD_ID}")).json()["drafts"]
    assert found["decisions"][0]["reason"] == "we spoke"


async def test_an_edited_draft_is_approved_at_the_version_that_was_seen(
    http: httpx.AsyncClient, draft: str
) -> None:
    text = {**MARTA, "subject": "Tuesday?", "body": "Does Tuesday suit you?"}
    edited = (await http.post(f"{draft}/edit", json=text)).json()
    stale = await http.post(f"{draft}/approve", json={**MARTA, "version": 1})
    approved = await http.post(f"{draft}/approve", json={**MARTA, "version": edited["version"]})
    again = await http.post(f"{draft}/edit", json={**MARTA, "body": "Later."})
    assert edited["edits"][0]["at"] == "2026-11-23T12:00:00Z"
    assert (stale.status_code, again.status_code) == (409, 409)
    assert approved.json()["state"] == "approved"
    assert approved.json()["edits"] == edited["edits"]


async def test_a_closed_channel_stops_the_approval(http: httpx.AsyncClient, draft: str) -> None:
    await http.post(f"/v1/leads/{LEAD_ID}/events", json={"type": "opt_out"})
    answer = await http.post(f"{draft}/approve", json={**MARTA, "despite_findings": True})
    assert answer.status_code == 409
    assert "email" in answer.json()["detail"]


async def test_findings_of_an_edit_are_shown_and_stop_only_the_approval(
    http: httpx.AsyncClient, draft: str
) -> None:
    text = {**MARTA, "body": "See http://elsewhere.example"}
    edited = await http.post(f"{draft}/edit", json=text)
    refused = await http.post(f"{draft}/approve", json=MARTA)
    approved = await http.post(f"{draft}/approve", json={**MARTA, "despite_findings": True})
    assert edited.json()["edits"][0]["findings"] == [a_finding().model_dump(mode="json")]
    assert refused.status_code == 409
    assert "foreign_link" in refused.json()["detail"]
    assert approved.json()["decisions"][0]["reason"].startswith("despite findings: foreign_link")


async def test_the_segments_of_an_sms_are_counted_anew(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads", json=LEAD)
    record = a_record(lead_id=LEAD_ID, channel=Channel.SMS, subject=None, sms_segments=1)
    world.follow_ups[record.follow_up_id] = record
    address = f"/v1/follow-ups/{record.follow_up_id}/edit"
    answer = await http.post(address, json={**MARTA, "body": "x" * 25})
    assert answer.json()["edits"][0]["sms_segments"] == 3


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("approve", {}, "by"),
        ("approve", {"by": ""}, "by"),
        ("approve", {"by": "  "}, "by"),
        ("approve", {"by": "\u200b"}, "by"),
        ("approve", {"by": "marta\nrejected by nobody"}, "by"),
        ("approve", {**MARTA, "version": 0}, "version"),
        ("approve", {**MARTA, "colour": "red"}, "colour"),
        ("reject", MARTA, "reason"),
        ("reject", {**MARTA, "reason": ""}, "reason"),
        ("reject", {**MARTA, "reason": " \t"}, "reason"),
        ("edit", MARTA, "body"),
        ("edit", {**MARTA, "body": " \u200b\n"}, "body"),
        ("edit", {**MARTA, "body": "x" * 8001}, "body"),
        ("edit", {**MARTA, "body": "x", "subject": ""}, "subject"),
    ],
)
async def test_a_wrong_word_is_named(
    http: httpx.AsyncClient, draft: str, verb: str, body: dict[str, Any], field: str
) -> None:
    answer = await http.post(f"{draft}/{verb}", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_draft_s_text_is_never_repeated_in_a_problem(
    http: httpx.AsyncClient, draft: str
) -> None:
    text = {"subject": "Kim Lee, " * 30, "body": "Dear Kim Lee, " * 600}
    answer = await http.post(f"{draft}/edit", json={**MARTA, **text})
    assert {error["field"] for error in answer.json()["errors"]} == set(text)
    assert "Kim" not in answer.text


async def test_a_draft_is_queued_as_any_task(http: httpx.AsyncClient, world: World) -> None:
    await http.post("/v1/leads", json=LEAD)
    answer = await http.post("/v1/tasks", json=TASK_EXAMPLES["follow_up"]["value"])
    submission = world.submissions[-1]
    assert answer.status_code == 202
    assert (submission.kind, submission.direct) == (FOLLOW_UP, False)
    assert orjson.loads(submission.payload or b"") == {
        "lead_id": LEAD_ID,
        "stage": "second_touch",
        "channel": "email",
        "tone": None,
        "language": None,
    }


@pytest.mark.parametrize(
    ("task", "field"),
    [
        ({"lead_id": "a", "payload": {"channel": "pigeon"}}, "payload.channel"),
        ({"lead_id": "a", "payload": {"colour": "red"}}, "payload.colour"),
        ({"lead_id": "a", "payload": {"stage": None}}, "payload.stage"),
        ({"lead_id": "a", "payload": {"lead_id": "b"}}, "payload.lead_id"),
        ({"payload": {"lead_id": "b"}}, "lead_id"),
        ({"lead": {"message": "mow"}}, "lead"),
    ],
)
async def test_a_task_for_a_draft_that_cannot_be_is_refused_by_field(
    http: httpx.AsyncClient, task: dict[str, Any], field: str
) -> None:
    one = await http.post("/v1/tasks", json={"kind": "follow_up", **task})
    batch = await http.post("/v1/tasks/batch", json={"items": [{"kind": "follow_up", **task}]})
    assert one.status_code == 422
    assert one.json()["errors"][0]["field"] == field
    assert batch.json()["items"][0]["problem"]["errors"] == one.json()["errors"]
