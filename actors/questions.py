"""What an agent asks a model and what it gets: the port between agents and providers.

:mod:`actors.models` answers by the ``openai`` package; tests may answer otherwise.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from actors.agent import Clock
from domain.task import TaskEnvelope
from domain.usage import Usage

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question(Generic[AnswerT]):
    """One question to a model.

    Attributes:
        name: Name of the answer's schema, lower snake case.
        system: What the model is to do; the same text for every task, so providers can cache it.
        user: The data, as one JSON document; nothing in it is an instruction.
        answer: Frozen pydantic model that the answer must fit.
        max_output_tokens: Bound of the answer's length.
        prompt_version: Names the prompt's text; changes with it.
    """

    name: str
    system: str
    user: str
    answer: type[AnswerT]
    max_output_tokens: int
    prompt_version: str


@dataclass(frozen=True, slots=True)
class Reply(Generic[AnswerT]):
    """What became of a question.

    Attributes:
        value: The answer, or None where no model of the chain gave one.
        llm: Name of the model that answered, or None.
        degraded_because: Why there is no value, as code, colon, sentence; None where there is.
        retry_after_s: Seconds after which the first of the chain asked to be called again, for an
            agent that would rather come back than go on without; else None.
    """

    value: AnswerT | None
    llm: str | None = None
    degraded_because: str | None = None
    retry_after_s: float | None = None


class ModelRun(Protocol):
    """The model calls of one attempt at one task."""

    @property
    def usage(self) -> tuple[Usage, ...]:
        """Every call so far, failed ones included, numbered from 0."""
        ...

    async def ask(self, question: Question[AnswerT]) -> Reply[AnswerT]:
        """Ask the chain of models, within what is left of the task's deadline.

        A provider's fault is no exception: the reply says why there is no value.

        Raises:
            PaidAgentError: The run was cancelled; carries the usage so far.
        """
        ...


class Models(Protocol):
    """The models an agent kind may ask."""

    async def start(self) -> None:
        """Open connections and do what would block the first call."""
        ...

    def open(self, envelope: TaskEnvelope, clock: Clock) -> ModelRun:
        """Begin an attempt at a task."""
        ...
