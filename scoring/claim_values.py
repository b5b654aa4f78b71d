"""Reads the value of a claim as text, and says whether what our parser found agrees with it."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from domain.lead import BudgetPeriod, Channel
from scoring.areas import find_areas
from scoring.claim_forms import WEEKDAYS, ClaimForm, Kind
from scoring.clauses import Found, Reading, lowered
from scoring.contact_details import normal_phone
from scoring.money import find_budgets
from scoring.number_formats import Number, find_numbers
from scoring.phrases.services import service_name

MOST_VALUE_CHARS = 200
"""A longer value is no value."""

_SHARE = 0.01
"""By how much a number may differ from ours: models round what they convert."""

_DATE = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
_TRUE = frozenset({"true", "yes", "ja", "1"})
_LAST_HOUR = 23


@dataclass(frozen=True, slots=True)
class Wanted:
    """The value of a claim.

    Attributes:
        value: In the form the fact would have; for amounts and areas what our parsers make of it.
        numbers: Those it names, as written.
    """

    value: JsonValue
    numbers: tuple[float, ...] = ()


def read_value(text: str, form: ClaimForm, reading: Reading) -> Wanted | None:
    """Return what a claim's value says, or None where it is no value of its form.

    Args:
        text: As the model wrote it.
        form: Of the claim's name.
        reading: Of the message; its country says what local numbers and dollars mean.
    """
    plain = " ".join(text.split())
    if not plain or len(plain) > MOST_VALUE_CHARS:
        return None
    wanted = _READERS[form.kind](plain, form, reading)
    return wanted if wanted is None or isinstance(wanted, Wanted) else Wanted(wanted)


def agrees(kind: Kind, wanted: Wanted, found: Found, written: Iterable[Number]) -> bool:
    """Return whether the value of a finding is the one that was claimed.

    Args:
        kind: Of the claim's form.
        wanted: The claimed value.
        found: What our parser read; its value would be stored.
        written: The numbers within the finding, as they stand in the message.
    """
    if kind is Kind.AREA:
        return _same_area(wanted, found, {number.value for number in written})
    if kind is Kind.MONEY:
        return _same_money(wanted, found)
    if kind is Kind.DATE:
        one, other = str(wanted.value), str(found.value)
        return one.startswith(other) or other.startswith(one)
    if kind is Kind.COUNT:
        return wanted.value is True or (found.value is not True and wanted.value == found.value)
    if kind is Kind.CODE:
        return wanted.value == _code(str(found.value))
    return wanted.value == found.value


def _same_area(wanted: Wanted, found: Found, written: set[float]) -> bool:
    size = float(found.value) if isinstance(found.value, int | float) else 0.0
    if isinstance(wanted.value, int | float):
        return _close(float(wanted.value), size)
    numbers = wanted.numbers
    return all(number in written for number in numbers) or _close(
        math.fsum(numbers) / len(numbers), size
    )


def _same_money(wanted: Wanted, found: Found) -> bool:
    if not isinstance(wanted.value, Mapping) or not isinstance(found.value, Mapping):
        return False
    claimed, ours = dict(wanted.value), dict(found.value)
    amounts = [amount for amount in map(ours.get, _AMOUNTS) if isinstance(amount, int | float)]
    named = [amount for amount in map(claimed.get, _AMOUNTS) if isinstance(amount, int | float)]
    currency, period = claimed["currency"], claimed["period"]
    return (
        all(any(_close(one, other) for other in amounts) for one in named)
        and currency in {None, ours["currency"]}
        and period in {BudgetPeriod.ONE_OFF.value, ours["period"]}
    )


_AMOUNTS = ("amount_min", "amount_max")


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_SHARE, abs_tol=0.5)


def _area(text: str, _form: ClaimForm, reading: Reading) -> Wanted | None:
    own = _alone(text, reading)
    numbers = find_numbers(own.lower)
    sizes = find_areas(own, numbers, sides_suffice=True)
    if not numbers and not sizes:
        return None
    return Wanted(sizes[0].value if sizes else None, tuple(number.value for number in numbers))


def _money(text: str, _form: ClaimForm, reading: Reading) -> JsonValue:
    own = _alone(f"budget {text}", reading)
    numbers = find_numbers(own.lower)
    found = find_budgets(own, numbers, scale_suffices=True)
    if not found or not isinstance(found[0].value, dict):
        return None
    value = dict(found[0].value)
    nowhere = find_budgets(replace(own, country=None), numbers, scale_suffices=True)
    named = nowhere[0].value if nowhere else None
    if isinstance(named, dict) and named["currency"] is None:
        value["currency"] = None
    return value


def _date(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    return text if _DATE.fullmatch(text) else None


def _clock(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    match = _CLOCK.match(text)
    if match is None or int(match[1]) > _LAST_HOUR:
        return None
    return f"{int(match[1]):02}:{match[2]}"


def _phone(text: str, _form: ClaimForm, reading: Reading) -> JsonValue:
    return normal_phone(text, reading.country)


def _email(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    return text.lower()


def _code(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()


def _postal_code(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    return _code(text) or None


def _place(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    return text if any(char.isalpha() for char in text) else None


def _count(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    if lowered(text) in _TRUE - {"1"}:
        return True
    return int(text) if text.isdecimal() and 0 < int(text) < 100 else None  # noqa: PLR2004


def _weekdays(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    words = re.findall(r"[a-z]{3,}", lowered(text))
    days: list[JsonValue] = [day for day in WEEKDAYS if any(word[:3] == day for word in words)]
    return days if len(days) == len(words) else None


def _channels(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    words = set(re.findall(r"[a-z]+", lowered(text).replace("e-mail", "email")))
    if not words or words - {channel.value for channel in Channel}:
        return None
    channels: list[JsonValue] = [*sorted(words)]
    return channels


def _choice(text: str, form: ClaimForm, _reading: Reading) -> JsonValue:
    name = service_name(text)
    return name if name in form.values else None


def _yes(text: str, _form: ClaimForm, _reading: Reading) -> JsonValue:
    return True if lowered(text) in _TRUE else None


_Reader = Callable[[str, ClaimForm, Reading], JsonValue | Wanted]

_READERS: Mapping[Kind, _Reader] = {
    Kind.AREA: _area,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.CLOCK: _clock,
    Kind.PHONE: _phone,
    Kind.EMAIL: _email,
    Kind.CODE: _postal_code,
    Kind.PLACE: _place,
    Kind.COUNT: _count,
    Kind.WEEKDAYS: _weekdays,
    Kind.CHANNELS: _channels,
    Kind.CHOICE: _choice,
    Kind.YES: _yes,
}


def _alone(text: str, reading: Reading) -> Reading:
    """Return a value as a text of its own, in the message's country but no language.

    Models write numbers the English way whatever the message's language.
    """
    return replace(reading, text=text, lower=lowered(text), language="en")
