"""The address ``/v1/tasks/results``: the results of many tasks, as they finish."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from domain.ids import TaskId
from domain.task import FINISHED_STATES, Task
from serve_app.json_route import JsonRoute
from serve_app.problems import documented
from serve_app.routes.call import ReadCall
from serve_app.routes.examples import RESULTS_EXAMPLES
from serve_app.routes.tasks import MAX_WAIT_S
from serve_app.routes.views import View

router = APIRouter(prefix="/v1/tasks", tags=["tasks"], route_class=JsonRoute)

MAX_TASKS = 1000


class ResultsInput(BaseModel):
    """Which tasks to wait for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MAX_TASKS)]
    wait_s: float = Field(
        default=0.0,
        ge=0,
        le=MAX_WAIT_S,
        description="Answer as soon as one of them is finished, or after so long.",
    )


class ResultsView(View):
    """Those that are finished, and what became of the others."""

    items: tuple[Task, ...] = Field(description="Finished ones, in the order asked for.")
    open: int = Field(description="How many are not finished yet; ask for them again.")
    unknown: tuple[UUID, ...] = Field(
        description="Those that are not there: never were, or deleted with their lead or by age."
    )


@router.post(
    "/results",
    operation_id="getTaskResults",
    summary="Read the results of many tasks, or wait for the first",
    responses=documented(413, 415, 429),
)
async def results(
    call: ReadCall,
    asked: Annotated[ResultsInput, Body(openapi_examples=RESULTS_EXAMPLES)],
) -> ResultsView:
    """Return those of the tasks that are finished.

    With `wait_s`, answers when the first is finished, together with what ends within the same
    twentieth of a second; at once where some are finished already or none is open.
    """
    wanted = [TaskId(task_id) for task_id in dict.fromkeys(asked.task_ids)]
    if asked.wait_s:
        tasks = await call.services.engine.wait_any(
            call.tenant_id, wanted, until_unix_s=call.polls_until_unix_s(asked.wait_s)
        )
    else:
        tasks = await call.services.tasks.get_many(call.tenant_id, wanted)
    finished = tuple(task for task in tasks if task.state in FINISHED_STATES)
    known = {task.task_id for task in tasks}
    unknown = tuple(task_id for task_id in wanted if task_id not in known)
    return ResultsView(items=finished, open=len(tasks) - len(finished), unknown=unknown)
