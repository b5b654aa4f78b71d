"""What the business profile says of places, prices and hours."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.lead import Location
from scoring.settings import BusinessProfile, ScoringSettings, ServiceOffer

PROFILE = BusinessProfile()


@pytest.mark.parametrize(
    ("place", "served"),
    [
        ({"postal_code": "97209", "country": "US"}, True),
        ({"postal_code": "97209-1234", "country": "US"}, True),
        ({"postal_code": "89101", "city": "Las Vegas", "country": "US"}, False),
        ({"postal_code": "04101", "city": "Portland", "country": "US"}, False),
        ({"city": "Portland", "region": "ME", "country": "US"}, False),
        ({"city": "Portland, OR", "country": "US"}, True),
        ({"city": "Potrland", "country": "US"}, True),
        ({"city": "Boise", "country": "US"}, False),
        ({"country": "US"}, None),
        ({"postal_code": "10405", "city": "Berlin", "country": "DE"}, True),
        ({"city": "Berlin-Mitte", "country": "DE"}, True),
        ({"postal_code": "80331", "city": "München", "country": "DE"}, False),
        ({"postal_code": "bs1 4dj", "country": "GB"}, True),
        ({"postal_code": "B1 1AA", "country": "GB"}, False),
        ({"city": "BRISTOL", "country": "GB"}, True),
        ({"city": "Paris", "country": "FR"}, False),
        ({"city": "Bristol"}, True),
        ({"city": "Springfield"}, None),
        ({"postal_code": "10405"}, None),
    ],
)
def test_a_place_is_served_not_served_or_unknown(
    place: dict[str, str], *, served: bool | None
) -> None:
    assert PROFILE.serves(Location.model_validate(place)) is served


def test_no_place_says_nothing() -> None:
    assert PROFILE.serves(None) is None


def test_an_area_without_places_is_the_whole_country() -> None:
    area = {"country": "AT", "time_zone": "Europe/Vienna", "currency": "EUR"}
    profile = BusinessProfile.model_validate({"areas": [area]})

    assert profile.serves(Location(country="AT")) is True


def test_the_price_grows_with_the_area_but_never_under_the_smallest_order() -> None:
    offer = ServiceOffer(minimum_price=400, price_per_m2=20)

    assert offer.price_floor(None) == 400
    assert offer.price_floor(5) == 400
    assert offer.price_floor(45) == 900


@pytest.mark.parametrize(
    "fields",
    [
        {"areas": []},
        {"services": {}},
        {"services": {"Lawn Care": {"minimum_price": 1}}},
        {"hours": {7: {"opens": "08:00", "closes": "18:00"}}},
        {"hours": {0: {"opens": "18:00", "closes": "08:00"}}},
        {"areas": [{"country": "DE", "time_zone": "Berlin", "currency": "EUR"}]},
        {"capacity_per_week": 0},
        {"exchange_rates": {"EUR": 0}},
    ],
)
def test_a_profile_that_cannot_be_used_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BusinessProfile.model_validate(fields)


def test_the_settings_stand_without_any_input() -> None:
    assert ScoringSettings().profile == PROFILE


@pytest.mark.parametrize("name", ["planting", "Bepflanzung", "bed planting"])
def test_a_service_is_known_by_its_synonyms(name: str) -> None:
    assert PROFILE.offer(name) == PROFILE.services["planting"]


@pytest.mark.parametrize("name", [None, "", "roof_repair"])
def test_what_is_not_offered_has_no_offer(name: str | None) -> None:
    assert PROFILE.offer(name) is None
