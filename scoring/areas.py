"""Areas people name, in square metres."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from scoring.clauses import (
    Found,
    Reading,
    clause_after,
    clause_before,
    sentence_after,
    sentence_before,
)
from scoring.number_formats import (
    SMALL_NUMBER_WORD,
    SMALL_NUMBERS,
    Number,
    find_fractions,
    parse_number,
    whole_where_possible,
)
from scoring.phrases.phrase import occurrences, phrase

SQUARE_METRES = {
    "m2": 1.0,
    "sqft": 0.09290304,
    "sqyd": 0.83612736,
    "acre": 4046.8564224,
    "hectare": 10_000.0,
    "are": 100.0,
}
"""Square metres per unit; the international yard and pound agreement of 1959."""

_UNIT = re.compile(
    r"(?:[\s\u00a0\u202f]{0,2}-?)(?:"
    r"(?P<sqft>sq\.?[ -]?(?:ft|feet|foot)\b\.?|sqft\b|sf\b|square[ -](?:foot|feet)\b|ft\u00b2|"
    r"ft\^?2\b|quadratfu(?:\u00df|ss)\b)"
    r"|(?P<sqyd>sq\.?[ -]?y(?:ar)?ds?\b|square[ -]yards?\b)"
    r"|(?P<m2>m\u00b2|m\^?2\b|qm\b|sqm\b|sq\.?[ -]?m(?:et(?:er|re)s?)?\b|"
    r"square[ -]met(?:er|re)s?\b|quadratmetern?\b)"
    r"|(?P<acre>acres?\b|ac\b)"
    r"|(?P<hectare>hectares?\b|ha\b(?!\s{0,3}ha)|hektar\b)"
    r"|(?P<are>ar\b(?!\s{0,2}['\u2019]))"
    r")"
)
_RANGE = re.compile(r"\s{0,2}(?:-|\u2013|\bto\b|\bbis\b|\bor\b|\boder\b|\band\b|\bund\b)\s{0,2}")
_BETWEEN = re.compile(r"(?:between|zwischen)\s{1,3}(?:ca\.?\s|about\s|etwa\s)?$")
_PER_UNIT = re.compile(r"(?:\b(?:per|pro|je)\s|/\s?)$")
_DWELLING_BEFORE = re.compile(
    r"(?<!behind the )(?<!behind our )(?<!around the )(?<!around our )(?<!beside the )"
    r"(?<!hinter dem )(?<!hinterm )(?<!vor dem )(?<!neben dem )(?<!ums )(?<!beim )(?<!am )"
    r"\b(?:wohnfläche|wohnung|nutzfläche|dachfläche|living (?:space|area)|apartment|flat|roof|"
    r"office|haus|house|home|büro)(?: (?:is|of|has|with|mit|hat|von|about|ca\.?|etwa))*[ :(]{0,3}$"
)
_DWELLING_AFTER = re.compile(
    r"^[ -]?(?:of )?(?:[a-z-]{1,14} )?"
    r"(?:house|home|apartment|flat|condo|roof|haus|wohnung|wohnfläche|living (?:space|area))\b"
    r"(?!['\u2019-]| (?:garden|lot|yard))"
)
_PLOT = re.compile(r"\b(?:plot|lot|parcel|property|land|grundstück\w{0,4})\b")
_GREEN = re.compile(
    r"\b(?:gardens?|lawns?|(?:back ?|front ?)?yards?|gartens?|rasen\w{0,8}|grünfl\w+)\b"
)
_LESS_FOR_A_PLOT = 0.25
_TOTAL = re.compile(r"\b(?:total|altogether|overall|in all|insgesamt|gesamt\w{0,8})\b")
_GROUND = re.compile(
    r"garden|yard|lawn|plot|\blot\b|patio|terrace|bed\b|rasen|garten|grundstück|fläche|terrasse|"
    r"beet"
)
_SIDES = re.compile(
    r"(?:\s?(?P<u1>m(?:et(?:er|re)s?)?|metern?|ft|feet|foot|'|yards?)?)\s{0,2}"
    r"(?:x|\u00d7|by|mal|\*)\s{0,2}(?P<other>\d{1,4}(?:[.,]\d{1,2})?)\s?"
    r"(?P<u2>m(?:et(?:er|re)s?)?\b|metern?\b|ft\b|feet\b|foot\b|['\u2019]|yards?\b)?"
)
_WORDED = phrase(
    None,
    "acre|hectare|hektar|square|quadratmeter|qm|sqm",
    rf"\b(?P<n>an?|{SMALL_NUMBER_WORD}) (?:and a (?P<half>half) )?"
    r"(?P<unit>acres?|hectares?|hektar|square met(?:er|re)s?|quadratmetern?|s?qm|"
    r"square f(?:oo|ee)t)\b",
)
_WORDED_UNITS = (
    ("acre", "acre"),
    ("hek", "hectare"),
    ("hec", "hectare"),
    ("square f", "sqft"),
    ("", "m2"),
)
METRES_PER_FOOT = 0.3048
METRES_PER_YARD = 0.9144
_LARGEST_M2 = 1e8
_CONTEXT = 40
_LABEL_AFTER = 14


def find_areas(
    reading: Reading, numbers: Sequence[Number], *, sides_suffice: bool = False
) -> list[Found]:
    """Return the areas of a message with their weight.

    A total outweighs a part, a part outweighs two sides; areas of dwellings and prices per area
    are left out. Among equals the caller takes the largest.

    Args:
        reading: The message.
        numbers: Those in it.
        sides_suffice: Whether "10 x 12 m" is an area without a word for ground beside it.
    """
    sides = _from_sides(reading, numbers, alone=sides_suffice)
    found = [*_with_unit(reading, numbers), *sides, *_in_words(reading)]
    return _by_ground(reading.lower, [one for one in found if _is_ground(reading.lower, one)])


def _by_ground(lower: str, found: list[Found]) -> list[Found]:
    """Weigh a plot less where the garden on it is named too: that is where the work is."""
    greens = {one.start for one in found if _GREEN.search(_label(lower, one))}
    if not greens or len(greens) == len(found):
        return found
    return [
        replace(one, weight=one.weight - _LESS_FOR_A_PLOT)
        if one.start not in greens and _PLOT.search(_label(lower, one))
        else one
        for one in found
    ]


def _label(lower: str, one: Found) -> str:
    """Return the words that say what an area is of: those before it, and the next."""
    after = clause_after(lower, one.end, _LABEL_AFTER)
    return clause_before(lower, one.start, _CONTEXT) + " \u2022 " + after


def _with_unit(reading: Reading, numbers: Sequence[Number]) -> Iterator[Found]:
    lower = reading.lower
    previous: Number | None = None
    for number in [*numbers, *find_fractions(lower)]:
        if unit := _UNIT.match(lower, number.end):
            start, size = _size(reading, previous, number, unit.lastgroup or "m2")
            total = _TOTAL.search(sentence_before(lower, start, _CONTEXT))
            yield Found(size, start, unit.end(), weight=2.0 if total else 1.0)
        previous = number


def _size(
    reading: Reading, previous: Number | None, number: Number, unit: str
) -> tuple[int, int | float]:
    """Return where the quantity begins and its square metres, the middle where it is a range."""
    value = _in_unit(reading, number, unit)
    start = number.start
    if previous is not None and _is_range(reading.lower, previous, number):
        start, value = previous.start, (value + _in_unit(reading, previous, unit)) / 2
    return start, whole_where_possible(round(value * SQUARE_METRES[unit], 1))


def _in_unit(reading: Reading, number: Number, unit: str) -> float:
    if unit in {"acre", "hectare"} and number.digits[0].isdigit() and "/" not in number.digits:
        mark = "," if reading.language == "de" else "."
        if number.digits.replace(".", "").replace(",", "").isdigit():
            return parse_number(number.digits, decimal_mark=mark) * number.scale
    return number.value


def _is_range(lower: str, low: Number, high: Number) -> bool:
    link = _RANGE.fullmatch(lower, low.end, high.start)
    if link is None or low.value >= high.value:
        return False
    return (
        not re.search(r"and|und", link[0])
        or _BETWEEN.search(clause_before(lower, low.start, _CONTEXT)) is not None
    )


def _from_sides(reading: Reading, numbers: Sequence[Number], *, alone: bool) -> Iterator[Found]:
    lower = reading.lower
    for number in numbers:
        sides = _SIDES.match(lower, number.end)
        if sides is None or not (sides["u1"] or sides["u2"]):
            continue
        near = sentence_before(lower, number.start, _CONTEXT) + sentence_after(
            lower, sides.end(), _CONTEXT
        )
        if not alone and not _GROUND.search(near):
            continue
        metres = _metres(sides["u2"] or sides["u1"])
        size = number.value * parse_number(sides["other"]) * metres * metres
        yield Found(whole_where_possible(round(size, 1)), number.start, sides.end(), weight=0.5)


def _metres(unit: str) -> float:
    if unit.startswith("y"):
        return METRES_PER_YARD
    return 1.0 if unit.startswith("m") else METRES_PER_FOOT


def _in_words(reading: Reading) -> Iterator[Found]:
    for match in occurrences(reading.lower, _WORDED):
        count = SMALL_NUMBERS.get(match["n"], 1) + (0.5 if match["half"] else 0)
        before = reading.lower[max(0, match.start() - 12) : match.start()]
        if re.search(r"(?:half|quarter|third|of|halbe[rn]?)\s{1,3}$", before):
            continue
        unit = next(name for start, name in _WORDED_UNITS if match["unit"].startswith(start))
        size = whole_where_possible(round(count * SQUARE_METRES[unit], 1))
        yield Found(size, match.start(), match.end(), weight=1.0)


def _is_ground(lower: str, found: Found) -> bool:
    before = clause_before(lower, found.start, _CONTEXT)
    after = lower[found.end : found.end + _CONTEXT]
    return (
        isinstance(found.value, int | float)
        and 0 < found.value <= _LARGEST_M2
        and not _PER_UNIT.search(before)
        and not _DWELLING_BEFORE.search(before)
        and not _DWELLING_AFTER.search(after)
    )
