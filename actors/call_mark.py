"""What is known of a call to a model even where it never returns."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class CallMark:
    """Made by whoever calls, filled in by the transport.

    Attributes:
        sent: Whether the call got a connection, so that the provider may have worked on it.
    """

    sent: bool = False


CALL: ContextVar[CallMark] = ContextVar("CALL")
"""The mark of the call that runs in this context: it passes under ``openai`` unseen."""
