"""Finds telephone numbers, days, hours, prices and numbers that nobody gave us in a draft."""

import re
from collections.abc import Callable, Iterator
from itertools import accumulate

from actors.drafting.allowed import Allowed
from actors.drafting.counts import find_counts
from actors.drafting.plain_text import MASK, Seen
from scoring.number_formats import SMALL_NUMBER_WORD, Number, find_numbers

Verdict = Seen | None
Judge = Callable[[re.Match[str]], Verdict]

_MONTHS = (
    ("january", "jan", "januar", "jänner"), ("february", "feb", "februar"),
    ("march", "mar", "märz", "mär"), ("april", "apr"), ("may", "mai"), ("june", "jun", "juni"),
    ("july", "jul", "juli"), ("august", "aug"), ("september", "sep", "sept"),
    ("october", "oct", "oktober", "okt"), ("november", "nov"),
    ("december", "dec", "dezember", "dez"),
)  # fmt: skip
_MONTH_OF = {name: month for month, names in enumerate(_MONTHS, 1) for name in names}
_WEEKDAYS = (
    ("monday", "montag"), ("tuesday", "dienstag"), ("wednesday", "mittwoch"),
    ("thursday", "donnerstag"), ("friday", "freitag"), ("saturday", "samstag", "sonnabend"),
    ("sunday", "sonntag"),
)  # fmt: skip
_WEEKDAY_OF = {name: day for day, names in enumerate(_WEEKDAYS) for name in names}
_MONTH = r"(?P<month>" + "|".join(sorted(_MONTH_OF, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?:,?\s?(?P<year>(?:19|20)\d\d)(?!\d))"
_ANY_YEAR = r"(?P<year>(?:19|20)?\d\d)"
_BEFORE_MONTH = (
    r"(?:in|by|until|till|since|from|early|late|mid|next|this|end of|beginning of|im|bis|ab|seit|"
    r"anfang|ende|mitte|nächsten|diesen)"
)

_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<year>(?:19|20)\d\d)-(?P<number>\d{1,2})-(?P<day>\d{1,2})(?!\d)",
        rf"(?<![\d.,])(?P<day>\d{{1,2}})\.\s?(?P<number>1[0-2]|0?[1-9])\.(?:\s?{_ANY_YEAR})?(?!\d)",
        r"(?<![\d/])(?P<one>\d{1,2})/(?P<two>\d{1,2})/" + _ANY_YEAR + r"(?![\d/])",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s?(?:of )?{_MONTH}{_YEAR}?",
        rf"\b{_MONTH}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]|\s?[ap]\.?m\b){_YEAR}?",
        rf"\b{_MONTH}{_YEAR}",
        rf"\b{_BEFORE_MONTH}[ -]{_MONTH}(?!\s?\d)",
    )
)
_WEEKDAY = re.compile(
    r"\b(?P<weekday>" + "|".join(sorted(_WEEKDAY_OF, key=len, reverse=True)) + r")s?"
    r"(?:morgen|vormittag|nachmittag|abend)?\b"
)
_HALF = r"a\.?m\b\.?|p\.?m\b\.?"
_MARK = rf"(?:{_HALF}|uhr\b|o['\u2019]?clock\b|h\b)"
_CLOCK = r"(?<![\d.,:])(?P<{0}>\d{{1,2}})(?:[:.](?P<{0}m>[0-5]\d))?"
_HOURS = (
    re.compile(
        _CLOCK.format("a")
        + rf"\s?(?P<ah>{_HALF})?\s?(?:uhr )?(?:-|\u2013|\bto\b|\band\b|\bbis\b|\bund\b)\s?"
        + _CLOCK.format("b")
        + rf"\s?(?P<bh>{_MARK})"
    ),
    re.compile(_CLOCK.format("a") + rf"\s?(?P<ah>{_MARK})"),
    re.compile(r"(?<![\d.,:])(?P<a>\d{1,2}):(?P<am>[0-5]\d)(?![\d:])(?P<ah>)"),
)

