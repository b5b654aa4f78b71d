"""Reads facts from a message by patterns alone: offline, pure, English and German.

Every fact has a verbatim quote from which its value follows. At most one fact per name: where a
message says a thing twice, the better supported one, else the first. What is denied ("we do not
own the house"), past, or said of somebody else gives no fact.

======================= ==================================================== =====================
name                    value (JSON)                                         read from, for example
======================= ==================================================== =====================
area_m2                 number, square metres; the middle of a range         3,800 sq ft; 240 m2
attachments_mentioned   true                                                 photos attached; anbei
budget                  {"amount_min", "amount_max": number or null,         $18-25k; bis 180 EUR
                        "currency": ISO 4217 or null,                        im Monat
                        "period": one_off, month or year}
callback                true: wants to be called                             call me; Rückruf
callback_after          "HH:MM", local time                                  nach 18 Uhr
callback_before         "HH:MM", local time                                  before 5pm
callback_days           list of mon, tue, wed, thu, fri, sat, sun            wknds only
competitors             number of others, or true where none is given        two other bidders
decision_date           "YYYY-MM-DD", or "YYYY-MM" if no day is named        votes on 15 Jan
decision_role           a DecisionRole                                       we own the house
email                   address in lower case                                me@example.org
opt_out_channels        sorted list of Channel values                        call only
phone                   E.164                                                030 23125 042
postal_code             as its country writes it                             10405 Berlin
preferred_channel       a Channel                                            please WhatsApp me
recurring               true                                                 every two weeks
referral                true                                                 recommended you
service                 name of a service, see phrases.services              mowing
start_date              "YYYY-MM-DD", or "YYYY-MM" if no day is named        start in March 2027
timeline                a Timeline                                           ab sofort
visit_requested         true                                                 could you visit
======================= ==================================================== =====================

An exact amount is both amount_min and amount_max; "up to" gives only the latter, "at least" only
the former. A date before the lead came in is no plan and gives no fact; a month without a year is
the next one of that name.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from pydantic import JsonValue

from domain.analysis import Fact
from domain.lead import Channel, Timeline
from scoring.areas import find_areas
from scoring.call_times import find_call_times
from scoring.clauses import Found, Reading, find_affirmed, is_negated, lowered
from scoring.contact_details import find_emails, find_phones, find_postal_codes
from scoring.dates import find_decisions, find_starts, is_about_answer
from scoring.injection import without_orders
from scoring.known import timeline_until
from scoring.money import find_budgets
from scoring.number_formats import SMALL_NUMBERS, find_numbers
from scoring.opt_outs import find_opt_outs
from scoring.phrases.english import ENGLISH
from scoring.phrases.german import GERMAN
from scoring.phrases.phrase import Phrase, occurrences
from scoring.phrases.services import SAID

_SIMPLE = (
    "attachments_mentioned",
    "decision_role",
    "recurring",
    "referral",
    "visit_requested",
)
"""Names whose value is the phrase's own."""

_COUNTRY_LETTERS = 2
_ONLY = re.compile(r"\b(?:only|nur|ausschließlich)\b")


def extract_facts(
    message: str, *, locale: str | None, country: str | None, created_at: datetime
) -> tuple[Fact, ...]:
    """Return what a message says, in the order of the text.

    Args:
        message: As the lead wrote it; parts that give orders to the machine are passed over.
        locale: BCP 47; decides between decimal marks where they could be either.
        country: ISO 3166-1 alpha-2; what local telephone numbers, dollars and dates mean. The
            locale's region stands in where it is None.
        created_at: When the lead came in; relative dates count from its day.
    """
    text, _ = without_orders(message)
    language, _, rest = (locale or "").partition("-")
    region = rest.split("-")[-1].upper()
    reading = Reading(
        text=text,
        lower=lowered(text),
        language=language.lower(),
        country=country or (region if len(region) == _COUNTRY_LETTERS else None),
        created_on=created_at.date(),
    )
    facts = [
        Fact(name=name, value=one.value, quote=message[one.start : one.end], start=one.start)
        for name, one in _read(reading)
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.start, fact.name)))


