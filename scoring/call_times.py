"""When somebody wants to be called: hours and days."""

import re
from collections.abc import Iterator
from itertools import islice

from pydantic import JsonValue

from scoring.clauses import Found, Reading, is_negated, sentence_after, sentence_before
from scoring.phrases.phrase import occurrences, phrase

_CALL = re.compile(
    r"\b(?:call(?:s|ed|ing)?|ring|phone[ds]?|reach(?:ed|able)?|available|contact(?:ed)?|speak|"
    r"talk|get hold|"
    r"best time|free|rückruf\w{0,2}|zurückrufen|anrufen?|anruf|ruf(?:en|t)|erreich\w{1,5}|"
    r"telefon\w{0,5}|melden)\b"
)
_UNIT_AFTER = (
    r"(?!\s?(?:months?|weeks?|days?|years?|minutes?|m\b|m\u00b2|ft|sq|x\b|%|\u20ac|\$|k\b|[.,:]?\d|"
    r"wochen|tage|monate|jahre|[.]\d|[.]? ?(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|"
    r"okt|nov|dec|dez)|th\b|st\b|nd\b|rd\b))"
)
_HOUR = (
    r"(?P<{0}>\d{{1,2}})(?:[:.](?P<{0}m>[0-5]\d))?\s?"
    r"(?P<{0}h>a\.?m\b\.?|p\.?m\b\.?|o['\u2019]?clock|uhr|h\b)?"
)
_TIMES = (
    phrase(
        "after",
        "after|from|past|nach |ab ",
        r"\b(?:after|from|past|nach|ab) " + _HOUR.format("a") + _UNIT_AFTER,
    ),
    phrase(
        "before",
        "before|until|till|by |vor |bis ",
        r"\b(?P<not>(?:not|n['\u2019]t|nicht)\b(?: \w{1,12}){0,3} )?(?:before|until|till|by|vor|"
        r"bis(?: \w{1,6})?) " + _HOUR.format("b") + _UNIT_AFTER,
    ),
    phrase(
        "between",
        "between|zwischen|from|von |-|\u2013",
        r"(?:\b(?:between|zwischen|from|von) )?(?<![\d.,:])"
        + _HOUR.format("a")
        + r"\s?(?:-|\u2013|\band\b|\bto\b|\bund\b|\bbis\b)\s?"
        + _HOUR.format("b")
        + _UNIT_AFTER,
    ),
)
_PARTS_OF_DAY = (
    (re.compile(r"\b(?:in the )?mornings?\b|\b(?:vormittags?|morgens)\b"), "08:00", "12:00"),
    (re.compile(r"\b(?:in the )?afternoons?\b|\bnachmittags?\b"), "12:00", "17:00"),
    (
        re.compile(r"\b(?:in the )?evenings?\b|\babends?\b|\bafter work\b|\bnach feierabend\b"),
        "17:00",
        "20:00",
    ),
    (
        re.compile(r"\b(?:at |over )?lunch(?:time)?\b|\bmittags\b|\bmittagspause\b"),
        "12:00",
        "14:00",
    ),
)
_DAYS = (
    (re.compile(r"\b(?:we?e?k?e?nds|weekends?|wknds?|wochenenden?)\b"), ("sat", "sun")),
    (
        re.compile(r"\b(?:weekdays?|werktags?|unter der woche|week days)\b"),
        ("mon", "tue", "wed", "thu", "fri"),
    ),
    (re.compile(r"\b(?:mondays?|montags?)\b"), ("mon",)),
    (re.compile(r"\b(?:tuesdays?|dienstags?)\b"), ("tue",)),
    (re.compile(r"\b(?:wednesdays?|mittwochs?)\b"), ("wed",)),
    (re.compile(r"\b(?:thursdays?|donnerstags?)\b"), ("thu",)),
    (re.compile(r"\b(?:fridays?|freitags?)\b"), ("fri",)),
    (re.compile(r"\b(?:saturdays?|samstags?|sonnabends?)\b"), ("sat",)),
    (re.compile(r"\b(?:sundays?|sonntags?)\b"), ("sun",)),
)
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_AHEAD = (
    (re.compile(r"\b(?:today|tonight|heute)\b"), 0),
    (re.compile(r"(?<!day after )\b(?:tomorrow|(?<!guten )(?<!am )(?<!jeden )morgen)\b"), 1),
    (re.compile(r"\b(?:day after tomorrow|übermorgen)\b"), 2),
)
"""Days named by their distance from the day the lead came in."""
_NOT_THEN = re.compile(r"\b(?:not|no|except|never|nicht|außer|kein\w{0,2})\b[^.,;]{0,10}$")
_ONLY_DAYS = phrase(
    None,
    "nds|ends|days|wochenende|tags",
    r"\b(?:(?:we?e?k?e?nds|weekends?|wknds?|weekdays|(?:mon|tues|wednes|thurs|fri|satur|"
    r"sun)days) only\b|"
    r"(?:only|nur) (?:on |at |am )?(?:the )?(?:weekends?|wknds?|weekdays|wochenende|werktags|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days|(?:mon|diens|donners|frei|sams|sonn)tags|"
    r"unter der woche)\b)",
)
_CALL_PHRASE = phrase(
    None,
    "call|ring |phone|rückruf|zurückrufen|rufen|anruf|reach|erreich|contact|available|"
    "best time|melden",
    r"\b(?:(?:please |pls )?(?:call|ring|phone)(?: me| us| back)|call-?back|call (?=[+(\d])|"
    r"(?:calls?|ring|phone) (?:only )?(?=(?:after|before|between|from|today|tomorrow)\b)|"
    r"(?:give (?:me|us) a (?:call|ring|shout|bell))|(?:best time|reach(?:ed|able)? |available |"
    r"contact me )|"
    r"rückruf\w{0,2}|zurückrufen|rufen sie|(?:mich |uns |bitte )(?:\w{1,12} )?an(?:zu)?rufen|"
    r"anrufen|erreichbar|"
    r"zu erreichen|melden sie sich|(?:please|pls) (?:call|ring|phone)|"
    r"call (?:only )?(?:after|before|between|from))\b",
)
MOST_CALLS = 300
"""Mentions of a call that are looked at; a letter has a few."""
_NIGHT_END = 7
_NOON = 12
_HOURS = 24
_SPAN = 70