_PHONE = re.compile(
    r"(?<![\w.])(?:\+\s?|\()?\d(?:(?:[ \u00a0()/\u2013-]|\.(?=\d)){0,3}\d){6,18}(?!\w)"
)
_GROUPED = re.compile(
    r"\d{1,3}(?:[., \u00a0]\d{3})+(?:\s?[-\u2013/]\s?\d{1,3}(?:[., \u00a0]\d{3})+)?"
)
_GROUPS = re.compile(r"\d+|\D+")

_CURRENCY = (
    r"(?:[$€£¥]|us\$|\b(?:usd|eur|gbp|chf|euros?|dollars?|bucks|pounds?(?: sterling)?|quid|cents?|"
    r"ct|franken|pence|pfund)\b|\bk\b)"
)
_BEFORE_AMOUNT = re.compile(r"(?:[$€£¥]|\b(?:usd|eur|gbp|chf|euro|dollar))\s?$")
_AFTER_AMOUNT = re.compile(rf"\s?{_CURRENCY}")
_PERCENT = re.compile(r"\s?(?:%|\u2030|per ?cent\b|prozent\b|pct\b|percentage)")
_BUDGET = re.compile(
    r"budget|\bspend\b|\bin mind\b|rahmen|vorgesehen|ausgeben|vorgestellt|eingeplant|you planned"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s|\n")
_WORDED_PRICE = re.compile(
    rf"\b(?:{SMALL_NUMBER_WORD}|hundred|thousand|hundert|tausend)(?:[ -]?(?:{SMALL_NUMBER_WORD}|"
    r"hundred|thousand|hundert|tausend|and|und)){0,5}\s?-?(?:per ?cent|prozent|dollars?|euros?|"
    r"bucks|quid|pounds?|franken)\b|\bhalf[ -](?:the )?(?:price|off)\b|\bhalbe[nr]? preis\b|"
    r"\bpercent off\b|"
    rf"\b(?:{SMALL_NUMBER_WORD}|an?|\d+|few|several)[ -]?(?:grand|hunderter|tausender|riesen)\b|"
    r"\b(?:an?|ein(?:e|en|em)?|few|several|[ivxlc]{1,6})[ -](?:hundred|thousand|hundert|tausend)\b|"
    r"\b(?:an?|one|per|ein(?:e|en|em)?|pro) (?:dollar|euro|buck|quid|cent|franken)\b|"
    r"\b(?:a|one|two)[ -](?:third|quarter|fifth)s? (?:off|less|cheaper)\b|"
    r"\bein (?:drittel|viertel|fünftel) (?:günstiger|weniger|billiger)\b|\bhalf of what\b|"
    r"\b(?:two|three) for (?:one|two)\b|\bzwei für eins\b|"
    r"\b(?:low |mid |high )?(?:four|five|six|seven|[4-7])[ -]figures?\b|"
    r"\b(?:drei|vier|fünf|sechs|sieben)stellig\w{0,2}\b"
)
_COSTS = re.compile(
    r"\b(?:costs?|costing|prices?|priced|charges?|charged|fees?|pay|pays|kostet|kosten|preis|zahlen)"
    r"\b[^\d\n]{0,25}$"
)
_SIZE = re.compile(
    r"\s?(?:sq|square|ft\b|feet|foot|yards?|yd|acres?|hectares?|ha\b|qm\b|m\b|m\u00b2|m2|meter|metre|"
    r"quadratmeter|stück|trees?|bäume)"
)
_WORDED_DAY = re.compile(
    r"\b(?:on |am |vom |zum )?(?:the |dem |den )?(?:first|second|third|fourth|fifth|sixth|seventh|"
    r"eighth|ninth|tenth|eleventh|twelfth|\w{3,7}teenth|twentieth|thirtieth|(?:twenty|thirty)[ -]"
    r"\w{4,7}|erste[nr]?|zweite[nr]?|dritte[nr]?|\w{3,14}te[nr]?) (?:of )?" + _MONTH
)
_WORDED_HOUR = re.compile(
    r"\b(?:at|by|until|till|from|around|um|ab|bis|gegen) (?:noon|midday|midnight|mittag|"
    r"mitternacht)\b|\b(?:half past|quarter (?:past|to)|halb|viertel (?:vor|nach))\s"
    rf"(?:{SMALL_NUMBER_WORD}|\d)|\b{SMALL_NUMBER_WORD} (?:o['\u2019]?clock|uhr)\b"
)
_DIGIT_WORD = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|null|eins|zwei|zwo|drei|vier|"
    r"fünf|sechs|sieben|acht|neun)"
)
_SPELLED_PHONE = re.compile(rf"\b{_DIGIT_WORD}(?:[\s,-]{{1,2}}{_DIGIT_WORD}){{4,}}\b")
_RANGE = re.compile(rf"\s?(?:-|\u2013|to|bis)\s?{_CURRENCY}?\s?")
_DIGITS = re.compile(r"\d[\d.,]*")
_LIST_MARK = re.compile(r"(?m)^[ \t]*[1-9][.)]\s")
_COUNT_OF_QUESTIONS = re.compile(
    r"(?<![\d.,])[1-3](?=\s(?:(?:quick|short|brief|small|simple|kurze|kleine|weitere)\s)?"
    r"(?:questions?|things?|details?|points?|fragen?|angaben|dinge|punkte)\b)"
)


