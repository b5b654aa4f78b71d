"""Finds sizes and counts with their units: 25 m, 20-25 m, 3 x 4 m, 3 old trees."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scoring.number_formats import SMALL_NUMBER_WORD, SMALL_NUMBERS, find_numbers

_UNITS = (
    ("m²", r"m²|qm|sqm|sq\.? ?m|quadratmetern?|square (?:met(?:re|er)s?)"),
    ("m³", r"m³|cbm|kubikmetern?|cubic (?:met(?:re|er)s?)"),
    ("sq ft", r"sq\.? ?ft|sqft|ft²|square (?:feet|foot)"),
    ("sq yd", r"sq\.? ?yd|square yards?"),
    ("cm", r"cm|zentimetern?|centimet(?:re|er)s?"),
    ("mm", r"mm|millimetern?|millimet(?:re|er)s?"),
    ("m", r"m|metern?|met(?:re|er)s?|lfm|laufende[nr]? metern?"),
    ("ft", r"ft|feet|foot|fuß"),
    ("in", r"inch(?:es)?"),
    ("yd", r"yards?|yds?"),
    ("acre", r"acres?"),
    ("ha", r"ha|hektar|hectares?"),
    ("t", r"tons?|tonnes?|tonnen?"),
    ("tree", r"trees?|bäumen?|baum|obstbäumen?|fruit trees?"),
    ("hedge", r"hedges?|hecken?"),
    ("bush", r"bush(?:es)?|shrubs?|sträuchern?|strauch|büschen?|busch"),
    ("bed", r"beds?|flower ?beds?|beeten?|beet"),
    ("plant", r"plants?|pflanzen?"),
    ("step", r"steps?|stufen?"),
    ("post", r"posts?|pfosten"),
    ("piece", r"pieces?|stück"),
)
"""A closed list, so that no money, share, hour or code counts as a size."""

_MONEY = r"[$€£¥%]|(?:usd|eur|euros?|gbp|chf|dollars?|pounds?|per ?cent|prozent|million|mio)\b"
_UNIT = re.compile(
    r"[\s-]?(?:(?!(?:and|und|or|oder|at|for|per|um|pro)\b|"
    + _MONEY
    + r")[^\W\d_]{3,20}\s)?(?:"
    + "|".join(f"(?P<u{at}>{words})" for at, (_, words) in enumerate(_UNITS))
    + rf")(?!\w)(?!\s?(?:{_MONEY}))"
)
_JOINED = re.compile(r"\s?(?:-|\u2013|x|\u00d7|\*|to|by|and|or|mal|bis|und|oder)\s?")
_WORDED = re.compile(rf"\b(?P<number>{SMALL_NUMBER_WORD})\b(?=\s)")


@dataclass(frozen=True, slots=True)
class Count:
    """A number and what it counts.

    Attributes:
        start: Where the number begins.
        unit: One name for every way to write it.
    """

    start: int
    value: float
    unit: str


def find_counts(lower: str) -> Iterator[Count]:
    """Yield the sizes and counts of a text in lower case; numbers without a known unit are none.

    Args:
        lower: As :func:`actors.drafting.plain_text.readable` returns it, in lower case.
    """
    unit, after = None, len(lower)
    for number in reversed(find_numbers(lower)):
        own = _unit(lower, number.end)
        joined = _JOINED.fullmatch(lower, number.end, after) is not None
        unit = own or (unit if joined else None)
        after = number.start
        if unit:
            yield Count(number.start, number.value, unit)
    for match in _WORDED.finditer(lower):
        if unit := _unit(lower, match.end()):
            yield Count(match.start(), float(SMALL_NUMBERS[match["number"]]), unit)


def _unit(lower: str, end: int) -> str | None:
    match = _UNIT.match(lower, end)
    if match is None:
        return None
    return next(name for at, (name, _) in enumerate(_UNITS) if match[f"u{at}"])
