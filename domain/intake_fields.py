"""How each field of a raw lead is read: a clean value, or None and a fault by name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import JsonValue

from domain.country_names import COUNTRY_BY_NAME
from domain.lead import BudgetPeriod, Channel, EventType
from domain.moment import is_usable

RawObject = Mapping[str, object]
ChoiceT = TypeVar("ChoiceT", bound=StrEnum)

_LOCALE = re.compile(
    r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?((?:[-_][A-Za-z0-9]{4,8})*)"
)
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,6})?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CURRENCY_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_YES = frozenset({"true", "yes", "y", "1", "on", "ja"})
_NO = frozenset({"false", "no", "n", "0", "off", "nein"})
_MAX_AMOUNT = 1e9
_COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)


class Faults:
    """Collects what was set aside while one lead is read."""

    def __init__(self, earlier: Iterable[tuple[str, JsonValue, str]]) -> None:
        """Start from the faults of an earlier reading; none for a lead seen for the first time."""
        self._found: list[tuple[str, JsonValue, str]] = list(earlier)

    def add(self, field: str, value: object, flag: str) -> None:
        """Set ``value`` of ``field`` aside under the fault's name; the same fault counts once."""
        fault = (field, cast("JsonValue", value), flag)
        if fault not in self._found:
            self._found.append(fault)

    def note(self, flag: str, field: str) -> None:
        """Name a fault whose value is kept elsewhere, so only the field's name is recorded."""
        self.add(field, None, flag)

    def flags(self) -> tuple[str, ...]:
        """Return the names of all faults, sorted, each once."""
        return tuple(sorted({flag for _, _, flag in self._found}))

    def set_aside(self) -> tuple[dict[str, JsonValue], ...]:
        """Return the faults in the order they were found, as JSON objects."""
        return tuple(
            {"field": field, "value": value, "flag": flag} for field, value, flag in self._found
        )


def read_text(value: object, field: str, most: int, faults: Faults) -> str | None:
    """Return trimmed text of at most ``most`` characters; None where empty or no text."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        faults.add(field, value, f"{_leaf(field)}_not_text")
        return None
    text = value.strip()
    if len(text) > most:
        faults.add(field, value, f"{_leaf(field)}_too_long")
        return text[:most].strip() or None
    return text or None


def read_choice(
    value: object, field: str, choices: type[ChoiceT], faults: Faults
) -> ChoiceT | None:
    """Return the member of ``choices`` that ``value`` names, in any case or spelling of blanks."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        slug = re.sub(r"[\s\-]+", "_", value.strip().casefold())
        if slug in {choice.value for choice in choices}:
            return choices(slug)
    faults.add(field, value, f"{_leaf(field)}_unknown")
    return None


def read_time(value: object, field: str, faults: Faults) -> datetime | None:
    """Return an ISO 8601 time; one without a zone is read as UTC and flagged.

    One that cannot be a :data:`domain.moment.Moment` is set aside.
    """
    if value is None:
        return None
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        faults.add(field, value, f"{_leaf(field)}_unreadable")
        return None
    if not is_usable(time):
        faults.add(field, str(value), f"{_leaf(field)}_out_of_range")
        return None
    if time.tzinfo is None:
        faults.add(
            field, value if isinstance(value, str) else str(value), f"{_leaf(field)}_without_zone"
        )
        return time.replace(tzinfo=UTC)
    return time


def read_locale(value: object, faults: Faults) -> str | None:
    """Return a BCP 47 tag in its usual case, for example ``de-DE``."""
    if value is None or value == "":
        return None
    match = _LOCALE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        faults.add("locale", value, "locale_unknown")
        return None
    language, script, region, rest = match.groups()
    parts = [language.lower(), script.title() if script else "", region.upper() if region else ""]
    return "-".join(part for part in parts if part) + rest.replace("_", "-")


