"""What an agent is, and how one is found by its name in the settings."""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from domain.errors import AgentError, ConfigurationError
from domain.ids import AgentKind
from domain.task import TaskEnvelope
from domain.usage import Usage

Clock = Callable[[], float]
"""Returns seconds since 1970; ``time.time`` outside tests."""


@dataclass(frozen=True, slots=True)
class AgentResult:
    """What a run brought.

    Attributes:
        result: JSON of the answer.
        usage: Every model call of the run.
    """

    result: bytes
    usage: tuple[Usage, ...] = ()


class PaidAgentError(AgentError):
    """An agent failed, or was cancelled, after it had called a model; the bill must not be lost.

    Args:
        code: See the parent.
        detail: See the parent.
        retryable: See the parent.
        usage: Every model call of the run.
        retry_after_s: See the parent.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        retryable: bool,  # noqa: FBT001 - pickles by position
        usage: tuple[Usage, ...],
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, detail, retryable, retry_after_s)
        self.args = (code, detail, retryable, usage, retry_after_s)
        self.usage = usage


class Agent(Protocol):
    """A worker for one kind of task. One instance serves a whole replica, many runs at once.

    Its constructor takes the :class:`actors.collaborators.Collaborators` and does no I/O.
    """

    kind: AgentKind

    async def start(self) -> None:
        """Open what the runs need; called once, in the loop of the runs, before the first."""
        ...

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Do one task within its deadline. Holds no state between runs and keeps to the loop.

        A run that is cancelled after a model call raises PaidAgentError in place of CancelledError.

        Raises:
            AgentError: The task could not be done; PaidAgentError where it has cost something.
        """
        ...

    def payload(self, asked: object) -> bytes:
        """Return the payload for what a caller hands to the deployment by hand: model or mapping.

        Raises:
            pydantic.ValidationError: It is not what this agent works on.
        """
        ...

    def answer(self, result: bytes) -> object:
        """Return the result as the model a caller by hand expects."""
        ...


def prompts_of(agent: Callable[..., Agent], kind: AgentKind) -> Path:
    """Return the folder of an agent's prompts: ``prompts/<kind>`` beside the agent's module."""
    return Path(inspect.getfile(agent)).parent / "prompts" / kind


def load_agent_class(path: str) -> Callable[..., Agent]:
    """Return the agent class that ``path`` names as ``module:Class``.

    Raises:
        ConfigurationError: There is no such module or class.
    """
    module_name, _, class_name = path.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            "agents.*.agent", path, "module:Class of an agent that can be imported"
        ) from error
    return cast("Callable[..., Agent]", found)
