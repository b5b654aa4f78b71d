"""One line for each event worth an operator's look: its time, level, name and facts.

The lines hold no message of a foreign exception and no traceback's text: either may quote what a
customer wrote. The kind of a fault and where it arose say enough to look further.
"""

import logging
import traceback
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest is facts that came with the event."""

MAX_FACT_CHARACTERS = 200


class EventFormatter(logging.Formatter):
    """Writes a record as ``<time> <LEVEL> <event> <name>=<fact> …``, one line whatever it holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        when = datetime.fromtimestamp(record.created, UTC)
        parts = [
            f"{when:%Y-%m-%dT%H:%M:%SZ}",
            record.levelname,
            _plain((record.getMessage().splitlines() or [""])[0]),
            *(
                f"{name}={_plain(fact)}"
                for name, fact in vars(record).items()
                if name not in _STANDARD and not name.startswith("_")
            ),
        ]
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            parts.append(f"fault={type(error).__name__}{_place(error)}")
        return " ".join(parts)


def is_ours(record: logging.LogRecord) -> bool:
    """Tell whether a record is no word of Ray's, which keeps files of its own."""
    return record.name != "ray" and not record.name.startswith("ray.")


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    module = frames[-1].filename.rsplit("/", maxsplit=1)[-1]
    return f" at={module}:{frames[-1].lineno}"


def _plain(fact: object) -> str:
    """Return a fact without line ends and other commands to a terminal."""
    text = "".join(char if char.isprintable() else " " for char in str(fact))
    if len(text) > MAX_FACT_CHARACTERS:
        text = text[: MAX_FACT_CHARACTERS - 1] + "…"
    return text
