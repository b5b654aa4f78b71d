"""Which part of a message is read: not what gives orders to the machine, not beyond the budget."""

import re
from dataclasses import dataclass

from scoring.injection import without_orders
from scoring.relevance import cut

PROMPT_INJECTION = "prompt_injection"
TRUNCATED = "truncated"

_LEFT_OUT = re.compile(r"\n{4,}")
"""Line ends where something was blanked; the few blank lines of a letter stay."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a message.

    Attributes:
        text: As long as the part that was read, so that positions stay those of the message;
            spans that give orders, and sentences beyond the budget, are line ends.
        flags: ``prompt_injection`` and ``truncated``, where they apply.
    """

    text: str
    flags: tuple[str, ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether the message was longer than what is read."""
        return TRUNCATED in self.flags


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A whole message without what gives orders to the machine, as long as it was.

    Attributes:
        has_orders: Whether there were any.
    """

    text: str
    has_orders: bool


def clean(message: str) -> Cleaned:
    """Return a message as the lead wrote it without its orders to the machine."""
    return Cleaned(*without_orders(message))


def shortened(cleaned: Cleaned, *, budget_chars: int) -> Reading:
    """Return the part of a message that is read: where it is too long, what says most.

    Args:
        cleaned: The whole message.
        budget_chars: How many characters are read, at least 1.
    """
    flags = [PROMPT_INJECTION] if cleaned.has_orders else []
    text = cleaned.text.rstrip()
    if len(text) > budget_chars:
        short = cut(text, budget_chars)
        if short is not text:
            flags.append(TRUNCATED)
        text = short.rstrip()
    return Reading(text, tuple(flags))


def read_message(message: str, *, budget_chars: int) -> Reading:
    """Return the part of a message that is read, as :func:`shortened` does of a cleaned one.

    Args:
        message: As the lead wrote it.
        budget_chars: How many characters are read, at least 1.
    """
    return shortened(clean(message), budget_chars=budget_chars)


def prompt_text(reading: Reading) -> str:
    """Return what was read as one text for a model, with an ellipsis where something is left out.

    Every sentence in it stands verbatim in the message, so that quotes from it are found there.
    """
    return _LEFT_OUT.sub("\n\u2026\n", reading.text).strip("\n\u2026 ")
