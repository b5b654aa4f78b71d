"""The address ``/v1/tasks/batch``: many tasks in one request, each accepted or refused alone."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import GardenosError, InvalidInputError
from domain.task import Admission, Submission
from serve_app.json_route import BatchRoute
from serve_app.problems import Problem, documented, invalid, problem_of, retry_after
from serve_app.routes.call import Call, WriteCall
from serve_app.routes.examples import BATCH_EXAMPLES
from serve_app.routes.tasks import TaskInput, read_task
from serve_app.routes.views import TaskReference, View

router = APIRouter(prefix="/v1/tasks", tags=["tasks"], route_class=BatchRoute)


class BatchInput(BaseModel):
    """Tasks to queue."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "properties": {
                "items": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"$ref": "#/components/schemas/TaskInput"},
                }
            }
        },
    )

    items: Annotated[tuple[Any, ...], Field(min_length=1)]


class BatchItem(View):
    """What became of one task."""

    index: int = Field(description="Position in the request, from 0.")
    task: TaskReference | None = Field(default=None, description="Where it was accepted.")
    problem: Problem | None = Field(default=None, description="Where it was refused.")


class BatchAccepted(View):
    """What became of a batch; accepted tasks are stored and will be done."""

    accepted: int
    refused: int
    items: tuple[BatchItem, ...]


@router.post(
    "/batch",
    operation_id="createTasks",
    summary="Queue many tasks",
    status_code=202,
    response_model=BatchAccepted,
    responses={
        **documented(413, 415, 429),
        200: {"model": BatchAccepted, "description": "Every task was refused."},
    },
)
async def create(
    call: WriteCall,
    batch: Annotated[BatchInput, Body(openapi_examples=BATCH_EXAMPLES)],
    request: Request,
) -> Response:
    """Queue tasks; a wrong one is refused by itself, the others are stored.

    Answers 202 where at least one was accepted. With an `Idempotency-Key` each task without a key
    of its own gets the key with its position, so the same batch again answers with the first tasks.
    Where the queue has room for some of them only, `Retry-After` says when to send the rest again.
    """
    most = call.services.limits.max_batch_items
    if len(batch.items) > most:
        raise InvalidInputError("items", f"{len(batch.items)} tasks", f"at most {most}")
    read = [_read(call, raw, index, request.url.path) for index, raw in enumerate(batch.items)]
    submissions = [one for one in read if isinstance(one, Submission)]
    admissions = await call.services.engine.submit(submissions) if submissions else []
    following = iter(admissions)
    items = tuple(
        BatchItem(index=index, problem=one)
        if isinstance(one, Problem)
        else _settled(index, next(following), request.url.path)
        for index, one in enumerate(read)
    )
    accepted = sum(item.task is not None for item in items)
    answer = BatchAccepted(accepted=accepted, refused=len(items) - accepted, items=items)
    body = answer.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, 202 if accepted else 200, headers=retry_after(admissions))


def _read(call: Call, raw: Any, index: int, path: str) -> Submission | Problem:
    key = call.idempotency_key
    try:
        item = TaskInput.model_validate(raw)
        return read_task(call, item, None if key is None else f"{key}#{index}")
    except ValidationError as error:
        return invalid(error.errors(include_url=False), path)
    except InvalidInputError as error:
        return problem_of(error, path)


def _settled(index: int, admission: Admission | GardenosError, path: str) -> BatchItem:
    if isinstance(admission, GardenosError):
        return BatchItem(index=index, problem=problem_of(admission, path))
    task = TaskReference.of(admission.task_id, created=admission.created)
    return BatchItem(index=index, task=task)
