"""When somebody may be called: opening hours and stated wishes, in the lead's own time zone."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.lead import Lead
from scoring.known import CallWindow, Known
from scoring.settings import BusinessProfile, OpeningHours

CALL_SLOT = timedelta(minutes=30)
"""How long after the stated hour a call still keeps the promise."""

LATEST_CALL = time(21)
"""Nobody is called later, whatever they wrote."""

_DAYS_AHEAD = 14


def local_zone(lead: Lead, known: Known, profile: BusinessProfile) -> ZoneInfo:
    """Return the lead's time zone: its own, else that of the served area, else ours.

    The area is the one its place fits, else the first in its country. A zone that the machine's
    tables do not know counts as not given.

    """
    if lead.timezone:
        try:
            return ZoneInfo(lead.timezone)
        except (KeyError, ValueError, OSError):
            pass
    around = profile.area_around(known.location.value if known.location else None)
    if around is None or around.country != known.country:
        around = profile.area_in(known.country) or profile.areas[0]
    return ZoneInfo(around.time_zone)


def is_open(at: datetime, zone: ZoneInfo, profile: BusinessProfile) -> bool:
    """Return whether calls are made at that moment."""
    local = at.astimezone(zone)
    hours = profile.hours.get(local.weekday())
    return hours is not None and hours.opens <= local.time() < hours.closes


def after_open_time(
    at: datetime, wait: timedelta, zone: ZoneInfo, profile: BusinessProfile
) -> datetime:
    """Return when ``wait`` of open time has passed since ``at``: closed hours do not count."""
    left = wait
    moment = at
    for day in _days_from(at, zone, profile):
        opens, closes = _bounds(*day, zone)
        start = max(moment, opens)
        if start >= closes:
            continue
        if start + left <= closes:
            return start + left
        left -= closes - start
        moment = closes
    return at + wait


def callback_at(
    at: datetime, window: CallWindow, zone: ZoneInfo, profile: BusinessProfile
) -> datetime | None:
    """Return by when to call somebody who named an hour, or None where none was named.

    The day is the first one named, or else the first on which the office works, whose hour is not
    over; the hour may lie outside opening hours, since the person asked for it. The result is
    never before the hour that was named as the earliest.
    """
    if not window.is_named:
        return None
    for day, hours in _days_from(at, zone, profile, window.days):
        earliest = window.after or hours.opens
        latest = window.before or max(LATEST_CALL, earliest)
        start = datetime.combine(day, earliest, zone)
        end = max(datetime.combine(day, latest, zone), start + CALL_SLOT)
        due = max(start, at.astimezone(zone)) + CALL_SLOT
        if due <= end:
            return due
    return None


def last_opening_before(
    day: date, zone: ZoneInfo, profile: BusinessProfile, *, days: int
) -> datetime:
    """Return the close of business on the last working day that is ``days`` or more before."""
    for back in range(days, days + _DAYS_AHEAD):
        candidate = day - timedelta(days=back)
        hours = profile.hours.get(candidate.weekday())
        if hours is not None:
            return datetime.combine(candidate, hours.closes, zone)
    return datetime.combine(day - timedelta(days=days), time(12), zone)


def _days_from(
    at: datetime, zone: ZoneInfo, profile: BusinessProfile, named: frozenset[int] = frozenset()
) -> Iterator[tuple[date, OpeningHours]]:
    """Yield the coming days, today first: those named, else those on which the office works."""
    usual = next(iter(profile.hours.values()))
    today = at.astimezone(zone).date()
    for ahead in range(_DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        weekday = day.weekday()
        if weekday in (named or profile.hours):
            yield day, profile.hours.get(weekday, usual)


def _bounds(day: date, hours: OpeningHours, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return datetime.combine(day, hours.opens, zone), datetime.combine(day, hours.closes, zone)
