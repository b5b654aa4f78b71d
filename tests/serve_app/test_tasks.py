"""Claims about ``/v1/tasks``, ``/v1/agents`` and health."""

import time
from typing import Any

import httpx
import pytest

from domain.errors import DatabaseUnavailableError, OverloadedError
from domain.task import TaskState
from serve_app.routes.examples import BATCH_EXAMPLES, LEAD, TASK_EXAMPLES
from serve_app.settings import HttpSettings
from tests.serve_app.fakes import FakePool, World, client_over


async def test_a_task_about_a_stored_lead_is_queued(http: httpx.AsyncClient, world: World) -> None:
    await http.post("/v1/leads", json=LEAD)
    answer = await http.post("/v1/tasks", json=TASK_EXAMPLES["stored"]["value"])
    assert answer.status_code == 202
    assert answer.headers["Location"] == answer.json()["href"]
    assert world.submissions[-1].priority == "high"


async def test_a_task_about_an_unknown_lead_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/tasks", json={"lead_id": "nobody"})
    assert answer.status_code == 404


@pytest.mark.parametrize(("replace", "status"), [(False, 409), (True, 202)])
async def test_a_stored_lead_of_other_content_is_replaced_only_on_demand(
    http: httpx.AsyncClient,
    world: World,
    replace: bool,  # noqa: FBT001 - a table
    status: int,
) -> None:
    await http.post("/v1/leads", json=LEAD)
    changed = {**LEAD, "message": "another"}
    answer = await http.post("/v1/tasks", json={"lead": changed, "replace": replace})
    assert answer.status_code == status
    assert (world.leads[str(LEAD["lead_id"])].lead.message == "another") is replace


async def test_a_batch_refuses_item_by_item_and_keeps_the_rest(
    http: httpx.AsyncClient, world: World
) -> None:
    items = [
        {"lead": LEAD},
        {"kind": "gardener"},
        {"lead": {"message": 1}},
        {"lead_id": "nobody"},
        17,
        {"lead": {"message": "mow"}, "priority": "low"},
    ]
    answer = await http.post("/v1/tasks/batch", json={"items": items})
    body = answer.json()
    assert answer.status_code == 202
    assert (body["accepted"], body["refused"]) == (2, 4)
    assert [item["index"] for item in body["items"]] == [0, 1, 2, 3, 4, 5]
    assert [bool(item.get("task")) for item in body["items"]] == [True, *[False] * 4, True]
    assert body["items"][3]["problem"]["status"] == 404
    assert len(world.tasks) == 2


async def test_a_batch_with_nothing_accepted_is_no_202(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/tasks/batch", json=BATCH_EXAMPLES["two"]["value"])
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 0


async def test_what_a_full_queue_refuses_of_a_batch_says_when_to_send_it_again(
    http: httpx.AsyncClient, world: World
) -> None:
    world.full = OverloadedError("the queue is full", 6.2)
    answer = await http.post("/v1/tasks/batch", json={"items": [{"lead": {}}, {"lead": {}}]})
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "7")
    first, second = answer.json()["items"]
    assert "task" in first
    assert (second["problem"]["status"], len(world.tasks)) == (429, 1)


