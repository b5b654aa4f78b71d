"""Claims about ``/v1/tasks/results``."""

import time
from typing import Any

import httpx
import pytest

from domain.task import TaskState
from serve_app.routes.call import LAST_READ_S
from serve_app.routes.examples import LEAD
from tests.serve_app.fakes import World

NOBODY = "0199ab5c-0000-7000-8000-000000000000"


@pytest.fixture
async def task_ids(http: httpx.AsyncClient, world: World) -> list[str]:
    """Return three tasks, of which the second is finished."""
    for number in range(3):
        await http.post("/v1/leads", json={**LEAD, "lead_id": f"lead-{number}"})
    names = list(world.tasks)
    done = {"state": TaskState.SUCCEEDED, "result": {"score": 5}}
    world.tasks[names[1]] = world.tasks[names[1]].model_copy(update=done)
    return [str(name) for name in names]


@pytest.mark.parametrize("wait_s", [0, 20])
async def test_finished_tasks_come_the_open_are_counted_the_unknown_named(
    http: httpx.AsyncClient, task_ids: list[str], wait_s: float
) -> None:
    asked = {"task_ids": [NOBODY, *task_ids, task_ids[0]], "wait_s": wait_s}
    body = (await http.post("/v1/tasks/results", json=asked)).json()
    assert [(one["task_id"], one["result"]) for one in body["items"]] == [
        (task_ids[1], {"score": 5})
    ]
    assert (body["open"], body["unknown"]) == (2, [NOBODY])


async def test_the_wait_is_bounded_by_what_is_asked_and_by_the_deadline(
    http: httpx.AsyncClient, world: World, task_ids: list[str]
) -> None:
    asked = {"task_ids": task_ids, "wait_s": 20}
    now_s = time.time()
    await http.post("/v1/tasks/results", json=asked)
    await http.post("/v1/tasks/results", json=asked, headers={"X-Request-Timeout-Seconds": "5"})
    waits = [until - now_s for until in world.waited_until]
    assert waits == [pytest.approx(20, abs=2), pytest.approx(5, abs=2)]


@pytest.mark.parametrize("timeout_s", [0.4, 1, 5])
async def test_a_wait_ends_before_the_deadline_with_time_to_say_what_is_open(
    http: httpx.AsyncClient, world: World, task_ids: list[str], timeout_s: float
) -> None:
    timeout = {"X-Request-Timeout-Seconds": str(timeout_s)}
    asked = {"task_ids": task_ids, "wait_s": 20}
    answers = [
        await http.post("/v1/tasks/results", json=asked, headers=timeout),
        await http.get(f"/v1/tasks/{task_ids[0]}", params={"wait_s": 20}, headers=timeout),
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    deadline_unix_s = time.time() + timeout_s
    left_s = [deadline_unix_s - until for until in world.waited_until]
    assert [one >= LAST_READ_S for one in left_s] == [True, True]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "task_ids"),
        ({"task_ids": []}, "task_ids"),
        ({"task_ids": [NOBODY] * 1001}, "task_ids"),
        ({"task_ids": ["x"]}, "task_ids.0"),
        ({"task_ids": [NOBODY], "wait_s": 61}, "wait_s"),
        ({"task_ids": [NOBODY], "wait_s": -1}, "wait_s"),
    ],
)
async def test_a_wrong_question_is_named(
    http: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await http.post("/v1/tasks/results", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