def read_timezone(value: object, faults: Faults) -> str | None:
    """Return an IANA time zone name that this system knows."""
    if value is None or value == "":
        return None
    try:
        return ZoneInfo(str(value).strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.add("timezone", value, "timezone_unknown")
        return None


def read_number(value: object, field: str, name: str, faults: Faults) -> float | None:
    """Return a number, also from text such as ``1,200.50`` or ``12,5``."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        text = value.strip()
        if _THOUSANDS.fullmatch(text):
            return float(text.replace(",", ""))
        if _NUMBER.fullmatch(text):
            return float(text.replace(",", "."))
    faults.add(field, value, f"{name}_unreadable")
    return None


def read_positive(
    value: object, field: str, name: str, most: float, faults: Faults
) -> float | None:
    """Return a number above 0 and at most ``most``; faults are named after ``name``."""
    number = read_number(value, field, name, faults)
    if number is None:
        return None
    if 0 < number <= most:
        return number
    fault = "negative" if number < 0 else "zero" if number == 0 else "too_large"
    faults.add(field, value, f"{name}_{fault}")
    return None


def read_count(value: object, field: str, faults: Faults) -> int:
    """Return how many; a list counts its items, anything unreadable counts 0."""
    if isinstance(value, list | tuple):
        return min(len(value), 1000)
    number = read_number(value, field, field, faults)
    if number is None:
        return 0
    if number != int(number) or not 0 <= number <= 1000:  # noqa: PLR2004 - bound of the model
        faults.add(field, value, f"{field}_out_of_range")
        return 0
    return int(number)


def read_service(value: object, faults: Faults) -> str | None:
    """Return the service's name in lower snake case."""
    text = read_text(value, "service", 64, faults)
    return re.sub(r"[^\w]+", "_", text.casefold()).strip("_") or None if text else None


def read_country(value: object, faults: Faults) -> str | None:
    """Return an ISO 3166-1 alpha-2 code, also of a country's name such as ``Deutschland``."""
    if value is None or value == "":
        return None
    name = " ".join(value.split()) if isinstance(value, str) else ""
    code = COUNTRY_BY_NAME.get(name.casefold(), name.upper())
    if code in _COUNTRIES:
        return code
    faults.add("location.country", value, "country_unknown")
    return None


def yes_or_no(value: object, field: str, faults: Faults) -> bool | None:
    """Return a boolean, also from a form's words; what is unreadable counts as not asked."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    if word:
        faults.add(field, value, f"consent_{_leaf(field)}_unreadable")
    return None


def read_object(fields: RawObject, name: str, faults: Faults) -> RawObject | None:
    """Return the object of that name; anything else, such as ``"budget": "no"``, is set aside."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, Mapping):
        return cast("RawObject", value)
    faults.add(name, value, f"{name}_unreadable")
    return None


def read_budget(fields: RawObject | None, faults: Faults) -> dict[str, object] | None:
    """Return the budget; both amounts are set aside where the lower is above the upper."""
    if fields is None:
        return None
    for name in sorted(fields.keys() - {"amount_min", "amount_max", "currency", "period"}):
        faults.add(f"budget.{name}", fields[name], "field_unknown")
    low = _amount(fields, "amount_min", faults)
    high = _amount(fields, "amount_max", faults)
    if low is not None and high is not None and low > high:
        faults.add("budget.amount_min", fields["amount_min"], "budget_range_inverted")
        faults.add("budget.amount_max", fields["amount_max"], "budget_range_inverted")
        low = high = None
    currency = _currency(fields.get("currency"), faults)
    period = read_choice(fields.get("period"), "budget.period", BudgetPeriod, faults)
    if low is None and high is None:
        return None
    return {
        "amount_min": low,
        "amount_max": high,
        "currency": currency,
        "period": period or BudgetPeriod.ONE_OFF,
    }


def _amount(fields: RawObject, name: str, faults: Faults) -> float | None:
    amount = read_number(fields.get(name), f"budget.{name}", "budget", faults)
    if amount is None or 0 <= amount <= _MAX_AMOUNT:
        return amount
    faults.add(
        f"budget.{name}", fields[name], "budget_negative" if amount < 0 else "budget_too_large"
    )
    return None


def _currency(value: object, faults: Faults) -> str | None:
    if value is None or value == "":
        return None
    code = value.strip().upper() if isinstance(value, str) else ""
    code = _CURRENCY_SIGNS.get(code, code)
    if _CURRENCY.fullmatch(code):
        return code
    faults.add("budget.currency", value, "currency_unknown")
    return None


def read_location(fields: RawObject | None, faults: Faults) -> dict[str, object] | None:
    """Return the location; one that says nothing is None."""
    if fields is None:
        return None
    location: dict[str, object] = {
        "postal_code": read_text(fields.get("postal_code"), "location.postal_code", 16, faults),
        "city": read_text(fields.get("city"), "location.city", 200, faults),
        "region": read_text(fields.get("region"), "location.region", 200, faults),
        "country": read_country(fields.get("country"), faults),
        "lat": _degrees(fields, "lat", 90, faults),
        "lon": _degrees(fields, "lon", 180, faults),
    }
    for name in sorted(fields.keys() - location.keys()):
        faults.add(f"location.{name}", fields[name], "field_unknown")
    return location if any(value is not None for value in location.values()) else None


def _degrees(fields: RawObject, name: str, most: float, faults: Faults) -> float | None:
    degrees = read_number(fields.get(name), f"location.{name}", name, faults)
    if degrees is None or -most <= degrees <= most:
        return degrees
    faults.add(f"location.{name}", fields[name], f"{name}_out_of_range")
    return None


def read_events(items: Sequence[object], faults: Faults) -> list[dict[str, object]]:
    """Return the events in order of time, each once; unreadable ones are set aside."""
    events: dict[tuple[datetime, str, str], dict[str, object]] = {}
    for index, item in enumerate(items):
        field = f"events[{index}]"
        if not isinstance(item, Mapping):
            faults.add(field, item, "event_unreadable")
            continue
        kind = read_choice(item.get("type"), f"{field}.type", EventType, Faults([]))
        at = read_time(item.get("at"), f"{field}.at", Faults([]))
        channel = read_choice(item.get("channel"), f"{field}.channel", Channel, Faults([]))
        if kind is None or at is None or (item.get("channel") and channel is None):
            faults.add(
                field, _json_event(item), "event_unknown" if kind is None else "event_unreadable"
            )
            continue
        events[at, kind.value, channel.value if channel else ""] = {
            "type": kind,
            "at": at,
            "channel": channel,
        }
    return [events[key] for key in sorted(events)]


def _json_event(item: Mapping[object, object]) -> dict[str, object]:
    return {
        str(name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in item.items()
    }


def _leaf(field: str) -> str:
    return field.rsplit(".", 1)[-1]
