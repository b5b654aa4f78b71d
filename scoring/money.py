"""Budgets people name: amounts, currency, and what period they pay for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from domain.lead import BudgetPeriod
from scoring.clauses import Found, Reading, clause_before, sentence_after, sentence_before
from scoring.number_formats import Number, whole_where_possible

DOLLARS = {"CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD"}
"""What a bare dollar sign means by country; elsewhere USD."""

CURRENCIES = {
    "US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "GB": "GBP", "CH": "CHF", "LI": "CHF",
} | dict.fromkeys(
    ("DE", "AT", "IE", "FR", "IT", "ES", "NL", "BE", "LU", "PT", "FI", "GR"), "EUR"
)  # fmt: skip
"""Currency of a country, for amounts that name none."""

_SIGNS = (
    ("us$", "USD"), ("ca$", "CAD"), ("c$", "CAD"), ("au$", "AUD"), ("a$", "AUD"), ("nz$", "NZD"),
    ("$", ""), ("doll", ""), ("buck", ""), ("\u00a3", "GBP"), ("gbp", "GBP"), ("pound", "GBP"),
    ("quid", "GBP"), ("\u20ac", "EUR"), ("eur", "EUR"), ("usd", "USD"), ("us-doll", "USD"),
    ("cad", "CAD"), ("aud", "AUD"), ("nzd", "NZD"), ("chf", "CHF"), ("sfr", "CHF"),
    ("fr", "CHF"),
)  # fmt: skip
_BEFORE = re.compile(
    r"(?:(?:us|ca?|au?|nz)\$|[$\u00a3\u20ac]|\b(?:chf|eur|usd|gbp|cad|aud|nzd|euro|sfr\.?))\s?$"
)
_AFTER = re.compile(
    r"[\s\u00a0\u202f]{0,2}-?(?:[$\u20ac\u00a3]|(?:euros?|eur|usd|us-dollars?|dollars?|bucks|gbp|"
    r"quid|pounds?(?! of)|chf|franken|sfr|cad|aud|nzd)(?![^\W_]))"
)
_LINK = re.compile(
    r"(?:[\s\u00a0]?(?:\u20ac|\$|\u00a3|eur(?:o|os)?|chf))?\s{0,2}"
    r"(?:-|\u2013|\bto\b|\bbis(?: zu)?\b|\bor\b|\boder\b|\band\b|\bund\b)\s{0,2}"
    r"(?:(?:us)?\$|\u20ac|\u00a3|eur|chf)?\s?"
)
_BETWEEN = re.compile(r"(?:between|zwischen)\s{1,3}(?:us)?[$\u20ac\u00a3]?(?:eur |chf )?\s?$")
_SOFT = r"(?:\s?-?ish)?(?:\s(?:or so|etwa|ca\.?))?"
_MOST_AFTER = re.compile(
    rf"{_SOFT}\s{{0,2}}\(?(?:tops|max(?:imum|imal)?|at most|or less|höchstens|"
    rf"nicht (?:über(?:steigen|schreiten)))\b"
)
_MOST_BEFORE = re.compile(
    r"(?:\b(?:up to|max(?:imum|imal|\.)?|(?:no|not) (?:more than|over|above)|under|below|less than|"
    r"at most|bis(?: zu)?|höchstens|(?:nicht|kaum) mehr als|unter|weniger als|"
    r"(?:limit|cap|ceiling)(?: is| of)?)|(?:n['\u2019]t|cannot|\bnot) \w{1,12} (?:more than|"
    r"over|above))"
    r"(?: (?:of|von|is|ist|about|around|ca\.?|etwa|ungefähr))?\s{0,2}$"
)
_LEAST_BEFORE = re.compile(
    r"\b(?:at least|minimum(?: of)?|starting (?:at|from)|more than|over|upwards of|"
    r"ab|mindestens|mehr als)\s{0,2}$"
)
_PERIODS: tuple[tuple[re.Pattern[str], BudgetPeriod | None], ...] = (
    (
        re.compile(
            r"(?:/|per |an? |each |every |pro |im |je |p\.? ?)?(?:calendar )?"
            r"(?:months?\b|mo\b|monat\b|mtl\b|pcm\b|monthly\b|monatlich\b)"
        ),
        BudgetPeriod.MONTH,
    ),
    (
        re.compile(
            r"(?:/|per |an? |each |every |pro |im |je )(?:year|yr|annum|jahr)\b|"
            r"annually\b|yearly\b|jährlich\b|p\.? ?a\b"
        ),
        BudgetPeriod.YEAR,
    ),
    (
        re.compile(
            r"(?:/|per |an? |each |every |pro |je |die )(?:hour|hr|h\b|stunde|std|visit|time|"
            r"cut|mow|session|treatment|application|trip|schnitt|besuch|einsatz|mal\b|day|tag\b|"
            r"week|woche|plant|tree|pflanze|baum|m\u00b2|m2|qm|sqm|"
            r"sq|quadrat|square|met|lfm|foot|ft)|hourly|weekly|wöchentlich"
        ),
        None,
    ),
)
_PERIOD_GAP = re.compile(rf"{_SOFT}(?:\s(?:tops|max(?:imum|imal)?\.?|brutto|netto))?\s{{0,2}}")
_PERIOD_BEFORE = (
    (
        re.compile(r"\b(?:monthly|per month|monatlich\w{0,3}|monatsbudget|im monat)\b"),
        BudgetPeriod.MONTH,
    ),
    (
        re.compile(r"\b(?:annual(?:ly)?|yearly|per year|jährlich\w{0,3}|jahresbudget|im jahr)\b"),
        BudgetPeriod.YEAR,
    ),
)
_BUDGET = re.compile(
    r"budget|\bspend|afford|willing to pay|price range|\bset aside|allocated|allowance|"
    r"ausgeben|preisrahmen|kostenrahmen|preisvorstellung|eingeplant|zur verfügung|investier"
)
_BUDGET_JUST_BEFORE = re.compile(
    r"(?:budget|\bspend|afford|price range|\bset aside|allocated|ausgeben|preisrahmen|"
    r"kostenrahmen)[^\d.!?\n]{0,45}$"
)
_OTHER_MONEY = re.compile(
    r"\b(?:paid|quoted|charged|costs? (?:me|us)|last (?:year|time)|insur\w{1,5}|deposit|fees?|fine|"
    r"worth|discount|voucher|gift|rebate|refund|w[io]n|prize|wire|transfer|salary|damage|saved?|"
    r"bezahlt|gezahlt|gekostet|gutschein|rabatt|letztes jahr|angebot (?:über|von)|schaden|"
    r"versicherung\w{0,8}|kaution|überweis\w{1,4}|gehalt|gespart|bought|purchased?|sold|sell(?:ing)?|"
    r"kauften|gekauft|kaufpreis|erworben|verkauf\w{0,4})\b"
)
_OTHER_MONEY_AFTER = re.compile(r"\b(?:gekostet|bezahlt|gezahlt|gekauft|erworben)\b")
_DENIAL = re.compile(r"\b(?:not|no|never|nicht|kein(?:e[nmrs]?)?)\b|n['\u2019]t\b")
_NO_UNIT_AFTER = re.compile(
    r"\s{0,2}(?:$|[.,;!?)\n]|-?ish\b|tops\b|max|per\b|a month|im\b|pro\b|or\b|oder\b|for\b|für\b|"
    r"total\b|und\b|and\b|all in|inkl|/)"
)
_NO_UNIT_AFTER_SCALED = re.compile(
    _NO_UNIT_AFTER.pattern + r"|\s(?:is|would|should|have|ist|sind|wären?|haben|hätten|sollten?)\b"
)
_SCALED = re.compile(r"\d\s?(?:k|grand|mille|tsd|tausend|thousand)\b|(?:tausend|thousand)$")
_YEARS = range(1900, 2101)
_SMALLEST_BARE = 100
_LARGEST = 1e9
_CONTEXT = 70


@dataclass(frozen=True, slots=True)
class _Amount:
    """One amount or a range of two, with its place; currency is None where none was named."""

    low: float | None
    high: float
    start: int
    end: int
    currency: str | None


def find_budgets(
    reading: Reading, numbers: Sequence[Number], *, scale_suffices: bool = False
) -> list[Found]:
    """Return the amounts that may be a budget, with their weight.

    An amount beside a word for budget outweighs one without; amounts that were paid, quoted, won
    or insured, and rates per hour, visit or square metre, are left out.

    Args:
        reading: The message.
        numbers: Those in it.
        scale_suffices: Whether "8k" is an amount without a currency or a word for budget.
    """
    found = []
    for amount in _amounts(reading, numbers):
        if not amount.currency and not _stands_alone(reading, amount, scaled=scale_suffices):
            continue
        budget = _budget(reading, amount)
        if budget is not None:
            found.append(budget)
    return found


def _amounts(reading: Reading, numbers: Sequence[Number]) -> Iterator[_Amount]:
    lower = reading.lower
    for at, number in enumerate(numbers):
        following = numbers[at + 1] if at + 1 < len(numbers) else None
        if following is not None and _is_range(lower, number, following):
            continue
        previous = numbers[at - 1] if at else None
        if previous is not None and _is_range(lower, previous, number):
            scale = number.scale if previous.scale == 1 and previous.raw < number.raw else 1
            yield _with_currency(reading, previous, number, low=previous.value * scale)
        else:
            yield _with_currency(reading, number, number, low=None)


def _is_range(lower: str, low: Number, high: Number) -> bool:
    link = _LINK.fullmatch(lower, low.end, high.start)
    if link is None or low.value > high.value:
        return False
    return (
        not re.search(r"\b(?:and|und)\b", link[0])
        or _BETWEEN.search(lower[max(0, low.start - 16) : low.start]) is not None
    )


def _with_currency(reading: Reading, first: Number, last: Number, *, low: float | None) -> _Amount:
    lower = reading.lower
    before = _BEFORE.search(lower[max(0, first.start - 6) : first.start])
    after = _AFTER.match(lower, last.end)
    between = _BEFORE.search(lower[max(first.end, last.start - 6) : last.start])
    sign = before or after or between
    start = first.start - len(before[0]) if before else first.start
    end = after.end() if after else last.end
    currency = _currency(sign[0], reading.country) if sign else None
    return _Amount(low, last.value, start, end, currency)


def _currency(sign: str, country: str | None) -> str:
    plain = sign.strip(" \u00a0\u202f-")
    name = next((name for start, name in _SIGNS if plain.startswith(start)), "")
    return name or DOLLARS.get(country or "", "USD")


def _budget(reading: Reading, amount: _Amount) -> Found | None:
    lower = reading.lower
    if not 0 < amount.high <= _LARGEST:
        return None
    clause = clause_before(lower, amount.start, _CONTEXT)
    sentence = sentence_before(lower, amount.start, _CONTEXT)
    after = sentence_after(lower, amount.end, _CONTEXT // 2)
    named = bool(_BUDGET.search(sentence) or _BUDGET.search(after))
    ceiling = _MOST_BEFORE.search(sentence)
    most = bool(ceiling or _MOST_AFTER.match(lower, amount.end))
    if _OTHER_MONEY_AFTER.search(after):
        return None
    if _is_other_money(clause, bounded=amount.low is not None or most):
        return None
    period = _period(lower, amount, sentence)
    if period is None:
        return None
    floor = _LEAST_BEFORE.search(clause)
    least = not most and floor is not None
    low, high = _bounds(amount, most=most, least=least)
    value: dict[str, JsonValue] = {
        "amount_min": low,
        "amount_max": high,
        "currency": amount.currency or CURRENCIES.get(reading.country or ""),
        "period": period[0].value,
    }
    weight = 2.0 * named + (amount.low is not None) + 0.5 * (most or least)
    bound = ceiling or (floor if least else None)
    start = amount.start - (len(bound[0]) if bound else 0)
    return Found(value, start, period[1], weight=weight)


def _is_other_money(clause: str, *, bounded: bool) -> bool:
    if _OTHER_MONEY.search(clause) and not _BUDGET.search(clause):
        return True
    return _DENIAL.search(clause) is not None and not bounded


def _bounds(
    amount: _Amount, *, most: bool, least: bool
) -> tuple[int | float | None, int | float | None]:
    high = whole_where_possible(amount.high)
    if amount.low is not None:
        return whole_where_possible(amount.low), high
    return (None if most else high), (None if least else high)


def _period(lower: str, amount: _Amount, sentence: str) -> tuple[BudgetPeriod, int] | None:
    """Return the period and where its words end; None for a rate that is no budget."""
    gap = _PERIOD_GAP.match(lower, amount.end)
    at = gap.end() if gap else amount.end
    for pattern, period in _PERIODS:
        if match := pattern.match(lower, at):
            return None if period is None else (period, match.end())
    named = (period for pattern, period in _PERIOD_BEFORE if pattern.search(sentence))
    soft = _MOST_AFTER.match(lower, amount.end)
    return next(named, BudgetPeriod.ONE_OFF), soft.end() if soft else amount.end


def _stands_alone(reading: Reading, amount: _Amount, *, scaled: bool) -> bool:
    """Return whether a number without a currency is an amount: just after a word for budget.

    Where ``scaled``, a thousand by name or letter is enough ("8k"), since years have none.
    """
    lower = reading.lower
    is_year = (
        amount.low is None and amount.high in _YEARS and amount.end - amount.start <= len("2027")
    )
    if amount.high < _SMALLEST_BARE or is_year:
        return False
    if scaled and _SCALED.search(lower, amount.start, amount.end):
        return _NO_UNIT_AFTER_SCALED.match(lower, amount.end) is not None
    if not _NO_UNIT_AFTER.match(lower, amount.end):
        return False
    before = sentence_before(lower, amount.start, _CONTEXT)
    return _BUDGET_JUST_BEFORE.search(before) is not None
