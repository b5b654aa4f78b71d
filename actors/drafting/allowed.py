"""What a draft may hold: links, numbers, amounts, days and hours of the settings and the facts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

import phonenumbers

from actors.drafting.counts import find_counts
from actors.drafting.facts_sheet import FactsSheet
from actors.drafting.names import name_words
from actors.drafting.phrases import SQ_FT_PER_M2, area_in_units
from actors.drafting.plain_text import readable
from actors.settings import WritingSettings
from domain.analysis import Fact
from scoring.number_formats import find_numbers
from scoring.settings import BusinessProfile

_M2_PER_UNIT = (1.0, 1 / SQ_FT_PER_M2, 4046.86, 10_000.0, 0.836127)
"""Square metre, square foot, acre, hectare, square yard."""

_LIKENESS = 0.02
"""Share by which a size in the message's own unit may differ from the size that was read of it."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Everything of its kind that a draft may hold; nothing where nothing is given.

    Attributes:
        strings: Names and places that are right as they stand, whatever is in them.
        links: As the settings write them.
        emails: In lower case.
        phones: Digits of every usual way to write a number that may stand in the draft.
        numbers: Sizes and counts.
        counts: Sizes and counts of the lead's own message, each with its unit.
        amounts: The lead's own budget.
        days: Days and months, ``YYYY-MM-DD`` or ``YYYY-MM``.
        minutes: Hours of the day, in minutes since midnight.
        weekdays: Monday is 0.
        name_words: Words of the lead's name in lower case; empty where none is known.
    """

    strings: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    numbers: frozenset[float] = frozenset()
    counts: frozenset[tuple[float, str]] = frozenset()
    amounts: frozenset[float] = frozenset()
    days: frozenset[str] = frozenset()
    minutes: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    name_words: frozenset[str] = frozenset()


def allowed(
    sheet: FactsSheet, *, writing: WritingSettings, profile: BusinessProfile, message: str = ""
) -> Allowed:
    """Return what a draft to a lead may hold.

    Args:
        sheet: What is known.
        writing: Our own links and numbers.
        profile: The business.
        message: What the lead wrote, without orders to the machine: its sizes may be repeated.
    """
    days = frozenset(_days(sheet))
    own = {writing.sender_name or "", writing.postal_address, profile.name}
    code = sheet.postal_code or ""
    places = {sheet.city or "", "" if code.isdigit() else code}
    names = {sheet.name.full, sheet.name.first or ""} if sheet.name else set()
    return Allowed(
        strings=frozenset({*own, *names, *places} - {""}),
        links=frozenset(writing.links),
        emails=frozenset({sheet.email} if sheet.email else ()),
        phones=frozenset(_phones(writing.phone, sheet.phone)),
        numbers=frozenset(_numbers(sheet)),
        counts=frozenset(
            (count.value, count.unit) for count in find_counts(readable(message).lower())
        ),
        amounts=frozenset(_amounts(sheet)),
        days=days,
        minutes=frozenset(_minutes(sheet, profile)),
        weekdays=frozenset(_weekdays(sheet, days)),
        name_words=name_words(sheet.name) if sheet.name else frozenset(),
    )


def _phones(*numbers: str | None) -> Iterator[str]:
    for e164 in filter(None, numbers):
        digits = e164.removeprefix("+")
        yield digits
        yield "00" + digits
        try:
            parsed = phonenumbers.parse(e164)
        except phonenumbers.NumberParseException:
            continue
        national = phonenumbers.national_significant_number(parsed)
        form = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        yield national
        yield re.sub(r"\D", "", form)
        yield f"{parsed.country_code}0{national}"


def _numbers(sheet: FactsSheet) -> Iterator[float]:
    if sheet.area_m2 is not None:
        yield sheet.area_m2
        yield from (area_in_units(sheet.area_m2, country)[1] for country in ("US", None))
    if (sheet.postal_code or "").isdigit():
        yield float(sheet.postal_code or 0)
    for fact in sheet.facts:
        if isinstance(fact.value, int | float) and not isinstance(fact.value, bool):
            yield float(fact.value)
        if fact.name == "area_m2":
            yield from _as_written(fact)


def _as_written(fact: Fact) -> Iterator[float]:
    """Yield the numbers of a quoted size that mean the size, in whatever unit."""
    if not isinstance(fact.value, int | float) or not fact.value:
        return
    for number in find_numbers(readable(fact.quote).lower()):
        sizes = (number.value * unit for unit in _M2_PER_UNIT)
        if any(abs(size / fact.value - 1) <= _LIKENESS for size in sizes):
            yield number.value


def _amounts(sheet: FactsSheet) -> Iterator[float]:
    budget = sheet.budget
    if budget is not None:
        yield from (one for one in (budget.amount_min, budget.amount_max) if one is not None)


def _days(sheet: FactsSheet) -> Iterator[str]:
    yield sheet.asked_on.isoformat()
    yield from filter(None, (sheet.start, sheet.decision))


def _minutes(sheet: FactsSheet, profile: BusinessProfile) -> Iterator[int]:
    for hours in profile.hours.values():
        yield from map(minute_of, (hours.opens, hours.closes))
    if sheet.window:
        yield from map(minute_of, filter(None, (sheet.window.after, sheet.window.before)))


def _weekdays(sheet: FactsSheet, days: frozenset[str]) -> Iterator[int]:
    if sheet.window:
        yield from sheet.window.days
    for day in days:
        if len(day) == len("2027-01-15"):
            yield date.fromisoformat(day).weekday()


def minute_of(at: time) -> int:
    """Return an hour of the day in minutes since midnight."""
    return at.hour * 60 + at.minute
