"""Which part of a message is read: not what gives orders to the machine, not beyond the budget."""

from dataclasses import dataclass

from scoring.injection import without_orders

PROMPT_INJECTION = "prompt_injection"
MESSAGE_TRUNCATED = "message_truncated"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a message.

    Attributes:
        text: As long as the part that was read, so that positions stay those of the message;
            spans that give orders are line ends.
        flags: ``prompt_injection`` and ``message_truncated``, where they apply.
    """

    text: str
    flags: tuple[str, ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether the message was longer than what is read."""
        return MESSAGE_TRUNCATED in self.flags


def read_message(message: str, *, budget_chars: int) -> Reading:
    """Return the part of a message that is read.

    Args:
        message: As the lead wrote it.
        budget_chars: What stands beyond is not read, at least 1.
    """
    text, has_orders = without_orders(message)
    flags = [PROMPT_INJECTION] if has_orders else []
    text = text.rstrip()
    if len(text) > budget_chars:
        text = text[:budget_chars]
        flags.append(MESSAGE_TRUNCATED)
    return Reading(text, tuple(flags))
