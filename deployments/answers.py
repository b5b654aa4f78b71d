"""What a caller on the line is answered."""

from dataclasses import dataclass

import orjson

from domain.ids import TaskId
from domain.task import Task, TaskEnvelope, TaskState


@dataclass(frozen=True, slots=True)
class Answer:
    """How a direct task ended; ``error`` is code, colon, sentence where it has no result."""

    task_id: TaskId
    state: TaskState
    result: bytes | None = None
    error: str | None = None


def answer_of(task: Task) -> Answer:
    """Return how a stored task ended."""
    result = None if task.result is None else orjson.dumps(task.result)
    return Answer(TaskId(task.task_id), task.state, result, task.error)


def abandoned(task: TaskEnvelope) -> Answer:
    """Return what the caller of a task is told that another may have by now."""
    why = "abandoned: this orchestrator had lost its claim to the task"
    return Answer(task.task_id, TaskState.ABANDONED, error=why)