def _read(reading: Reading) -> Iterator[tuple[str, Found]]:
    yield from _quantities(reading)
    yield from _times(reading)
    for name in _SIMPLE:
        yield from _named(name, find_affirmed(reading.lower, _phrases(name)))
    yield from _named("competitors", _competitors(reading))
    yield from _named("email", find_emails(reading))
    yield from _named("service", find_affirmed(reading.lower, SAID))
    refused = find_opt_outs(reading)
    closed = refused.value if refused else []
    yield from _channels(reading, refused)
    if not (isinstance(closed, list) and Channel.PHONE.value in closed):
        yield from find_call_times(reading).items()


def _quantities(reading: Reading) -> Iterator[tuple[str, Found]]:
    numbers = find_numbers(reading.lower)
    areas = find_areas(reading, numbers)
    budgets = find_budgets(reading, numbers)
    phones = list(find_phones(reading))
    if areas:
        yield "area_m2", max(areas, key=lambda one: (one.weight, _size(one.value), -one.start))
    if budgets:
        yield "budget", max(budgets, key=lambda one: (one.weight, -one.start))
    yield from _named("phone", phones)
    taken = [*areas, *budgets, *phones]
    yield from _named("postal_code", find_postal_codes(reading, taken))


def _times(reading: Reading) -> Iterator[tuple[str, Found]]:
    decisions = find_decisions(reading)
    yield from _named("decision_date", decisions)
    starts = find_starts(reading, decisions)
    soon = [
        one
        for one in find_affirmed(reading.lower, _phrases("timeline"))
        if not is_about_answer(reading.lower, one.start, one.end)
    ]
    if starts:
        start, on = max(starts, key=lambda one: (one[0].weight, -one[0].start))
        yield "start_date", start
        if not soon:
            timeline = timeline_until(on, asked_on=reading.created_on)
            yield "timeline", Found(timeline.value, start.start, start.end)
    if soon:
        yield "timeline", Found(Timeline.ASAP.value, soon[0].start, soon[0].end)


def _channels(reading: Reading, refused: Found | None) -> Iterator[tuple[str, Found]]:
    closed: JsonValue = refused.value if refused else []
    if refused:
        yield "opt_out_channels", refused
    left = _only_left(reading.lower, refused) if refused else None
    if refused and left:
        yield "preferred_channel", Found(left, refused.start, refused.end)
        return
    asked = [
        one
        for one in find_affirmed(reading.lower, _phrases("preferred_channel"))
        if not (isinstance(closed, list) and one.value in closed)
    ]
    yield from _named("preferred_channel", asked)


def _only_left(lower: str, refused: Found) -> str | None:
    """Return the one channel left where it was named as the only one: "text only" asks for it."""
    if not _ONLY.search(lower, refused.start, refused.end):
        return None
    closed = refused.value if isinstance(refused.value, list) else []
    left = [channel.value for channel in Channel if channel.value not in closed]
    return left[0] if len(left) == 1 else None


def _competitors(reading: Reading) -> Iterator[Found]:
    found = []
    for sought in _phrases("competitors"):
        for match in occurrences(reading.lower, sought):
            if is_negated(reading.lower, match.start(), match.end()):
                continue
            counted = match.groupdict().get("count") or ""
            count = int(counted) if counted.isdigit() else SMALL_NUMBERS.get(counted)
            found.append(Found(count or True, match.start(), match.end()))
    yield from sorted(found, key=lambda one: (one.value is True, one.start))


def _phrases(name: str) -> Iterable[Phrase]:
    return (*ENGLISH.get(name, ()), *GERMAN.get(name, ()))


def _named(name: str, found: Iterable[Found]) -> Iterator[tuple[str, Found]]:
    """Yield the first finding under its name."""
    for one in found:
        yield name, one
        return


def _size(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
