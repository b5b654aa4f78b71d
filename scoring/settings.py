"""Settings of the room: what the business offers, where, at what price, and when it is open."""

from collections.abc import Mapping
from datetime import time
from difflib import get_close_matches
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from domain.lead import MAX_MESSAGE_BYTES, Frozen, Location
from scoring.phrases.services import service_name

Money = Annotated[float, Field(ge=0, le=1e9)]
ServiceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

_CITY_LIKENESS = 0.85
"""Share of equal letters from which a city counts as a listed one with a slip of the pen."""


class ServiceOffer(Frozen):
    """A service the business sells; prices are in the profile's currency.

    For a recurring service they are for one month, else for the whole job.
    """

    minimum_price: Money = Field(description="Smallest order that pays.")
    price_per_m2: Money = Field(
        default=0.0, description="Lowest price a square metre; 0 where size does not matter."
    )
    recurring: bool = Field(default=False, description="True where the work returns every month.")

    def price_floor(self, area_m2: float | None) -> float:
        """Return the least a job of that size costs; without a size the smallest order."""
        return (
            max(self.minimum_price, self.price_per_m2 * area_m2) if area_m2 else self.minimum_price
        )


class ServedArea(Frozen):
    """Where the business works in one country.

    A postal code decides before a city, a city before a region. An area that lists neither
    postal codes nor cities is the whole country.
    """

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = Field(description="ISO 3166-1 alpha-2.")
    time_zone: str = Field(description="IANA name.", examples=["Europe/Berlin"])
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(
        description="ISO 4217; meant where none is named."
    )
    postal_prefixes: tuple[Annotated[str, Field(min_length=1, max_length=16)], ...] = ()
    cities: tuple[str, ...] = Field(default=(), description="Cities and districts, in any case.")
    regions: tuple[str, ...] = Field(
        default=(), description="Names and codes of the region; empty accepts all."
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("must be an IANA time zone such as Europe/Berlin") from error
        return value

    def covers(self, location: Location) -> bool | None:
        """Return whether a place in this country lies in the area; None if too little is said."""
        if not (self.postal_prefixes or self.cities):
            return True
        if location.postal_code and self.postal_prefixes:
            code = "".join(location.postal_code.split()).upper()
            return code.startswith(self.postal_prefixes)
        if (
            self.regions
            and location.region
            and _folded(location.region) not in map(_folded, self.regions)
        ):
            return False
        if location.city and self.cities:
            return self.names_city(location.city)
        return None

    def fits(self, location: Location) -> bool:
        """Return whether the words of a place speak for this area, whatever its country.

        A listed city or postal code does, where the other does not speak against it.
        """
        if not (self.postal_prefixes or self.cities) or self.covers(location) is not True:
            return False
        return not (location.city and self.cities) or self.names_city(location.city)

    def names_city(self, city: str) -> bool:
        """Return whether a city, one of its parts (``Berlin-Mitte``) or a misspelling is listed."""
        listed = [_folded(name) for name in self.cities]
        whole = _folded(city.split(",", maxsplit=1)[0])
        parts = [whole, *whole.replace("/", "-").replace("(", "-").replace(")", "").split("-")]
        if any(part.strip() in listed for part in parts):
            return True
        return bool(get_close_matches(whole, listed, n=1, cutoff=_CITY_LIKENESS))


class OpeningHours(Frozen):
    """When the office answers on one weekday, in the local time of the person called."""

    opens: time
    closes: time

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        return self


_WORKDAY = OpeningHours(opens=time(8), closes=time(18))
_SATURDAY = OpeningHours(opens=time(9), closes=time(13))

_PORTLAND = ServedArea(
    country="US",
    time_zone="America/Los_Angeles",
    currency="USD",
    postal_prefixes=("97",),
    cities=(
        *("Portland", "Beaverton", "Gresham", "Hillsboro", "Tigard", "Tualatin", "Lake Oswego"),
        *(
            "West Linn",
            "Oregon City",
            "Milwaukie",
            "Happy Valley",
            "Wilsonville",
            "Sherwood",
            "Salem",
        ),
    ),
    regions=("OR", "Oregon", "US-OR"),
)
_BERLIN = ServedArea(
    country="DE",
    time_zone="Europe/Berlin",
    currency="EUR",
    postal_prefixes=("10", "11", "12", "13", "14"),
    cities=(
        *(
            "Berlin",
            "Mitte",
            "Friedrichshain",
            "Kreuzberg",
            "Pankow",
            "Prenzlauer Berg",
            "Weißensee",
        ),
        *(
            "Charlottenburg",
            "Wilmersdorf",
            "Spandau",
            "Steglitz",
            "Zehlendorf",
            "Tempelhof",
            "Schöneberg",
        ),
        *(
            "Neukölln",
            "Treptow",
            "Köpenick",
            "Marzahn",
            "Hellersdorf",
            "Lichtenberg",
            "Reinickendorf",
        ),
        *("Wedding", "Moabit", "Potsdam"),
    ),
    regions=("Berlin", "BE", "DE-BE", "Brandenburg", "BB", "DE-BB"),
)
_BRISTOL = ServedArea(
    country="GB",
    time_zone="Europe/London",
    currency="GBP",
    postal_prefixes=("BS",),
    cities=(
        "Bristol",
        "Clifton",
        "Bedminster",
        "Filton",
        "Keynsham",
        "Portishead",
        "Clevedon",
        "Yate",
    ),
)

_SERVICES: Mapping[str, ServiceOffer] = {
    "lawn_care": ServiceOffer(minimum_price=60, price_per_m2=0.25, recurring=True),
    "garden_maintenance": ServiceOffer(minimum_price=100, price_per_m2=0.5, recurring=True),
    "grounds_contract": ServiceOffer(minimum_price=900, price_per_m2=0.2, recurring=True),
    "snow_clearing": ServiceOffer(minimum_price=150, price_per_m2=0.3, recurring=True),
    "hedge_trimming": ServiceOffer(minimum_price=150),
    "tree_pruning": ServiceOffer(minimum_price=250),
    "tree_removal": ServiceOffer(minimum_price=350),
    "planting": ServiceOffer(minimum_price=400, price_per_m2=20),
    "lawn_installation": ServiceOffer(minimum_price=800, price_per_m2=12),
    "garden_cleanup": ServiceOffer(minimum_price=200, price_per_m2=1),
    "irrigation_install": ServiceOffer(minimum_price=1500, price_per_m2=5),
    "paving": ServiceOffer(minimum_price=2000, price_per_m2=80),
    "fencing": ServiceOffer(minimum_price=1200),
    "garden_design": ServiceOffer(minimum_price=1500, price_per_m2=10),
    "landscape_design": ServiceOffer(minimum_price=5000, price_per_m2=40),
    "garden_renovation": ServiceOffer(minimum_price=5000, price_per_m2=50),
}


class BusinessProfile(Frozen):
    """The business that the leads are for; the default is a demo with three sites."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = "Garden demo"
    services: Annotated[dict[ServiceName, ServiceOffer], Field(min_length=1)] = Field(
        default_factory=lambda: dict(_SERVICES),
        description="What is offered, by the service's name.",
    )
    areas: Annotated[tuple[ServedArea, ...], Field(min_length=1)] = Field(
        default=(_PORTLAND, _BERLIN, _BRISTOL),
        description="Where; the first is the home of the business.",
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(
        default="USD", description="ISO 4217; the currency of the prices."
    )
    exchange_rates: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=lambda: {"EUR": 1.1, "GBP": 1.3},
        description="Price of a unit of another currency in ours; rough, it only sorts budgets.",
    )
    capacity_per_week: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=20, description="Leads the sellers can call in a week."
    )
    hours: dict[Annotated[int, Field(ge=0, le=6)], OpeningHours] = Field(
        default_factory=lambda: {**dict.fromkeys(range(5), _WORKDAY), 5: _SATURDAY},
        min_length=1,
        description="Opening hours by weekday, Monday is 0; a day that is absent is closed.",
    )
    calls_hot_leads_at_once: bool = Field(
        default=True,
        description="Grade A is due in 5 minutes at any hour; if false, from the next opening.",
    )
    refers_to_partners: bool = Field(
        default=True, description="Whether a lead outside the area is offered to a partner."
    )

    def offer(self, service: str | None) -> ServiceOffer | None:
        """Return the offer of that name or a synonym of it, or None where it is not offered."""
        if not service:
            return None
        return self.services.get(service) or self.services.get(service_name(service))

    def serves(self, location: Location | None) -> bool | None:
        """Return whether the place is served; None where too little is known to say.

        Without a country only a listed city says yes, and nothing says no.
        """
        if location is None:
            return None
        if location.country is None:
            named = location.city is not None and any(
                area.names_city(location.city) for area in self.areas
            )
            return True if named else None
        answers = [area.covers(location) for area in self.areas if area.country == location.country]
        if True in answers:
            return True
        return None if None in answers else False

    def area_around(self, location: Location | None) -> ServedArea | None:
        """Return the served area that a place fits; None where it fits none, or two countries'."""
        fitting = [area for area in self.areas if location is not None and area.fits(location)]
        return fitting[0] if len({area.country for area in fitting}) == 1 else None

    def countries_for(self, location: Location | None) -> tuple[str, ...]:
        """Return the served countries, each once: that of the place if it fits one, then home."""
        around = self.area_around(location)
        areas = self.areas if around is None else (around, *self.areas)
        return tuple(dict.fromkeys(area.country for area in areas))

    def area_in(self, country: str | None) -> ServedArea | None:
        """Return the first served area in a country, or None."""
        return next((area for area in self.areas if area.country == country), None)

    def to_own_currency(self, amount: float, currency: str) -> float | None:
        """Return an amount in the profile's currency, or None where the rate is unknown."""
        if currency == self.currency:
            return amount
        rate = self.exchange_rates.get(currency)
        return None if rate is None else amount * rate


class ScoringSettings(Frozen):
    """Section ``scoring`` of the settings."""

    profile: BusinessProfile = Field(default_factory=BusinessProfile)
    message_budget_chars: Annotated[int, Field(ge=200, le=MAX_MESSAGE_BYTES)] = Field(
        default=MAX_MESSAGE_BYTES,
        description="Characters of a message that are read; a longer one is flagged.",
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
