"""Opaque cursors of lists: where the last page ended, as text that callers hand back."""

import base64
import binascii
import json

from domain.errors import InvalidInputError


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
    return tuple(position)


def _unknown(cursor: str) -> InvalidInputError:
    return InvalidInputError("cursor", cursor[:60], "the next_cursor of an earlier page")
