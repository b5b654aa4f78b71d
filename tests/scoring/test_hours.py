"""When somebody is called: open hours, stated wishes, local time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.lead import Location
from scoring.hours import (
    after_open_time,
    callback_at,
    is_open,
    last_opening_before,
    local_zone,
)
from scoring.known import CallWindow, know
from scoring.settings import BusinessProfile, ServedArea
from tests.scoring.leads import analysed, good_fields, lead

PROFILE = BusinessProfile()
BERLIN = ZoneInfo("Europe/Berlin")


def berlin(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("at", "wait_h", "due"),
    [
        (berlin(23, 9), 4, berlin(23, 13)),
        (berlin(23, 16), 4, berlin(24, 10)),
        (berlin(23, 3), 1, berlin(23, 9)),
        (berlin(28, 12), 2, berlin(30, 9)),
        (berlin(29, 12), 1, berlin(30, 9)),
    ],
    ids=["within the day", "over night", "before opening", "over the weekend", "on a Sunday"],
)
def test_only_open_hours_count(at: datetime, wait_h: int, due: datetime) -> None:
    found = after_open_time(at.astimezone(UTC), timedelta(hours=wait_h), BERLIN, PROFILE)

    assert found == due


@pytest.mark.parametrize(
    ("window", "at", "due"),
    [
        (CallWindow(after=time(18)), berlin(23, 9), berlin(23, 18, 30)),
        (CallWindow(after=time(18)), berlin(23, 19), berlin(23, 19, 30)),
        (CallWindow(after=time(18)), berlin(23, 21), berlin(24, 18, 30)),
        (CallWindow(after=time(18)), berlin(29, 9), berlin(30, 18, 30)),
        (CallWindow(before=time(10)), berlin(23, 9), berlin(23, 9, 30)),
        (CallWindow(before=time(10)), berlin(23, 12), berlin(24, 8, 30)),
        (CallWindow(time(12), time(14)), berlin(23, 15), berlin(24, 12, 30)),
        (CallWindow(days=frozenset({5, 6})), berlin(23, 15), berlin(28, 9, 30)),
        (CallWindow(after=time(10), days=frozenset({6})), berlin(23, 15), berlin(29, 10, 30)),
        (CallWindow(), berlin(23, 15), None),
    ],
)
def test_a_stated_hour_is_kept(window: CallWindow, at: datetime, due: datetime | None) -> None:
    assert callback_at(at.astimezone(UTC), window, BERLIN, PROFILE) == due


def test_the_office_is_open_by_the_clock_of_the_person_called() -> None:
    at = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)

    assert is_open(at, BERLIN, PROFILE)
    assert not is_open(at, ZoneInfo("America/Los_Angeles"), PROFILE)


def test_the_last_opening_before_a_day_skips_the_closed_ones() -> None:
    found = last_opening_before(date(2026, 12, 2), BERLIN, PROFILE, days=3)

    assert found == berlin(28, 13)


@pytest.mark.parametrize(
    ("fields", "zone"),
    [
        ({"timezone": "Europe/Rome"}, "Europe/Rome"),
        ({"location": {"country": "DE"}}, "Europe/Berlin"),
        ({"location": {"country": "FR"}}, "America/Los_Angeles"),
        ({"location": None, "locale": "en-GB", "contact": {}}, "Europe/London"),
        ({"location": {"postal_code": "10405", "city": "Berlin"}}, "Europe/Berlin"),
        ({"location": {"postal_code": "10405"}}, "Europe/Berlin"),
        ({"location": {"city": "Bristol"}}, "Europe/London"),
        ({"location": {"city": "Berlin", "country": "US"}}, "America/Los_Angeles"),
        ({"location": {"city": "Salem", "country": "DE"}}, "Europe/Berlin"),
        ({"location": {"postal_code": "10001", "city": "New York"}}, "America/Los_Angeles"),
        ({"location": None, "contact": {"phone": "+493023125042"}}, "Europe/Berlin"),
        (
            {"location": {"city": "Hamburg"}, "contact": {"phone": "+493023125042"}},
            "Europe/Berlin",
        ),
    ],
)
def test_the_zone_is_the_leads_own_or_that_of_its_place_or_phone_or_locale(
    fields: dict[str, object], zone: str
) -> None:
    subject = lead(**{**good_fields(), **fields})

    assert local_zone(subject, know(subject, (), PROFILE), PROFILE).key == zone


def test_a_lead_of_a_served_place_without_a_country_is_due_by_the_clock_there() -> None:
    subject = lead(
        contact={"full_name": "Kim", "phone": "+49309876543"},
        location={"postal_code": "10405", "city": "Berlin"},
        message="Bitte um ein Angebot. Rückruf bitte nach 17 Uhr.",
    )
    due = analysed(subject, as_of=berlin(24, 10)).next_best_action.due_by

    assert due is not None
    assert due == berlin(24, 17, 30)


@pytest.mark.parametrize(
    ("place", "countries"),
    [
        (None, ("US", "DE", "GB")),
        ({"city": "Berlin"}, ("DE", "US", "GB")),
        ({"postal_code": "bs1 4dj"}, ("GB", "US", "DE")),
        ({"postal_code": "97209", "city": "Portland"}, ("US", "DE", "GB")),
        ({"postal_code": "97070", "city": "Würzburg"}, ("US", "DE", "GB")),
        ({"postal_code": "04101", "city": "Berlin"}, ("US", "DE", "GB")),
    ],
)
def test_the_country_of_the_place_comes_first_and_then_home(
    place: dict[str, str] | None, countries: tuple[str, ...]
) -> None:
    assert PROFILE.countries_for(Location.model_validate(place) if place else None) == countries


@pytest.mark.parametrize(
    ("cities", "place", "country"),
    [
        (("Springfield", "Springfield"), {"city": "Springfield"}, None),
        (("Springfield", "Shelbyville"), {"city": "Springfield"}, "US"),
        (("Springfield", "Shelbyville"), {"city": "Ogdenville"}, None),
    ],
)
def test_a_place_that_two_countries_areas_list_fits_none(
    cities: tuple[str, str], place: dict[str, str], country: str | None
) -> None:
    areas = (
        ServedArea(country="US", time_zone="America/Chicago", currency="USD", cities=cities[:1]),
        ServedArea(country="GB", time_zone="Europe/London", currency="GBP", cities=cities[1:]),
    )
    around = BusinessProfile(areas=areas).area_around(Location.model_validate(place))

    assert (around.country if around else None) == country
