"""Numbers as people write them: 3,800 and 3.800, 1.5k, 45 Tsd., half, five thousand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from scoring.phrases.phrase import occurrences, phrase

_SPACES = "\u00a0\u202f "
_DIGIT_RUN = re.compile(rf"[0-9][0-9.,'\u2019{_SPACES}]*")
_NUMBER = re.compile(
    rf"(?<![0-9])(?:[0-9]{{1,3}}(?:[.,'\u2019{_SPACES}][0-9]{{3}}(?![0-9])){{1,3}}"
    r"(?:[.,][0-9]{1,2}(?![0-9]))?|[0-9]{1,9}(?:[.,][0-9]{1,3}(?![0-9]))?)(?![0-9])"
)
_GROUP_MARKS = re.compile(rf"['\u2019{_SPACES}]")
_SCALE = re.compile(
    r"[\s-]?(?:(?P<thousand>k|grand|mille|thousand|tsd\b\.?|tausend|t(?=\s?\u20ac))"
    r"|(?P<million>mio\b\.?|mill?ion(?:en|s)?))(?![^\W_])"
)
THOUSAND = 1_000
MILLION = 1_000_000
MOST_NUMBERS = 4_000
"""Numbers in digits that are looked at; beyond, a message is a table of figures, not a letter."""
_GROUP_DIGITS = 3

SMALL_NUMBERS: dict[str, int] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "ein": 1, "eine": 1, "einen": 1, "einem": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4,
    "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12,
    "fünfzehn": 15, "zwanzig": 20, "dreißig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60,
    "siebzig": 70, "achtzig": 80, "neunzig": 90,
}  # fmt: skip
"""Number words that occur alone or before hundred and thousand, English and German."""

SMALL_NUMBER_WORD = "(?:" + "|".join(sorted(SMALL_NUMBERS, key=len, reverse=True)) + ")"

_SPOKEN = phrase(
    None,
    "hundred|thousand|hundert|tausend",
    rf"\b(?P<tens>{SMALL_NUMBER_WORD})(?:[ -](?P<ones>{SMALL_NUMBER_WORD}))?[ -]?"
    r"(?P<scale>hundred|thousand|hundert|tausend)\b",
)
_FRACTION = phrase(
    None,
    "half|quarter|third|halbe|viertel|\u00bd|\u00bc|\u00be|1/2|1/4|3/4|1/3",
    r"(?:\b(?P<whole>\d{1,3})[ -]?)?(?<!\d)"
    r"(?P<part>\bhalf(?: of)?(?: an?)?|\b(?:a )?quarter(?: of an?)?|\b(?:a |one )?third of an?|"
    r"\b(?:ein(?:en|em)? )?halbe[rn]?|\b(?:ein )?viertel|\u00bd|\u00bc|\u00be|1/2|1/4|3/4|1/3)"
    r"(?![\w/])",
)
_PARTS = (
    ("3/4", 0.75), ("\u00be", 0.75), ("1/3", 1 / 3), ("third", 1 / 3), ("1/4", 0.25),
    ("\u00bc", 0.25), ("quarter", 0.25), ("viertel", 0.25), ("", 0.5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text.

    Attributes:
        start: Where it begins, in characters.
        end: Where it ends, its scale (k, thousand, Tsd.) included.
        digits: As written, without the scale.
        raw: The value before the scale.
        scale: 1, 1,000 or 1,000,000.
    """

    start: int
    end: int
    digits: str
    raw: float
    scale: int = 1

    @property
    def value(self) -> float:
        """The value, scale included."""
        return self.raw * self.scale


def parse_number(digits: str, *, decimal_mark: str | None = None) -> float:
    """Return the value of digits with marks.

    Of two kinds of marks the last is the decimal mark. A mark that repeats, or that stands before
    exactly three digits, groups thousands, since nobody writes thousandths of an amount; unless
    it is the given ``decimal_mark`` or follows a lone zero.
    """
    plain = _GROUP_MARKS.sub("", digits)
    last = max(plain.rfind("."), plain.rfind(","))
    if last < 0:
        return float(plain)
    mark = plain[last]
    whole, part = plain[:last], plain[last + 1 :]
    groups = whole.isdigit() and len(part) == _GROUP_DIGITS
    if mark in whole or (groups and mark != decimal_mark and whole != "0"):
        return float(re.sub(r"[.,]", "", plain))
    return float(re.sub(r"[.,]", "", whole) + "." + part)


def find_numbers(lower: str) -> list[Number]:
    """Return the numbers of a lower-case text, written in digits or words, in order."""
    numbers = [*islice(_written(lower), MOST_NUMBERS), *_spoken(lower)]
    return sorted(numbers, key=lambda number: number.start)


def find_fractions(lower: str) -> list[Number]:
    """Return halves, thirds and quarters, with the whole number before them where there is one."""
    found = []
    for match in occurrences(lower, _FRACTION):
        part = next(value for name, value in _PARTS if name in match["part"])
        raw = part + float(match["whole"] or 0)
        found.append(Number(match.start(), match.end(), match[0], raw))
    return found


def whole_where_possible(value: float) -> int | float:
    """Return an integer where the value is one, so that JSON shows 180 and not 180.0."""
    rounded = round(value, 2)
    return int(rounded) if rounded.is_integer() else rounded


def _written(lower: str) -> Iterator[Number]:
    for run in _DIGIT_RUN.finditer(lower):
        for match in _NUMBER.finditer(lower, run.start(), run.end()):
            end = match.end()
            scale = 1
            if scaled := _SCALE.match(lower, end):
                scale = THOUSAND if scaled["thousand"] else MILLION
                end = scaled.end()
            yield Number(match.start(), end, match[0], parse_number(match[0]), scale)


def _spoken(lower: str) -> Iterator[Number]:
    for match in occurrences(lower, _SPOKEN):
        raw = SMALL_NUMBERS[match["tens"]] + SMALL_NUMBERS.get(match["ones"] or "", 0)
        scale = THOUSAND if match["scale"] in {"thousand", "tausend"} else THOUSAND // 10
        yield Number(match.start(), match.end(), match[0], float(raw), scale)
