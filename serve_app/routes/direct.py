"""How a direct task's end becomes its caller's answer."""

from domain.errors import (
    AgentError,
    ConflictError,
    DeadlineExceededError,
    GardenosError,
    UnavailableError,
)
from domain.task import TaskState
from serve_app.services import Answer

TASK_HEADER = "Gardenos-Task-Id"

ABANDONED_RETRY_S = 1.0


def code_and_sentence(error: str | None) -> tuple[str, str]:
    """Return the two parts of a task's error; the sentence is never empty."""
    code, _, sentence = (error or "failed: no reason was given").partition(": ")
    return code, sentence or code


def result_of(answer: Answer, *, what: str, deadline_unix_s: float) -> bytes:
    """Return the result of a direct task that succeeded.

    Args:
        answer: How it ended.
        what: What was asked for, with its article.
        deadline_unix_s: When the answer had to be out.

    Raises:
        GardenosError: What its caller is told where it did not.
    """
    if answer.state is TaskState.SUCCEEDED and answer.result is not None:
        return answer.result
    errors: dict[TaskState, GardenosError] = {
        TaskState.EXPIRED: DeadlineExceededError(what, deadline_unix_s),
        TaskState.CANCELLED: ConflictError("task", str(answer.task_id), "it was cancelled"),
        TaskState.ABANDONED: UnavailableError(
            f"the process that worked on {what} ended", ABANDONED_RETRY_S
        ),
    }
    code, sentence = code_and_sentence(answer.error)
    raise errors.get(answer.state) or AgentError(code, sentence, False)
