"""Everything in a message that could be a fact, by name, best supported first."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice

from pydantic import JsonValue

from domain.lead import Channel, Timeline
from scoring.areas import find_areas
from scoring.call_times import find_call_times, find_refused_calls
from scoring.clauses import Found, Reading, find_affirmed, is_negated
from scoring.contact_details import find_emails, find_phones, find_postal_codes
from scoring.dates import find_decisions, find_starts, is_about_answer
from scoring.known import timeline_until
from scoring.money import find_budgets
from scoring.number_formats import SMALL_NUMBERS, find_numbers
from scoring.opt_outs import find_refusals, joined
from scoring.phrases.english import ENGLISH
from scoring.phrases.german import GERMAN
from scoring.phrases.phrase import Phrase, occurrences
from scoring.phrases.services import SAID

Candidates = Mapping[str, list[Found]]
"""By name of the fact; an absent name is not said."""

CALL_NAMES = ("callback", "callback_after", "callback_before", "callback_days")
"""What somebody may wish of our call; nothing of it holds where the telephone is refused."""

_SIMPLE = (
    "attachments_mentioned",
    "decision_role",
    "recurring",
    "referral",
    "visit_requested",
)
"""Names whose value is the phrase's own."""

_MOST = 100
"""Addresses of one kind that are looked at; a letter has a few."""

_ONLY = re.compile(r"\b(?:only|nur|ausschließlich)\b")


def find_candidates(reading: Reading) -> Candidates:
    """Return what a message says, every mention of it, best supported first.

    What is denied ("we do not own the house"), past, or said of somebody else is no candidate.
    The refusals of channels stand one by one under ``opt_out_channels``.
    """
    found: dict[str, list[Found]] = {}
    for name, one in _read(reading):
        found.setdefault(name, []).append(one)
    return found


def find_denied(reading: Reading, name: str) -> list[Found]:
    """Return where a thing is named and yet not said: denied, a condition, or about our answer.

    For names whose words a table knows; the rest deny nothing.
    """
    if name in CALL_NAMES:
        return find_refused_calls(reading)
    phrases = SAID if name == "service" else phrases_of(name)
    denied = [
        Found(sought.value, match.start(), match.end())
        for sought in phrases
        for match in occurrences(reading.lower, sought)
        if is_negated(reading.lower, match.start(), match.end())
        or (name == "timeline" and is_about_answer(reading.lower, match.start(), match.end()))
    ]
    return sorted(denied, key=lambda one: one.start)


def phrases_of(name: str) -> tuple[Phrase, ...]:
    """Return what people write, in any language, to say a thing."""
    return (*ENGLISH.get(name, ()), *GERMAN.get(name, ()))


def closed_by(refusals: Iterable[Found]) -> frozenset[str]:
    """Return the channels that refusals close."""
    return frozenset(
        str(channel) for one in refusals if isinstance(one.value, list) for channel in one.value
    )


def _read(reading: Reading) -> Iterator[tuple[str, Found]]:
    yield from _quantities(reading)
    yield from _times(reading)
    for name in _SIMPLE:
        yield from _named(name, find_affirmed(reading.lower, phrases_of(name)))
    yield from _named("competitors", _competitors(reading))
    yield from _named("email", islice(find_emails(reading), _MOST))
    yield from _named("service", find_affirmed(reading.lower, SAID))
    refusals = find_refusals(reading)
    yield from _named("opt_out_channels", refusals)
    yield from _named("preferred_channel", _preferred(reading, refusals))
    if Channel.PHONE.value not in closed_by(refusals):
        yield from find_call_times(reading)


def _quantities(reading: Reading) -> Iterator[tuple[str, Found]]:
    numbers = find_numbers(reading.lower)
    areas = find_areas(reading, numbers)
    budgets = find_budgets(reading, numbers)
    phones = list(find_phones(reading))
    areas.sort(key=lambda one: (-one.weight, -_size(one.value), one.start))
    budgets.sort(key=lambda one: (-one.weight, one.start))
    yield from _named("area_m2", areas)
    yield from _named("budget", budgets)
    yield from _named("phone", phones)
    taken = [*areas, *budgets, *phones]
    yield from _named("postal_code", islice(find_postal_codes(reading, taken), _MOST))


def _times(reading: Reading) -> Iterator[tuple[str, Found]]:
    decisions = find_decisions(reading)
    yield from _named("decision_date", decisions)
    starts = find_starts(reading, decisions)
    starts.sort(key=lambda pair: (-pair[0].weight, pair[0].start))
    yield from _named("start_date", (start for start, _ in starts))
    for one in find_affirmed(reading.lower, phrases_of("timeline")):
        if not is_about_answer(reading.lower, one.start, one.end):
            yield "timeline", Found(Timeline.ASAP.value, one.start, one.end)
    yield from _named("timeline", (_timeline(start, on, reading) for start, on in starts))


def _timeline(start: Found, on: date, reading: Reading) -> Found:
    timeline = timeline_until(on, asked_on=reading.created_on)
    return Found(timeline.value, start.start, start.end)


def _preferred(reading: Reading, refusals: list[Found]) -> list[Found]:
    refused = joined(refusals)
    left = _only_left(reading.lower, refused) if refused else None
    if refused and left:
        return [Found(left, refused.start, refused.end)]
    closed = closed_by(refusals)
    asked = find_affirmed(reading.lower, phrases_of("preferred_channel"))
    return [one for one in asked if one.value not in closed]


def _only_left(lower: str, refused: Found) -> str | None:
    """Return the one channel left where it was named as the only one: "text only" asks for it."""
    if not _ONLY.search(lower, refused.start, refused.end):
        return None
    closed = closed_by([refused])
    left = [channel.value for channel in Channel if channel.value not in closed]
    return left[0] if len(left) == 1 else None


def _competitors(reading: Reading) -> Iterator[Found]:
    found = []
    for sought in phrases_of("competitors"):
        for match in occurrences(reading.lower, sought):
            if is_negated(reading.lower, match.start(), match.end()):
                continue
            counted = match.groupdict().get("count") or ""
            count = int(counted) if counted.isdigit() else SMALL_NUMBERS.get(counted)
            found.append(Found(count or True, match.start(), match.end()))
    yield from sorted(found, key=lambda one: (one.value is True, one.start))


def _named(name: str, found: Iterable[Found]) -> Iterator[tuple[str, Found]]:
    for one in found:
        yield name, one


def _size(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