def find_foreign_facts(text: str, allowed: Allowed) -> list[Seen]:
    """Return every number, price, day and hour that may not stand in a draft.

    Nothing slips through by its form: what no rule recognises as right is reported, at least as
    ``invented_number``.

    Args:
        text: As :func:`actors.drafting.plain_text.readable` returns it, links masked.
        allowed: What may stand there.
    """
    lower = text.lower()
    lower = _LIST_MARK.sub(MASK, lower)
    lower = _COUNT_OF_QUESTIONS.sub(MASK, lower)
    seen: list[Seen] = []

    def sweep(pattern: re.Pattern[str], judge: Judge) -> None:
        nonlocal lower
        for match in reversed(list(pattern.finditer(lower))):
            if verdict := judge(match):
                seen.append(verdict)
            lower = lower[: match.start()] + MASK + lower[match.end() :]

    lower = _PHONE.sub(lambda match: _without_own_phone(match[0], allowed), lower)
    sweep(_WORDED_DAY, lambda match: Seen("invented_date", match[0]))
    sweep(_WORDED_HOUR, lambda match: Seen("invented_time", match[0]))
    for pattern in _DATES:
        sweep(pattern, lambda match: _judge_date(match, allowed))
    for pattern in _HOURS:
        sweep(pattern, lambda match: _judge_hours(match, allowed))
    sweep(_WEEKDAY, lambda match: _judge_weekday(match, allowed))
    sweep(_SPELLED_PHONE, lambda match: Seen("foreign_phone", match[0]))
    for match in reversed(list(_PHONE.finditer(lower))):
        if not _GROUPED.fullmatch(match[0]):
            seen.append(Seen("foreign_phone", match[0].strip()))
            lower = lower[: match.start()] + MASK + lower[match.end() :]
    return [*seen, *_numbers(lower, allowed)]


def without_phones(text: str) -> str:
    """Return a text with everything masked that looks like a telephone number."""
    return _PHONE.sub(lambda found: found[0] if _GROUPED.fullmatch(found[0]) else MASK, text)


def _without_own_phone(run: str, allowed: Allowed) -> str:
    """Return a run of digits with an allowed telephone number at its start masked."""
    groups = _GROUPS.findall(run)
    for count, start in reversed(list(enumerate(accumulate(groups), 1))):
        if re.sub(r"\D", "", start) in allowed.phones:
            return MASK + "".join(groups[count:])
    return run


def _judge_date(match: re.Match[str], allowed: Allowed) -> Verdict:
    found = match.groupdict()
    year = _full_year(found.get("year"))
    if found.get("one"):
        pairs = [(int(match["one"]), int(match["two"])), (int(match["two"]), int(match["one"]))]
    else:
        month = _MONTH_OF[match["month"]] if found.get("month") else int(match["number"])
        pairs = [(int(found["day"]) if found.get("day") else 0, month)]
    known = any(_is_day(one, year, month, day) for one in allowed.days for day, month in pairs)
    return None if known else Seen("invented_date", match[0])


