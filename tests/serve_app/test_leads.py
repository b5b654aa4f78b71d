"""Claims about ``/v1/leads``."""

import json

import httpx
import pytest

from domain.analysis import LeadAnalysis
from domain.errors import DatabaseUnavailableError, OverloadedError
from domain.task import TaskState
from serve_app.routes.examples import LEAD, LEAD_EXAMPLES
from tests.serve_app.fakes import World


async def test_analyze_answers_with_the_analysis_and_names_the_task(
    http: httpx.AsyncClient, world: World
) -> None:
    answer = await http.post("/v1/leads/analyze", json=LEAD)
    assert answer.status_code == 200
    assert LeadAnalysis.model_validate_json(answer.content).lead_id == LEAD["lead_id"]
    (task_id,) = world.tasks
    assert answer.headers["Gardenos-Task-Id"] == str(task_id)


async def test_analyze_submits_a_direct_task_with_an_absolute_deadline(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads/analyze", json=LEAD, headers={"X-Request-Timeout-Seconds": "5"})
    (submission,) = world.submissions
    assert submission.direct
    assert submission.replace
    assert submission.deadline_unix_s is not None


async def test_a_caller_who_names_no_deadline_gets_that_of_the_queue(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads/analyze", json=LEAD)
    assert world.submissions[0].deadline_unix_s is None


@pytest.mark.parametrize(
    ("state", "error", "status", "kind"),
    [
        (TaskState.FAILED, "payload_invalid: no lead", 502, "agent-failed"),
        (TaskState.DEAD, "poison: crashed twice", 502, "agent-failed"),
        (TaskState.EXPIRED, None, 504, "deadline-exceeded"),
        (TaskState.CANCELLED, None, 409, "conflict"),
        (TaskState.ABANDONED, None, 503, "unavailable"),
    ],
)
async def test_a_direct_task_that_fails_says_why(
    http: httpx.AsyncClient,
    world: World,
    state: TaskState,
    error: str | None,
    status: int,
    kind: str,
) -> None:
    world.direct_state, world.direct_error = state, error
    answer = await http.post("/v1/leads/analyze", json=LEAD)
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:gardenos:problem:{kind}"


async def test_a_created_lead_is_stored_before_the_202(
    http: httpx.AsyncClient, world: World
) -> None:
    answer = await http.post("/v1/leads", json=LEAD)
    assert answer.status_code == 202
    body = answer.json()
    assert body["lead"]["lead_id"] in world.leads
    assert answer.headers["Location"] == f"/v1/leads/{LEAD['lead_id']}"
    assert (await http.get(body["task"]["href"])).json()["state"] == "queued"


@pytest.mark.parametrize("name", sorted(LEAD_EXAMPLES))
async def test_every_example_of_a_lead_is_accepted(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.post("/v1/leads", json=LEAD_EXAMPLES[name]["value"])
    assert answer.status_code == 202


async def test_the_same_key_and_request_answer_with_the_first_lead(
    http: httpx.AsyncClient, world: World
) -> None:
    anonymous = {"message": "mow my lawn"}
    first = await http.post("/v1/leads", json=anonymous, headers={"Idempotency-Key": "k1"})
    again = await http.post("/v1/leads", json=anonymous, headers={"Idempotency-Key": "k1"})
    assert again.json()["lead"] == first.json()["lead"]
    assert again.json()["task"]["task_id"] == first.json()["task"]["task_id"]
    assert not again.json()["task"]["created"]
    assert len(world.leads) == 1


async def test_the_same_key_with_another_request_is_a_conflict(http: httpx.AsyncClient) -> None:
    await http.post("/v1/leads", json={"message": "a"}, headers={"Idempotency-Key": "k1"})
    answer = await http.post("/v1/leads", json={"message": "b"}, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith(":idempotency-conflict")


async def test_a_lead_id_taken_by_another_lead_is_a_conflict(http: httpx.AsyncClient) -> None:
    await http.post("/v1/leads", json=LEAD)
    answer = await http.post("/v1/leads", json={**LEAD, "message": "another"})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith(":lead-exists")


async def test_a_wrong_but_real_value_is_accepted_and_named(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/leads", json={**LEAD, "area_m2": -4})
    assert answer.status_code == 202
    assert answer.json()["lead"]["flags"]


async def test_the_list_goes_by_cursor(http: httpx.AsyncClient) -> None:
    for number in range(3):
        await http.post("/v1/leads", json={**LEAD, "lead_id": f"lead-{number}"})
    first = (await http.get("/v1/leads", params={"limit": 2})).json()
    rest = await http.get("/v1/leads", params={"limit": 2, "cursor": first["next_cursor"]})
    assert len(first["items"]) == 2
    assert [item["lead"]["lead_id"] for item in rest.json()["items"]] == ["lead-2"]
    assert rest.json()["next_cursor"] is None


async def test_a_lead_whose_id_holds_a_slash_can_be_read_and_changed(
    http: httpx.AsyncClient,
) -> None:
    await http.post("/v1/leads", json={**LEAD, "lead_id": "crm/2026/1"})
    read = await http.get("/v1/leads/crm/2026/1")
    event = await http.post("/v1/leads/crm/2026/1/events", json={"type": "reply"})
    assert read.json()["lead"]["lead_id"] == "crm/2026/1"
    assert event.status_code == 202


async def test_a_lead_is_read_with_analyses_drafts_and_tasks(http: httpx.AsyncClient) -> None:
    await http.post("/v1/leads", json=LEAD)
    body = (await http.get(f"/v1/leads/{LEAD['lead_id']}")).json()
    assert len(body["analyses"]) == 1
    assert body["drafts"] == []
    assert [task["lead_id"] for task in body["tasks"]] == [LEAD["lead_id"]]


async def test_a_patch_changes_what_it_names_and_analyses_again(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads", json=LEAD)
    answer = await http.patch(
        f"/v1/leads/{LEAD['lead_id']}",
        content=json.dumps({"budget": {"amount_max": 29000}, "timeline": None}),
        headers={"Content-Type": "application/merge-patch+json"},
    )
    body = answer.json()
    assert body["lead"]["budget"]["amount_max"] == 29000
    assert body["lead"]["budget"]["currency"] == "USD"
    assert body["lead"]["timeline"] is None
    assert body["version"] == 2
    assert body["task"]["task_id"] == str(world.submissions[-1].task_id)


async def test_a_patch_that_alters_nothing_queues_nothing(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads", json=LEAD)
    answer = await http.patch(f"/v1/leads/{LEAD['lead_id']}", json={"area_m2": 350})
    assert answer.json()["task"] is None
    assert len(world.submissions) == 1


async def test_a_corrected_value_takes_its_flag_away(http: httpx.AsyncClient) -> None:
    created = await http.post("/v1/leads", json={**LEAD, "area_m2": -4, "timeline": "whenever"})
    before = set(created.json()["lead"]["flags"])
    answer = await http.patch(f"/v1/leads/{LEAD['lead_id']}", json={"area_m2": 40})
    lead = answer.json()["lead"]
    assert lead["area_m2"] == 40
    assert set(lead["flags"]) < before
    assert [entry["field"] for entry in lead["set_aside"]] == ["timeline"]


@pytest.mark.parametrize("name", ["lead_id", "created_at", "flags", "set_aside"])
async def test_a_patch_of_a_fixed_field_is_refused_by_name(
    http: httpx.AsyncClient, name: str
) -> None:
    await http.post("/v1/leads", json=LEAD)
    answer = await http.patch(f"/v1/leads/{LEAD['lead_id']}", json={name: "x"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == name


async def test_an_event_is_added_once_and_analyses_again(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads", json=LEAD)
    event = {"type": "opt_out", "channel": "sms", "at": "2026-11-22T09:00:00Z"}
    first = await http.post(f"/v1/leads/{LEAD['lead_id']}/events", json=event)
    again = await http.post(f"/v1/leads/{LEAD['lead_id']}/events", json=event)
    assert len(first.json()["lead"]["events"]) == 1
    assert first.json()["task"] is not None
    assert again.json()["task"] is None


async def test_an_override_is_replaced_by_the_next_about_the_same_gate(
    http: httpx.AsyncClient,
) -> None:
    await http.post("/v1/leads", json=LEAD)
    address = f"/v1/leads/{LEAD['lead_id']}/overrides"
    await http.post(address, json={"gate": "spam", "by": "marta"})
    answer = await http.post(address, json={"gate": "spam", "by": "marta", "undone": False})
    (override,) = answer.json()["overrides"]
    assert not override["undone"]


async def test_what_runs_about_a_deleted_lead_is_stopped(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads", json=LEAD)
    await http.delete(f"/v1/leads/{LEAD['lead_id']}")
    assert world.forgotten == list(world.tasks)


async def test_a_deleted_lead_is_gone(http: httpx.AsyncClient) -> None:
    await http.post("/v1/leads", json=LEAD)
    gone = await http.delete(f"/v1/leads/{LEAD['lead_id']}")
    after = await http.get(f"/v1/leads/{LEAD['lead_id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert after.status_code == 404


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        (DatabaseUnavailableError("the database changes its leader", 1.2), 503, "2"),
        (OverloadedError("the queue is full", 0.1), 429, "1"),
    ],
)
async def test_what_cannot_serve_now_says_when_to_come_back(
    http: httpx.AsyncClient, world: World, fault: Exception, status: int, retry_after: str
) -> None:
    world.fault = fault
    answer = await http.post("/v1/leads", json=LEAD)
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == retry_after


@pytest.mark.parametrize("way", ["", "/overrides"])
async def test_a_change_that_needs_room_in_a_full_queue_is_refused_and_not_made(
    http: httpx.AsyncClient, world: World, way: str
) -> None:
    await http.post("/v1/leads", json=LEAD)
    before = dict(world.leads)
    world.full = OverloadedError("the queue is full", 3.0)
    address = f"/v1/leads/{LEAD['lead_id']}{way}"
    if way:
        override = {"gate": "spam", "by": "marta", "reason": "I know the sender"}
        answer = await http.post(address, json=override)
    else:
        answer = await http.patch(address, json={"message": "another"})
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, "3"), answer.text
    assert world.leads == before


async def test_an_opt_out_is_heard_however_full_the_queue_is(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/leads", json=LEAD)
    world.full = OverloadedError("the queue is full", 3.0)
    answer = await http.post(f"/v1/leads/{LEAD['lead_id']}/events", json={"type": "opt_out"})
    assert answer.status_code == 202
