"""Reads what a task carries for its agent."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from domain.errors import AgentError

PayloadT = TypeVar("PayloadT", bound=BaseModel)


def read_payload(payload: bytes, model: type[PayloadT]) -> PayloadT:
    """Return the payload as its model.

    Fields nobody here declared are ignored at every depth: a newer orchestrator may send them to
    an agent that runs an older version.

    Raises:
        AgentError: ``payload_invalid``, naming the fields and none of their values.
    """
    try:
        return model.model_validate_json(payload, extra="ignore")
    except ValidationError as error:
        fields = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise AgentError("payload_invalid", ", ".join(fields) or "not JSON", False) from error
