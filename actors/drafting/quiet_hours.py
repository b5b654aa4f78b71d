"""When a draft may be sent at the earliest: outside quiet hours, in the lead's own time zone."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from actors.settings import WritingSettings
from scoring.hours import LATEST_CALL
from scoring.known import CallWindow

EARLIEST_CALL = time(7)
"""Nobody is called earlier, whatever they wrote."""

_DAYS_AHEAD = 15
_STEP = timedelta(hours=6)
_INSTANT = timedelta(seconds=1)

MayAt = Callable[[datetime], bool]
"""Says of a local time whether something may be sent then; looks at the wall clock alone."""


def send_not_before(
    now: datetime, zone: ZoneInfo, writing: WritingSettings, *, window: CallWindow | None
) -> datetime:
    """Return the earliest moment, not before ``now``, at which a draft may be sent.

    Args:
        now: With zone.
        zone: Where the lead is; the result is in it.
        writing: Names the quiet hours, which may reach over midnight, and the quiet days.
        window: For a telephone script, when the person asked to be called. It goes before the
            quiet hours and days, within what is decent; None where nothing was asked.
    """
    hours = _wanted_hours(window, writing) if window is not None else None
    if window is not None and hours is not None:
        after, before = hours
        days = window.days or frozenset(range(7)) - frozenset(writing.quiet_weekdays)
        found = _earliest(
            now,
            zone,
            lambda local: local.weekday() in days and after <= _clock(local) < before,
            [after],
        )
        if found is not None:
            return found
    found = _earliest(now, zone, lambda local: not is_quiet(local, writing), [writing.quiet_until])
    return found or now.astimezone(zone)


def is_quiet(local: datetime, writing: WritingSettings) -> bool:
    """Return whether nothing is sent at a local time; the end of the quiet hours is not quiet."""
    if local.weekday() in writing.quiet_weekdays:
        return True
    clock, start, end = _clock(local), writing.quiet_from, writing.quiet_until
    if start < end:
        return start <= clock < end
    return clock >= start or clock < end


def _wanted_hours(window: CallWindow, writing: WritingSettings) -> tuple[time, time] | None:
    """Return from when until when to call; None where only an indecent hour is left."""
    after = max(window.after or writing.quiet_until, EARLIEST_CALL)
    before = min(window.before or LATEST_CALL, LATEST_CALL)
    if before <= after and window.after is None:
        after = EARLIEST_CALL
    return (after, before) if after < before else None


def _earliest(now: datetime, zone: ZoneInfo, may: MayAt, starts: Iterable[time]) -> datetime | None:
    """Return the first moment from ``now`` on at which ``may`` holds.

    It can begin to hold only at a start, at midnight, or where the clocks are changed.
    """
    first = now.astimezone(UTC)
    if may(first.astimezone(zone)):
        return first.astimezone(zone)
    moments = sorted({*_starts(first, zone, [time(0), *starts]), *_changes(first, zone)})
    held = (moment.astimezone(zone) for moment in moments if moment >= first)
    return next((local for local in held if may(local)), None)


def _starts(first: datetime, zone: ZoneInfo, clocks: Iterable[time]) -> Iterator[datetime]:
    today = first.astimezone(zone).date()
    for ahead in range(-1, _DAYS_AHEAD):
        for clock in clocks:
            for fold in (0, 1):
                local = datetime.combine(today + timedelta(days=ahead), clock, zone)
                yield local.replace(fold=fold).astimezone(UTC)


def _changes(first: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments in the days ahead at which the zone's clocks are changed."""
    before = first
    end = first + timedelta(days=_DAYS_AHEAD)
    while before < end:
        after = before + _STEP
        if _offset(before, zone) != _offset(after, zone):
            low, high = before, after
            while high - low > _INSTANT:
                middle = low + (high - low) / 2
                same = _offset(middle, zone) == _offset(low, zone)
                low, high = (middle, high) if same else (low, middle)
            yield high.replace(microsecond=0)
        before = after


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _clock(local: datetime) -> time:
    return local.time().replace(fold=0)
