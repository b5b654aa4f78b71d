"""Claims about ``/v1/dead-letters`` and the replay of tasks."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from domain.ids import AgentKind, LeadId
from domain.ports import DeadLetterFilter
from domain.task import LEAD_ANALYSIS, Priority, Task, TaskState
from tests.serve_app.fakes import World
from tests.serve_app.specimens import NOW


def a_task(world: World, state: TaskState) -> UUID:
    """Store a task in a state; return its id."""
    task = Task(
        task_id=uuid7(),
        tenant_id="default",
        kind=LEAD_ANALYSIS,
        state=state,
        priority=Priority.NORMAL,
        attempt=5,
        max_attempts=5,
        enqueued_at=NOW,
    )
    world.tasks[task.task_id] = task
    return task.task_id


async def test_the_list_holds_what_ended_without_a_result(
    http: httpx.AsyncClient, world: World
) -> None:
    wanted = {
        a_task(world, state) for state in (TaskState.DEAD, TaskState.FAILED, TaskState.EXPIRED)
    }
    for state in (TaskState.SUCCEEDED, TaskState.CANCELLED, TaskState.ABANDONED, TaskState.RUNNING):
        a_task(world, state)
    answer = await http.get("/v1/dead-letters")
    assert {UUID(one["task_id"]) for one in answer.json()["items"]} == wanted


async def test_the_choice_reaches_the_store_as_it_was_made(
    http: httpx.AsyncClient, world: World
) -> None:
    choice = {
        "state": "dead",
        "kind": "lead_analysis",
        "code": "poison",
        "lead_id": "web-1",
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-11-02T00:00:00Z",
    }
    assert (await http.get("/v1/dead-letters", params=choice)).is_success
    assert (await http.post("/v1/dead-letters/replay", json=choice)).is_success
    asked = DeadLetterFilter(
        TaskState.DEAD,
        AgentKind("lead_analysis"),
        "poison",
        LeadId("web-1"),
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 11, 2, tzinfo=UTC),
    )
    assert world.letters_asked == [asked, asked]


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"state": "succeeded"}, "state"),
        ({"code": "Poison!"}, "code"),
        ({"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}, "until"),
        ({"since": "yesterday"}, "since"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_choice_that_cannot_be_is_refused_by_its_field(
    http: httpx.AsyncClient, choice: dict[str, str], field: str
) -> None:
    for answer in (
        await http.get("/v1/dead-letters", params=choice),
        await http.post("/v1/dead-letters/replay", json=choice),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field


async def test_a_replayed_task_is_queued_under_its_id_with_the_deadline_asked_for(
    http: httpx.AsyncClient, world: World
) -> None:
    task_id = a_task(world, TaskState.DEAD)
    answer = await http.post(f"/v1/tasks/{task_id}/replay", json={"deadline_ms": 60_000})
    assert answer.json() == {
        "task_id": str(task_id),
        "href": f"/v1/tasks/{task_id}",
        "created": False,
    }
    assert world.tasks[task_id].state is TaskState.QUEUED
    assert world.tasks[task_id].deadline_at == NOW + timedelta(minutes=1)
    assert (await http.post(f"/v1/tasks/{task_id}/replay")).status_code == 409
    assert (await http.post(f"/v1/tasks/{uuid7()}/replay", json={})).status_code == 404


async def test_a_dry_run_names_what_a_replay_takes_and_changes_nothing(
    http: httpx.AsyncClient, world: World
) -> None:
    wanted = {str(a_task(world, TaskState.FAILED)) for _ in range(3)}
    dry = (await http.post("/v1/dead-letters/replay", json={"dry_run": True})).json()
    assert (dry["count"], dry["has_more"]) == (3, False)
    assert {task.state for task in world.tasks.values()} == {TaskState.FAILED}
    done = (await http.post("/v1/dead-letters/replay", json={"limit": 3})).json()
    assert {one["task_id"] for one in done["tasks"]} == wanted
    assert done["has_more"] is True
    assert {task.state for task in world.tasks.values()} == {TaskState.QUEUED}
