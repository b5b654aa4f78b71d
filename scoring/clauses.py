"""What the readers of facts share: the message made ready, and the clauses around a place."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import JsonValue

from scoring.phrases.phrase import Phrase, occurrences

SENTENCE_END = re.compile(
    r"[!?;\n\u2022]|(?<!\bca)(?<!\bapprox)(?<!\bsq)(?<!\bmax)(?<!\d)\.(?=\s)|"
    r"(?<=\d)\.(?=\s)(?!\s{1,2}(?:\d|jan|feb|mär|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|"
    r"dez|dec))"
)
_CLAUSE_END = re.compile(
    SENTENCE_END.pattern + r"|[,:()]|\s(?:but|aber|sondern|and we|und wir|because|weil)\s"
)
NEGATION = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|without|cannot|neither|nor|dont|doesnt|isnt|arent|"
    r"wasnt|didnt|"
    r"nicht|kein(?:e[nmrs]?)?|nie|niemals|ohne|weder|nichts|niemand|if|whether|falls|ob)\b|"
    r"n['\u2019]t\b"
)
_NO_NEGATION = re.compile(
    r"\b(?:not only|not just|no problem|no doubt|why not|if possible|nicht nur|kein problem|"
    r"wenn möglich|falls möglich)\b"
)
_LATE_NEGATION = re.compile(r"\b(?:nicht|kein(?:e[nmrs]?)?)\b(?! nur)")

NEGATION_REACH = 45
"""Characters before a phrase in which a negation still speaks of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A message made ready to be read; both texts have the length of the original.

    Attributes:
        text: The message, with orders to the machine blanked out.
        lower: The same in lower case.
        language: ``de``, ``en`` or another from the locale; empty where none was given.
        country: ISO 3166-1 alpha-2 of the lead, or None.
        created_on: Day from which relative dates count.
    """

    text: str
    lower: str
    language: str
    country: str | None
    created_on: date


@dataclass(frozen=True, slots=True)
class Found:
    """A value and the stretch of the message it was read from.

    Attributes:
        weight: How well the surroundings support it, compared with others of the same name.
    """

    value: JsonValue
    start: int
    end: int
    weight: float = 0.0


_COUNTRY_LETTERS = 2


def made_ready(
    text: str, *, locale: str | None, country: str | None, created_at: datetime
) -> Reading:
    """Return a text ready to be read.

    Args:
        text: Without orders to the machine.
        locale: BCP 47, or None.
        country: ISO 3166-1 alpha-2; the locale's region stands in where it is None.
        created_at: When the lead came in; relative dates count from its day.
    """
    language, _, rest = (locale or "").partition("-")
    region = rest.split("-")[-1].upper()
    return Reading(
        text=text,
        lower=lowered(text),
        language=language.lower(),
        country=country or (region if len(region) == _COUNTRY_LETTERS else None),
        created_on=created_at.date(),
    )


def lowered(text: str) -> str:
    """Return the text in lower case, of the same length (some capitals become two characters)."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def sentence_before(lower: str, start: int, width: int) -> str:
    """Return the part of the sentence before a place, at most ``width`` characters."""
    return _after_last(SENTENCE_END, lower[max(0, start - width) : start])


def sentence_after(lower: str, end: int, width: int) -> str:
    """Return the part of the sentence after a place, at most ``width`` characters."""
    return SENTENCE_END.split(lower[end : end + width], maxsplit=1)[0]


def clause_before(lower: str, start: int, width: int) -> str:
    """Return what stands before a place, back to the nearest comma or stop."""
    return _after_last(_CLAUSE_END, lower[max(0, start - width) : start])


def clause_after(lower: str, end: int, width: int) -> str:
    """Return what stands after a place, up to the nearest comma or stop."""
    return _CLAUSE_END.split(lower[end : end + width], maxsplit=1)[0]


def is_negated(lower: str, start: int, end: int) -> bool:
    """Return whether the clause around a place denies it, or makes it a mere condition.

    English denies before the word, German before or after it.
    """
    before = _NO_NEGATION.sub("", clause_before(lower, start, NEGATION_REACH))
    inside = _NO_NEGATION.sub("", lower[start:end])
    after = clause_after(lower, end, NEGATION_REACH)
    return (
        NEGATION.search(before) is not None
        or NEGATION.search(inside) is not None
        or _LATE_NEGATION.search(after) is not None
    )


def find_affirmed(lower: str, phrases: Iterable[Phrase]) -> list[Found]:
    """Return where any of the phrases is said and not denied, in the order of the text."""
    found = [
        Found(sought.value, match.start(), match.end())
        for sought in phrases
        for match in occurrences(lower, sought)
        if not is_negated(lower, match.start(), match.end())
    ]
    return sorted(found, key=lambda one: one.start)


def _after_last(boundary: re.Pattern[str], text: str) -> str:
    return boundary.split(text)[-1]
