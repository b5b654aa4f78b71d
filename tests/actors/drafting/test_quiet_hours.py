"""When a draft may be sent at the earliest."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.drafting.quiet_hours import is_quiet, send_not_before
from actors.settings import WritingSettings
from scoring.known import CallWindow

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/St_Johns",
    "Africa/Casablanca",
    "UTC",
]


def earliest(
    now: str, zone: ZoneInfo = BERLIN, *, window: CallWindow | None = None, **writing: Any
) -> str:
    found = send_not_before(
        datetime.fromisoformat(now), zone, WritingSettings(**writing), window=window
    )
    return found.isoformat(timespec="minutes")


TABLE: list[tuple[str, str, dict[str, Any]]] = [
    ("2026-11-23T12:00+01:00", "2026-11-23T12:00+01:00", {}),
    ("2026-11-23T19:59+01:00", "2026-11-23T19:59+01:00", {}),
    ("2026-11-23T20:00+01:00", "2026-11-24T08:00+01:00", {}),
    ("2026-11-23T23:30+01:00", "2026-11-24T08:00+01:00", {}),
    ("2026-11-23T07:59+01:00", "2026-11-23T08:00+01:00", {}),
    ("2026-11-23T08:00+01:00", "2026-11-23T08:00+01:00", {}),
    # Sunday is quiet
    ("2026-11-22T12:00+01:00", "2026-11-23T08:00+01:00", {}),
    ("2026-11-21T20:30+01:00", "2026-11-23T08:00+01:00", {}),
    ("2026-11-22T12:00+01:00", "2026-11-22T12:00+01:00", {"quiet_weekdays": ()}),
    ("2026-11-20T21:00+01:00", "2026-11-23T08:00+01:00", {"quiet_weekdays": (5, 6)}),
    # quiet hours within a day
    (
        "2026-11-23T12:30+01:00",
        "2026-11-23T14:00+01:00",
        {"quiet_from": time(12), "quiet_until": time(14)},
    ),
    (
        "2026-11-21T23:30+01:00",
        "2026-11-21T23:30+01:00",
        {"quiet_from": time(12), "quiet_until": time(14)},
    ),
    (
        "2026-11-22T23:30+01:00",
        "2026-11-23T00:00+01:00",
        {"quiet_from": time(12), "quiet_until": time(14)},
    ),
    # the moment is the lead's, whatever zone now is given in
    ("2026-11-23T19:30+00:00", "2026-11-24T08:00+01:00", {}),
    # clocks go forward at 02:00 on 29 March, back at 03:00 on 25 October
    ("2026-03-28T21:00+01:00", "2026-03-29T08:00+02:00", {"quiet_weekdays": ()}),
    ("2026-10-24T21:00+02:00", "2026-10-25T08:00+01:00", {"quiet_weekdays": ()}),
    (
        "2026-03-29T01:30+01:00",
        "2026-03-29T03:00+02:00",
        {"quiet_until": time(2, 30), "quiet_weekdays": ()},
    ),
    (
        "2026-10-25T01:30+02:00",
        "2026-10-25T02:30+02:00",
        {"quiet_until": time(2, 30), "quiet_weekdays": ()},
    ),
    (
        "2026-10-25T02:10+01:00",
        "2026-10-25T02:30+01:00",
        {"quiet_until": time(2, 30), "quiet_weekdays": ()},
    ),
]


@pytest.mark.parametrize(("now", "expected", "writing"), TABLE)
def test_nothing_is_sent_in_quiet_hours(now: str, expected: str, writing: dict[str, Any]) -> None:
    assert earliest(now, **writing) == expected


WINDOWS = [
    (CallWindow(after=time(18)), "2026-11-23T12:00+01:00", "2026-11-23T18:00+01:00"),
    (CallWindow(after=time(18)), "2026-11-23T19:00+01:00", "2026-11-23T19:00+01:00"),
    (CallWindow(after=time(18)), "2026-11-23T21:00+01:00", "2026-11-24T18:00+01:00"),
    # what was asked goes before the quiet hours, up to a decent hour
    (CallWindow(after=time(20, 30)), "2026-11-23T12:00+01:00", "2026-11-23T20:30+01:00"),
    (CallWindow(after=time(22)), "2026-11-23T12:00+01:00", "2026-11-23T12:00+01:00"),
    (CallWindow(before=time(12)), "2026-11-23T12:30+01:00", "2026-11-24T08:00+01:00"),
    (CallWindow(before=time(7, 30)), "2026-11-23T12:30+01:00", "2026-11-24T07:00+01:00"),
    (CallWindow(before=time(6)), "2026-11-23T12:30+01:00", "2026-11-23T12:30+01:00"),
    (
        CallWindow(after=time(8), before=time(12)),
        "2026-11-21T13:00+01:00",
        "2026-11-23T08:00+01:00",
    ),
    (CallWindow(days=frozenset({5, 6})), "2026-11-23T12:00+01:00", "2026-11-28T08:00+01:00"),
    (CallWindow(days=frozenset({6})), "2026-11-22T12:00+01:00", "2026-11-22T12:00+01:00"),
    (
        CallWindow(after=time(18), days=frozenset({0})),
        "2026-11-23T21:30+01:00",
        "2026-11-30T18:00+01:00",
    ),
]


@pytest.mark.parametrize(("window", "now", "expected"), WINDOWS)
def test_a_call_keeps_to_the_hours_that_were_asked_for(
    window: CallWindow, now: str, expected: str
) -> None:
    assert earliest(now, window=window) == expected


@given(
    now=st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - UTC is set below
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    hours=st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] != pair[1]),
    days=st.sets(st.integers(0, 6), max_size=6),
)
def test_the_moment_is_the_first_that_is_not_quiet(
    now: datetime, zone: ZoneInfo, hours: tuple[time, time], days: set[int]
) -> None:
    start = now.replace(tzinfo=UTC)
    writing = WritingSettings(
        quiet_from=hours[0], quiet_until=hours[1], quiet_weekdays=tuple(sorted(days))
    )
    found = send_not_before(start, zone, writing, window=None)
    assert found >= start
    assert found.utcoffset() == found.astimezone(zone).utcoffset()
    assert not is_quiet(found, writing)
    between = (found - start) / 50
    quiet = [
        is_quiet((start + step * between).astimezone(zone), writing)
        for step in range(50)
        if between > timedelta(0)
    ]
    assert all(quiet)