async def test_a_batch_that_was_taken_asks_for_no_other(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/tasks/batch", json={"items": [{"lead": {}}]})
    assert "Retry-After" not in answer.headers


async def test_the_same_batch_with_the_same_key_answers_with_the_first_tasks(
    http: httpx.AsyncClient,
) -> None:
    items = {"items": [{"lead": {"message": "a"}}, {"lead": {"message": "b"}}]}
    first = await http.post("/v1/tasks/batch", json=items, headers={"Idempotency-Key": "night"})
    again = await http.post("/v1/tasks/batch", json=items, headers={"Idempotency-Key": "night"})
    ids = [[item["task"]["task_id"] for item in one.json()["items"]] for one in (first, again)]
    assert ids[0] == ids[1]


async def test_a_batch_beyond_its_bound_is_refused_whole(world: World) -> None:
    async with client_over(world, HttpSettings(max_batch_items=2)) as http:
        answer = await http.post("/v1/tasks/batch", json={"items": [{"lead": {}}] * 3})
    assert answer.status_code == 422
    assert not world.tasks


async def test_a_long_poll_waits_at_most_as_long_as_asked_and_as_the_deadline(
    http: httpx.AsyncClient, world: World
) -> None:
    created = await http.post("/v1/leads", json=LEAD)
    address = created.json()["task"]["href"]
    now_s = time.time()
    await http.get(address, params={"wait_s": 20})
    await http.get(address, params={"wait_s": 20}, headers={"X-Request-Timeout-Seconds": "5"})
    asked, bounded = (until - now_s for until in world.waited_until)
    assert asked == pytest.approx(20, abs=2)
    assert bounded == pytest.approx(5, abs=2)


async def test_tasks_are_listed_by_state(http: httpx.AsyncClient) -> None:
    await http.post("/v1/leads", json=LEAD)
    queued = await http.get("/v1/tasks", params={"state": "queued"})
    running = await http.get("/v1/tasks", params={"state": "running"})
    assert len(queued.json()["items"]) == 1
    assert running.json()["items"] == []


async def test_an_open_task_is_cancelled_once(http: httpx.AsyncClient) -> None:
    created = await http.post("/v1/leads", json=LEAD)
    address = created.json()["task"]["href"] + "/cancel"
    first = await http.post(address)
    again = await http.post(address)
    assert first.json()["state"] == TaskState.CANCELLED
    assert again.status_code == 409


async def test_agents_tell_replicas_queue_and_state(http: httpx.AsyncClient, world: World) -> None:
    await http.post("/v1/leads", json=LEAD)
    (agent,) = (await http.get("/v1/agents")).json()["items"]
    assert (agent["kind"], agent["state"], agent["queued"]) == ("lead_analysis", "ready", 1)
    assert agent["queued_by_priority"] == {"urgent": 0, "high": 0, "normal": 1, "low": 0}
    assert (agent["queued_bound"], agent["tenant_queued_bound"]) == (1000, 500)
    assert (agent["drain_per_s"], agent["oldest_queued_s"]) == (12.5, 3.0)


@pytest.mark.parametrize(
    ("pool", "status"),
    [
        (FakePool(), 200),
        (FakePool(replicas=0, min_replicas=0), 200),
        (FakePool(replicas=0, min_replicas=1), 503),
    ],
)
async def test_ready_means_that_every_agent_can_take_work(
    http: httpx.AsyncClient, world: World, pool: FakePool, status: int
) -> None:
    world.pools_now = [pool]
    assert (await http.get("/readyz")).status_code == status


async def test_without_a_database_the_process_is_alive_but_not_ready(
    http: httpx.AsyncClient, world: World
) -> None:
    world.fault = DatabaseUnavailableError("the database does not answer", 1.0)
    alive, ready = await http.get("/healthz"), await http.get("/readyz")
    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["database"]) == (503, False)


async def test_of_several_deadlines_the_earliest_is_the_tasks(
    http: httpx.AsyncClient, world: World
) -> None:
    far = "2999-01-01T00:00:00Z"
    named: list[tuple[dict[str, str], dict[str, Any], float | None]] = [
        ({}, {}, None),
        ({"Gardenos-Deadline-Ms": "9000"}, {}, 9),
        ({}, {"deadline_ms": 70_000}, 70),
        ({}, {"deadline_ms": 70_000, "deadline_at": far}, 70),
        ({"Gardenos-Deadline-Ms": "9000"}, {"deadline_ms": 70_000, "deadline_at": far}, 9),
        ({"Gardenos-Deadline-Ms": "90000"}, {"deadline_ms": 70_000}, 70),
    ]
    for headers, fields, ahead_s in named:
        before = time.time()
        await http.post("/v1/tasks", json={"lead": {"message": "mow"}, **fields}, headers=headers)
        got = world.submissions[-1].deadline_unix_s
        if ahead_s is None:
            assert got is None
        else:
            assert got is not None
            assert before + ahead_s <= got <= time.time() + ahead_s


async def test_the_header_is_the_deadline_of_every_item_of_a_batch_that_names_no_earlier(
    http: httpx.AsyncClient, world: World
) -> None:
    items = [{"lead": {"message": "mow"}}, {"lead": {"message": "hoe"}, "deadline_ms": 1000}]
    headers = {"Gardenos-Deadline-Ms": "60000"}
    await http.post("/v1/tasks/batch", json={"items": items}, headers=headers)
    later, sooner = (one.deadline_unix_s or 0.0 for one in world.submissions)
    assert 50 < later - sooner < 60


async def test_the_header_bounds_a_direct_call_together_with_its_timeout(
    http: httpx.AsyncClient, world: World
) -> None:
    for timeout_s, ms, at_most_s in (("20", "5000", 5), ("2", "5000", 2)):
        headers = {"X-Request-Timeout-Seconds": timeout_s, "Gardenos-Deadline-Ms": ms}
        await http.post("/v1/leads/analyze", json=LEAD, headers=headers)
        got = world.submissions[-1].deadline_unix_s
        assert got is not None
        assert got < time.time() + at_most_s


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "soon", "", "٣", "2592000001", "9" * 5000])
async def test_a_deadline_that_is_no_count_of_milliseconds_is_refused(
    http: httpx.AsyncClient, value: str
) -> None:
    headers = [(b"Gardenos-Deadline-Ms", value.encode())]
    answer = await http.post("/v1/tasks", json={"lead": LEAD}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Gardenos-Deadline-Ms"


@pytest.mark.parametrize("value", [0, -5, 1.5, "soon", 2_592_000_001, []])
async def test_a_deadline_field_that_is_no_count_of_milliseconds_is_refused(
    http: httpx.AsyncClient, world: World, value: object
) -> None:
    answer = await http.post("/v1/tasks", json={"lead": LEAD, "deadline_ms": value})
    assert answer.status_code == 422
    assert "deadline_ms" in answer.json()["errors"][0]["field"]
    assert not world.submissions
