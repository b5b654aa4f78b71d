"""When the work should start, and when somebody decides: dates as people write them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from scoring.clauses import (
    Found,
    Reading,
    clause_after,
    clause_before,
    is_negated,
    lowered,
    sentence_after,
    sentence_before,
)
from scoring.number_formats import SMALL_NUMBER_WORD, SMALL_NUMBERS
from scoring.phrases.phrase import occurrences, phrase

_MONTHS = (
    "jan(?:uary|uar)?|jänner", "feb(?:ruary|ruar)?", "mar(?:ch)?|märz|maerz", "apr(?:il)?",
    "may|mai", "june?|juni", "july?|juli", "aug(?:ust)?", "sept?(?:ember)?",
    "oct(?:ober)?|okt(?:ober)?", "nov(?:ember)?", "dec(?:ember)?|dez(?:ember)?",
)  # fmt: skip
_MONTH = "(?:" + "|".join(_MONTHS) + r")\b\.?"
_NEXT = r"(?:next|this|coming|nächste[rnsm]?|kommende[rnsm]?|diese[rnsm]?)"
_PREPOSITION = (
    r"(?:in|by|from|for|around|about|until|before|after|during|im|ab|zum|bis|vor|seit|gegen|um|"
    rf"early|mid|late|end\sof|beginning\sof|start\sof|anfang|mitte|ende|{_NEXT})"
)
_DATE = re.compile(
    rf"""
    (?<![\w.])(?P<iso>20\d\d-\d\d-\d\d)\b
    | (?<![\w.,$\u20ac\u00a3])(?P<dotted>\d{{1,2}}\.\s?\d{{1,2}}\.(?:\s?(?:20)?\d\d\b)?)
    | (?<![\w.,/])(?P<slashed>\d{{1,2}}/\d{{1,2}}(?:/(?:20)?\d\d)?)(?![\w/])
    | (?<![\w.,])(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s{{1,2}}(?:of\s)?
      (?P<month>{_MONTH})(?:,?\s(?P<year>20\d\d)\b)?
    | \b(?P<month2>{_MONTH})\s(?:the\s)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?
      (?![\d.:]\d|\d|\s?(?:%|m\b|am\b|pm\b))(?:,?\s(?P<year2>20\d\d)\b)?
    | \b(?P<month3>{_MONTH}),?\s(?P<year3>20\d\d)\b
    | \b{_PREPOSITION}[\s-](?:(?:the|early|mid|late|end\sof|anfang|mitte|ende|{_NEXT})[\s-]){{0,2}}
      (?P<month4>{_MONTH})(?![\w']|\.?\s(?:the\s)?\d{{1,2}}(?!\d))(?:,?\s(?P<year4>20\d\d)\b)?
    | \b(?:in|im|this|next|the|early|late|coming|by|ab|diese[nm]|nächste[nsmr]|kommende[nsmr])\s
      (?:the\s)?(?P<season>spring|summer|autumn|fall|winter|frühjahr|frühling|sommer|herbst)\b
      (?:\s(?P<year5>20\d\d)\b)?
    | \b(?:in|within|innerhalb\svon|binnen)\s
      (?:about\s|around\s|ca\.\s|etwa\s|the\snext\s|den\snächsten\s)?
      (?P<count>\d{{1,2}}|an?|couple\sof|{SMALL_NUMBER_WORD})
      (?:\s?(?:-|to|bis|or|oder)\s?(?P<count2>\d{{1,2}}|{SMALL_NUMBER_WORD}))?\s
      (?P<unit>days?|weeks?|months?|tagen?|wochen?|monate?n?)\b
    | \b(?P<which>this|next|coming|nächste[rnsm]?|kommende[rnsm]?|diese[rnsm]?)\s
      (?P<span>week|month|woche|monat)\b
    """,
    re.VERBOSE,
)
_START_CUES = (
    phrase(
        2.0,
        "start|begin|commenc|kick|complet|finish|instal|carried|done|needed|ready",
        r"\b(?:start(?:s|ing)?|start date|begin(?:s|ning)?|commenc(?:e|ing)|kick(?:ing)? off|"
        r"completed|"
        r"finished|installed|carried out|done|needed|ready)\b(?! (?:by|at) \$)",
    ),
    phrase(
        2.0,
        "beginn|start|anfang|anfäng|los|umsetz|ausführ|erledig|fertig|durchgef|gemacht|angelegt",
        r"\b(?:beginn(?:en|t)?|starten|startet|start|starttermin|anfangen|(?:los|an)gehen|losgeht|"
        r"umgesetzt|umsetzung|ausführung|ausgeführt|erledigt|fertig|durchgeführt|gemacht|"
        r"angelegt)\b",
    ),
    phrase(2.0, "ab ", r"\b(?=ab )"),
    phrase(1.0, "zum ", r"\b(?=zum \d)"),
    phrase(2.0, "need", r"\bneed(?:s|ed)?(?=(?: \w{1,10}){0,3} by )"),
    phrase(
        1.0,
        "hoping|plan|looking to|want|like|aim|möcht|woll|geplant|würd|soll",
        r"\b(?:hoping|planning|plan|planned|looking to|want(?:ing)?|would like|['\u2019]d like|"
        r"aiming|"
        r"möchten?|wollen|will|planen|plane|geplant|würden?|soll(?:en|te)?)\b",
    ),
)
_DECISION_CUES = (
    phrase(
        2.0,
        "vote|voting|decid|decision|deadline|due|board|committee|council|tender|closes|closing",
        r"\b(?:votes?|voting|decid(?:e|es|ing)|decision|deadline|due(?! to)|award(?:ed|s)?|"
        r"(?:rfp|rfq|bidding|bids?|tender) (?:closes|closing)|"
        r"(?:board|committee|council|tender) (?:\w{1,10} ){0,2}(?:meets?|meeting|closes))\b",
    ),
    phrase(
        2.0,
        "vendor|contractor|company|firm|bidder|landscaper|supplier",
        r"\b(?:pick|choos|select|appoint|hir|award)\w{0,3} (?:an? |the |our )?(?:\w{1,10} )?"
        r"(?:vendor|contractor|company|firm|bidder|landscaper|supplier)\b",
    ),
    phrase(
        2.0,
        "quote|bid|proposal|offer|angebot",
        r"\b(?:quotes?|bids?|proposals?|offers?|angebote?s?) (?:\w{1,12} ){0,4}(?=(?:by|before|"
        r"until|bis) )",
    ),
    phrase(
        2.0,
        "abstimm|stimm|entscheid|beschlie|tagt|sitzung|versammlung|frist|abgabe",
        r"\b(?:abstimmung|stimmt|entscheid(?:et|en|ung)|beschlie(?:ßt|ßen)|tagt|sitzung|"
        r"\w{0,12}versammlung|\w{0,12}frist|abgabe)\b",
    ),
)
_NOT_ABOUT_WORK = re.compile(
    r"\b(?:visit|come|call|quote|meet|look|see|estimate|besichtig\w*|anruf\w*|angebot\w*|termin\w*|"
    r"rückruf|vorbei\w*|moved?|ziehen|zogen|born|due)\b"
)
_PAST = re.compile(r"\b(?:last|since|ago|ended|letzte[nsmr]?|vergangene[nsmr]?|seit|vor)\s{1,2}$")
_ANSWER = re.compile(
    r"\b(?:call|contact|reply|respon\w{1,3}|get back|let (?:me|us) know|hear|e-?mail|text|quote|"
    r"answer|"
    r"estimate|come back to|meld\w{1,3}|rückmeldung|anruf\w{0,2}|antwort\w{0,2}|zurück|rückruf|"
    r"angebot|"
    r"rufen|kontakt\w{0,6})\b"
)
_SEASONS = {
    "spring": 3, "frühjahr": 3, "frühling": 3, "summer": 6, "sommer": 6,
    "autumn": 9, "fall": 9, "herbst": 9, "winter": 12,
}  # fmt: skip
_SOUTHERN = frozenset({"AU", "NZ", "ZA", "AR", "CL", "UY"})
_DAYS_IN = {"d": 1, "t": 1, "w": 7, "m": 30}
MOST_CUES = 300
"""Mentions of a start or a decision that are looked at; a letter has a few."""
_AFTER = 60
_BEFORE = 50
_MONTHS_IN_YEAR = 12
_CENTURY = 2000
_OLDEST_DAYS = 1


@dataclass(frozen=True, slots=True)
class Day:
    """A date somebody wrote.

    Attributes:
        on: The day, or the first of the period that was named.
        text: ISO 8601: ``2027-02-14``, or ``2027-02`` where only a month or season was named.
    """

    on: date
    text: str
    start: int
    end: int


def find_starts(reading: Reading, taken: Iterable[Found]) -> list[tuple[Found, date]]:
    """Return when the work should start, with the day itself; dates of decisions are ``taken``."""
    found = []
    spans = [(one.start, one.end) for one in taken]
    for cue in _START_CUES:
        for match in islice(occurrences(reading.lower, cue), MOST_CUES):
            weight = float(str(cue.value))
            day = _start_near(reading, match, after_only=weight < 2.0)  # noqa: PLR2004 - table above
            if day is None or any(start < day.end and day.start < end for start, end in spans):
                continue
            start, end = min(match.start(), day.start), max(match.end(), day.end)
            found.append((Found(day.text, start, end, weight=weight), day.on))
    return found


def find_decisions(reading: Reading) -> list[Found]:
    """Return when somebody decides about the job, or wants the offer by; the earliest first."""
    found = []
    for cue in _DECISION_CUES:
        for match in islice(occurrences(reading.lower, cue), MOST_CUES):
            if is_negated(reading.lower, match.start(), match.end()):
                continue
            day = _first_day(reading, match.end(), _AFTER) or _last_day(reading, match.start())
            if day is not None:
                start, end = min(match.start(), day.start), max(match.end(), day.end)
                found.append(Found(day.text, start, end, weight=1.0))
    return sorted(found, key=lambda one: str(one.value))


def find_days(reading: Reading, start: int, end: int) -> list[Day]:
    """Return the days named in a stretch of the message; what is past is left out."""
    return list(_days(reading, start, end))


def may_be_start(lower: str, day: Day) -> bool:
    """Return whether a day may be that of the work: nothing around it speaks of another matter."""
    around = (
        clause_before(lower, day.start, _AFTER)
        + lower[day.start : day.end]
        + clause_after(lower, day.end, _AFTER)
    )
    other = _NOT_ABOUT_WORK.search(around) or _ANSWER.search(around)
    return other is None and not is_negated(lower, day.start, day.end)


def is_about_answer(lower: str, start: int, end: int) -> bool:
    """Return whether haste is asked of our answer rather than of the work."""
    return (
        _ANSWER.search(sentence_before(lower, start, _BEFORE)) is not None
        or _ANSWER.search(sentence_after(lower, end, _BEFORE // 2)) is not None
    )


def _start_near(reading: Reading, cue: re.Match[str], *, after_only: bool) -> Day | None:
    lower = reading.lower
    day = _first_day(reading, cue.end(), _AFTER)
    if day is None and not after_only:
        day = _last_day(reading, cue.start())
    if day is None:
        return None
    between = lower[min(cue.start(), day.start) : max(cue.end(), day.end)]
    if after_only and _NOT_ABOUT_WORK.search(between):
        return None
    before = sentence_before(lower, min(cue.start(), day.start), _BEFORE)
    if re.search(r"\b(?:call|ring|phone|anruf\w*|erreichbar|rückruf)\b", before + between):
        return None
    until = re.search(r"\b(?:before|until|vor|bis)\b", between)
    if is_negated(lower, cue.start(), cue.end()) and not until:
        return None
    return day


def _first_day(reading: Reading, at: int, width: int) -> Day | None:
    end = at + len(_sentence(reading.lower, at, width))
    return next(_days(reading, at, min(end + 1, len(reading.lower))), None)


def _last_day(reading: Reading, at: int) -> Day | None:
    start = at - len(sentence_before(reading.lower, at, _BEFORE))
    days = list(_days(reading, start, at))
    return days[-1] if days else None


def _sentence(lower: str, at: int, width: int) -> str:
    """Return the rest of the sentence; the full stop of ``15. Januar`` and ``Jan. 15`` is none."""
    window = lower[at : at + width]
    guarded = re.sub(rf"(?<=\b)({_MONTH[:-3]})\.(?=\s)", r"\1 ", window)
    return sentence_after(guarded, 0, width)


def _days(reading: Reading, start: int, end: int) -> Iterator[Day]:
    for match in _DATE.finditer(reading.lower, start, end):
        if _PAST.search(reading.lower[max(0, match.start() - 14) : match.start()]):
            continue
        try:
            day = _day(match, reading)
        except ValueError:
            continue
        if day is not None:
            yield day


def _day(match: re.Match[str], reading: Reading) -> Day | None:
    if match["iso"]:
        return _checked(date.fromisoformat(match["iso"]), match, reading)
    if match["dotted"] or match["slashed"]:
        return _from_figures(match, reading)
    day, month = match["day"] or match["day2"], match["month"] or match["month2"]
    if day and month:
        year = match["year"] or match["year2"]
        return _from_parts(int(day), _month(month), int(year) if year else None, match, reading)
    if match["count"] or match["span"]:
        return _relative(match, reading)
    return _from_month(match, reading)


def _from_figures(match: re.Match[str], reading: Reading) -> Day | None:
    parts = [int(part) for part in re.findall(r"\d+", match[0])]
    month_first = bool(match["slashed"]) and reading.country in {None, "US"}
    day, month = (parts[1], parts[0]) if month_first else (parts[0], parts[1])
    year = parts[2] if len(parts) > 2 else None  # noqa: PLR2004 - day, month, year
    if year is not None and year < _CENTURY:
        year += _CENTURY
    return _from_parts(day, month, year, match, reading)


def _from_parts(
    day: int, month: int, year: int | None, match: re.Match[str], reading: Reading
) -> Day | None:
    if year is not None:
        return _checked(date(year, month, day), match, reading)
    on = date(reading.created_on.year, month, day)
    if on < reading.created_on:
        on = date(on.year + 1, month, day)
    return _checked(on, match, reading)


def _checked(on: date, match: re.Match[str], reading: Reading) -> Day | None:
    """Return the day unless it is past: what has been is no plan."""
    if on < reading.created_on - timedelta(days=_OLDEST_DAYS):
        return None
    return Day(on, on.isoformat(), match.start(), match.end())


def _from_month(match: re.Match[str], reading: Reading) -> Day | None:
    today = reading.created_on
    if match["season"]:
        month = _SEASONS[match["season"]]
        if reading.country in _SOUTHERN:
            month = (month + 5) % _MONTHS_IN_YEAR + 1
    else:
        month = _month(match["month3"] or match["month4"])
    named_year = match["year3"] or match["year4"] or match["year5"]
    year = int(named_year) if named_year else today.year + (month < today.month)
    on = date(year, month, 1)
    if on < today.replace(day=1):
        return None
    return Day(max(on, today), f"{year}-{month:02}", match.start(), match.end())


def _relative(match: re.Match[str], reading: Reading) -> Day | None:
    today = reading.created_on
    if match["span"]:
        return _this_or_next(match, today)
    counted = match["count2"] or match["count"]
    count = int(counted) if counted.isdigit() else SMALL_NUMBERS.get(counted, 1 + ("of" in counted))
    on = today + timedelta(days=count * _DAYS_IN[match["unit"][0]])
    return Day(on, on.isoformat(), match.start(), match.end())


def _this_or_next(match: re.Match[str], today: date) -> Day:
    is_next = not match["which"].startswith(("this", "dies"))
    if match["span"].startswith("w"):
        on = today + timedelta(days=7 - today.weekday()) if is_next else today
        return Day(on, on.isoformat(), match.start(), match.end())
    on = (today.replace(day=1) + timedelta(days=32)).replace(day=1) if is_next else today
    return Day(on, f"{on.year}-{on.month:02}", match.start(), match.end())


def _month(name: str) -> int:
    plain = lowered(name).rstrip(".")
    return next(
        number for number, names in enumerate(_MONTHS, start=1) if re.fullmatch(names, plain)
    )
