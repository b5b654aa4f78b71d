"""When a raw lead came in: ISO 8601, or the ways people and office programs write a day."""

import re
from datetime import datetime

from domain.intake_fields import Faults, read_time
from domain.moment import is_usable

_LOCAL = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[./])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})"
    r"(?:(?:,? |, ?)(?:um )?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<seconds>\d{2}))?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?| uhr)?)?",
    re.IGNORECASE,
)
_MONTH_FIRST = frozenset({"US"})
_MONTHS = 12
_NOON = 12


def read_created_at(value: object, country: str | None, faults: Faults) -> datetime | None:
    """Return when a lead came in; a time without a zone is read as UTC and flagged.

    Besides ISO 8601 it reads ``21.11.26``, ``21.11.2026 14:30`` and ``20/11/2026``, two digits of
    a year being of this century. Between points the day comes first. Between slashes the month
    comes first in the United States, else the day; where no country is known and both readings
    are days, the value is set aside as ``created_at_ambiguous``.

    Args:
        value: As it came.
        country: ISO 3166-1 alpha-2, of the lead itself.
        faults: Gets what is set aside.
    """
    match = _LOCAL.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return read_time(value, "created_at", faults)
    first, second = int(match["first"]), int(match["second"])
    if match["mark"] == "/" and country is None and first != second:
        if max(first, second) <= _MONTHS:
            faults.add("created_at", value, "created_at_ambiguous")
            return None
        country = "US" if second > _MONTHS else None
    is_month_first = match["mark"] == "/" and country in _MONTH_FIRST
    if is_month_first and first > _MONTHS:
        is_month_first = False
    month, day = (first, second) if is_month_first else (second, first)
    year = int(match["year"]) + (2000 if len(match["year"]) == len("26") else 0)
    try:
        # the zone is not known; it is flagged as that of any other time without one
        time = datetime(year, month, day, *_clock(match))  # noqa: DTZ001
    except ValueError:
        faults.add("created_at", value, "created_at_unreadable")
        return None
    if not is_usable(time):
        faults.add("created_at", value, "created_at_out_of_range")
        return None
    faults.add("created_at", value, "created_at_without_zone")
    return read_time(time, "created_at", Faults([]))


def _clock(match: re.Match[str]) -> tuple[int, int, int]:
    """Return the hour of 24, the minute and the second; 0 where none is written.

    Raises:
        ValueError: 13 or more, or 0, before ``am`` or ``pm``.
    """
    hour = int(match["hour"] or 0)
    if match["half"]:
        if not 1 <= hour <= _NOON:
            raise ValueError(hour)
        hour = hour % _NOON + (_NOON if match["half"] in "Pp" else 0)
    return hour, int(match["minute"] or 0), int(match["seconds"] or 0)
