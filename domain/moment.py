"""Times that callers may name: those that are the same moment in every zone and calendar."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(3000, 1, 1, tzinfo=UTC)

Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
"""The type of every time in a request.

Nearer to the ends of what a ``datetime`` can say, a time in one zone has none in another, and
arithmetic with it raises ``OverflowError``.
"""


def is_usable(at: datetime) -> bool:
    """Tell whether a time, one without a zone being of UTC, is such a moment."""
    return EARLIEST <= (at if at.tzinfo else at.replace(tzinfo=UTC)) <= LATEST