def find_call_times(reading: Reading) -> Iterator[tuple[str, Found]]:
    """Yield ``callback``, ``callback_after``, ``callback_before`` and ``callback_days``.

    Hours count only in a sentence that speaks of calling; days also where they stand alone with
    "only". Hours without am or pm are taken as daytime: 1 to 7 are in the afternoon.
    """
    for match in islice(occurrences(reading.lower, _CALL_PHRASE), MOST_CALLS):
        if not is_negated(reading.lower, match.start(), match.end()):
            yield "callback", Found(value=True, start=match.start(), end=match.end())
        yield from _limits(reading, match)
    for match in occurrences(reading.lower, _ONLY_DAYS):
        days = _days_in(match[0])
        if days:
            yield "callback_days", Found(days, match.start(), match.end())


def find_refused_calls(reading: Reading) -> list[Found]:
    """Return where a call is spoken of and not wished for."""
    return [
        Found(value=True, start=match.start(), end=match.end())
        for match in islice(occurrences(reading.lower, _CALL_PHRASE), MOST_CALLS)
        if is_negated(reading.lower, match.start(), match.end())
    ]


def _limits(reading: Reading, call: re.Match[str]) -> Iterator[tuple[str, Found]]:
    lower = reading.lower
    start = call.start() - len(sentence_before(lower, call.start(), _SPAN))
    end = call.end() + len(sentence_after(lower, call.end(), _SPAN))
    hours = list(_hours(lower, start, end))
    yield from hours
    if not hours:
        yield from _parts_of_day(lower, start, end)
    for pattern, days in _DAYS:
        day = pattern.search(lower, call.end(), end)
        if day and not _NOT_THEN.search(lower[max(0, day.start() - 16) : day.start()]):
            yield "callback_days", Found(list(days), day.start(), day.end())
    for pattern, ahead in _DAYS_AHEAD:
        for near in pattern.finditer(lower, start, end):
            if _NOT_THEN.search(lower[max(0, near.start() - 16) : near.start()]):
                continue
            weekday = (reading.created_on.weekday() + ahead) % len(_WEEK)
            yield "callback_days", Found([_WEEK[weekday]], near.start(), near.end())


def _hours(lower: str, start: int, end: int) -> Iterator[tuple[str, Found]]:
    after, before, between = (sought.pattern for sought in _TIMES)
    if (match := between.search(lower, start, end)) and _is_span(match):
        first, last = _clock(match, "a", other="b"), _clock(match, "b")
        if first and last and first < last:
            yield "callback_after", Found(first, match.start(), match.end())
            yield "callback_before", Found(last, match.start(), match.end())
            return
    if (match := after.search(lower, start, end)) and (hour := _clock(match, "a")):
        yield "callback_after", Found(hour, match.start(), match.end())
    if (match := before.search(lower, start, end)) and (hour := _clock(match, "b")):
        denied = match["not"] or re.search(
            r"\b(?:not|nicht)\b|n['\u2019]t\b", lower[start : match.start()]
        )
        yield (
            "callback_after" if denied else "callback_before",
            Found(hour, match.start(), match.end()),
        )


def _is_span(match: re.Match[str]) -> bool:
    """Return whether two numbers are hours: said as such, or marked with am, pm or Uhr."""
    worded = re.match(r"between|zwischen|from|von", match[0])
    return worded is not None or bool(match["ah"] or match["bh"] or match["am"])


def _clock(match: re.Match[str], name: str, *, other: str | None = None) -> str | None:
    hour = int(match[name])
    mark = match[name + "h"] or (match[other + "h"] if other else None) or ""
    if mark.startswith("p"):
        hour = hour % _NOON + _NOON
        if other and not match[name + "h"] and int(match[name]) > int(match[other]):
            hour -= _NOON
    elif not mark.startswith(("a", "u", "h")) and 0 < hour < _NIGHT_END + 1:
        hour += _NOON
    return f"{hour:02}:{match[name + 'm'] or '00'}" if hour < _HOURS else None


def _parts_of_day(lower: str, start: int, end: int) -> Iterator[tuple[str, Found]]:
    for pattern, after, before in _PARTS_OF_DAY:
        if match := pattern.search(lower, start, end):
            yield "callback_after", Found(after, match.start(), match.end())
            yield "callback_before", Found(before, match.start(), match.end())
            return


def _days_in(text: str) -> list[JsonValue]:
    return [day for pattern, days in _DAYS if pattern.search(text) for day in days]
