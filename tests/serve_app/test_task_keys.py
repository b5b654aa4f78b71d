"""Claims about keys that tasks of a batch bring themselves."""

import httpx
import pytest

from serve_app.routes.examples import LEAD
from serve_app.routes.tasks import TaskInput, _request_of
from tests.serve_app.fakes import World


def an_item(lead_id: str, key: str | None = None) -> dict[str, object]:
    """Return a task about a new lead."""
    item: dict[str, object] = {"lead": {**LEAD, "lead_id": lead_id}}
    return item if key is None else {**item, "idempotency_key": key}


async def test_a_task_with_a_key_of_its_own_is_the_same_in_any_batch(
    http: httpx.AsyncClient, world: World
) -> None:
    first = await http.post(
        "/v1/tasks/batch", json={"items": [an_item("a", "row-1"), an_item("b", "row-2")]}
    )
    second = await http.post(
        "/v1/tasks/batch", json={"items": [an_item("b", "row-2")]}, headers={"Idempotency-Key": "k"}
    )
    assert len(world.submissions) == 2
    task = second.json()["items"][0]["task"]
    assert task["task_id"] == first.json()["items"][1]["task"]["task_id"]
    assert task["created"] is False


async def test_a_single_tasks_own_key_goes_before_the_headers(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.post("/v1/tasks", json=an_item("a", "own"), headers={"Idempotency-Key": "header"})
    assert [one.idempotency_key for one in world.submissions] == ["own"]


@pytest.mark.parametrize("key", ["", "two words", "ü", "x" * 256])
async def test_a_key_that_is_none_is_refused_with_its_item_alone(
    http: httpx.AsyncClient, key: str
) -> None:
    answer = await http.post(
        "/v1/tasks/batch", json={"items": [an_item("a", key), an_item("b", "row-2")]}
    )
    refused, accepted = answer.json()["items"]
    assert refused["problem"]["errors"][0]["field"] == "idempotency_key"
    assert accepted["task"]["created"] is True


def test_a_request_is_what_was_named_so_that_later_versions_know_it_again() -> None:
    item = TaskInput.model_validate({**an_item("a", "key"), "priority": "normal"})
    assert set(_request_of(item)) == {"lead"}


async def test_the_key_and_fields_left_at_their_default_do_not_make_another_request(
    http: httpx.AsyncClient, world: World
) -> None:
    short = an_item("a")
    long = {**short, "kind": "lead_analysis", "priority": "normal", "replace": False}
    for body in (short, long):
        answer = await http.post("/v1/tasks", json=body, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 202
    assert len(world.submissions) == 1
