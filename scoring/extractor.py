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

from collections.abc import Iterator
from datetime import datetime

from domain.analysis import Fact
from scoring.candidates import Candidates, find_candidates
from scoring.clauses import Found, Reading, made_ready
from scoring.injection import without_orders
from scoring.opt_outs import joined


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
    reading = made_ready(text, locale=locale, country=country, created_at=created_at)
    return best_facts(find_candidates(reading), reading)


def best_facts(candidates: Candidates, reading: Reading) -> tuple[Fact, ...]:
    """Return the best candidate of each name as a fact, in the order of the text.

    Args:
        candidates: Of the reading.
        reading: The message, without orders to the machine.
    """
    facts = [fact_of(name, one, reading) for name, one in _best(candidates)]
    return tuple(sorted(facts, key=lambda fact: (fact.start, fact.name)))


def fact_of(name: str, found: Found, reading: Reading, *, checked: bool = True) -> Fact:
    """Return a finding as a fact with its verbatim quote."""
    quote = reading.text[found.start : found.end]
    return Fact(name=name, value=found.value, quote=quote, start=found.start, checked=checked)


def _best(candidates: Candidates) -> Iterator[tuple[str, Found]]:
    for name, found in candidates.items():
        whole = joined(found) if name == "opt_out_channels" else found[0]
        if whole is not None:
            yield name, whole