def _is_day(known: str, year: str | None, month: int, day: int) -> bool:
    """Return whether a stated day, its year or its day left out, is a known one."""
    known_year, known_month, *rest = known.split("-")
    if (year and year != known_year) or month != int(known_month):
        return False
    return day == 0 or (bool(rest) and day == int(rest[0]))


def _full_year(year: str | None) -> str | None:
    return "20" + year if year and len(year) == 2 else year  # noqa: PLR2004 - two digits


def _judge_weekday(match: re.Match[str], allowed: Allowed) -> Verdict:
    known = _WEEKDAY_OF[match["weekday"]] in allowed.weekdays
    return None if known else Seen("invented_date", match[0])


def _judge_hours(match: re.Match[str], allowed: Allowed) -> Verdict:
    found = match.groupdict()
    last_mark = found.get("bh") or ""
    stated = [_minutes(found["a"], found["am"], found["ah"] or last_mark)]
    if found.get("b"):
        stated.append(_minutes(found["b"], found["bm"], last_mark))
    known = all(times & allowed.minutes for times in stated)
    return None if known else Seen("invented_time", match[0].strip())


def _minutes(hour: str, minute: str | None, mark: str) -> set[int]:
    """Return what a stated hour may mean, in minutes since midnight; without am or pm both."""
    hours = {int(hour)}
    if mark.startswith("p"):
        hours = {int(hour) % 12 + 12}
    elif mark.startswith("a"):
        hours = {int(hour) % 12}
    elif not mark.startswith("u"):
        hours |= {int(hour) % 12 + 12}
    return {one * 60 + int(minute or 0) for one in hours}


def _numbers(lower: str, allowed: Allowed) -> Iterator[Seen]:
    for sentence in _SENTENCE.split(lower):
        yield from (Seen("invented_price", match[0]) for match in _WORDED_PRICE.finditer(sentence))
        rest = sentence
        numbers = find_numbers(sentence)
        repeated = _repeated(sentence, allowed)
        for at, number in enumerate(numbers):
            upper = numbers[at + 1] if at + 1 < len(numbers) else None
            start, end = number.start, number.end
            kind = _kind(sentence, start, end)
            meant = {number.value, _in_range(number, upper, sentence)}
            own = kind == "invented_number" and start in repeated
            if not own and not any(_is_known(kind, value, sentence, allowed) for value in meant):
                yield Seen(kind, sentence[max(0, start - 3) : end + 8].strip(" " + MASK))
            rest = rest[:start] + MASK * (end - start) + rest[end:]
        yield from (Seen("invented_number", digits) for digits in _DIGITS.findall(rest))


def _repeated(sentence: str, allowed: Allowed) -> set[int]:
    """Return where sizes stand that the lead's message has, apart from those after "it costs"."""
    return {
        count.start
        for count in find_counts(sentence)
        if (count.value, count.unit) in allowed.counts
        and not _COSTS.search(sentence, 0, count.start)
    }


def _in_range(number: Number, upper: Number | None, sentence: str) -> float:
    """Return the value in the scale of the number after it: in "18-25k" the first is 18,000."""
    if upper is None or not _RANGE.fullmatch(sentence, number.end, upper.start):
        return number.value
    return number.raw * upper.scale


def _kind(sentence: str, start: int, end: int) -> str:
    if _PERCENT.match(sentence, end):
        return "invented_discount"
    money = _BEFORE_AMOUNT.search(sentence[max(0, start - 12) : start]) or _AFTER_AMOUNT.match(
        sentence, end
    )
    counted = _SIZE.match(sentence, end) is not None
    costs = not counted and _COSTS.search(sentence, 0, start) is not None
    return "invented_price" if money or costs else "invented_number"


def _is_known(kind: str, value: float, sentence: str, allowed: Allowed) -> bool:
    """Return whether a number may stand there: a budget only where the sentence speaks of it."""
    if kind == "invented_number":
        of_budget = value in allowed.amounts and _BUDGET.search(sentence) is not None
        return value in allowed.numbers or of_budget
    return kind == "invented_price" and value in allowed.amounts and bool(_BUDGET.search(sentence))
