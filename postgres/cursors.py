"""Opaque cursors of lists: where the last page ended, as text that callers hand back."""

import base64
import binascii
import json
from datetime import UTC, datetime

from domain.errors import InvalidInputError

FIRST_MOMENT = datetime(1, 1, 2, tzinfo=UTC)
LAST_MOMENT = datetime(9999, 12, 30, tzinfo=UTC)
"""Between them a time is one in every zone; the database has no others."""


def encode_cursor(*position: str | float) -> str:
    """Return a cursor for the place after ``position``."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *types: type) -> tuple[str | float, ...]:
    """Return the position in a cursor, one value per type.

    Raises:
        InvalidInputError: The cursor is not one that :func:`encode_cursor` made for this list.
    """
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _unknown(cursor) from error
    if not isinstance(position, list) or [type(value) for value in position] != list(types):
        raise _unknown(cursor)
    if any(isinstance(value, str) and "\0" in value for value in position):
        raise _unknown(cursor)
    return tuple(position)


def decode_moment(cursor: str) -> tuple[datetime, str]:
    """Return the time and the id in a cursor of a list that goes by time.

    Raises:
        InvalidInputError: The cursor is not one that :func:`encode_cursor` made for this list.
    """
    text, name = decode_cursor(cursor, str, str)
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise _unknown(cursor) from error
    if at.tzinfo is None or not FIRST_MOMENT <= at <= LAST_MOMENT:
        raise _unknown(cursor)
    return at, str(name)


def _unknown(cursor: str) -> InvalidInputError:
    return InvalidInputError("cursor", cursor[:60], "the next_cursor of an earlier page")
