"""What a model claims of a message, and what of it counts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.analysis import Fact
from domain.lead import Timeline
from scoring.candidates import Candidates, find_candidates
from scoring.claim_evidence import CONTRADICTED, Evidence, Span
from scoring.claim_forms import FORMS
from scoring.claim_values import Wanted, read_value
from scoring.clauses import Reading, made_ready
from scoring.extractor import fact_of
from scoring.injection import without_orders
from scoring.quotes import MOST_QUOTE_CHARS, Quoted

CLAIM_NAMES: tuple[str, ...] = tuple(FORMS)
"""The names a model may claim; :data:`scoring.claim_forms.FORMS` says what each means."""

MOST_CLAIMS = 40
"""Claims of one message that are looked at."""

OPT_OUT = "opt_out_channels"

UNKNOWN_NAME = "unknown_name"
VALUE_MALFORMED = "value_malformed"
QUOTE_TOO_LONG = "quote_too_long"
QUOTE_NOT_FOUND = "quote_not_found"
QUOTE_GIVES_ORDERS = "quote_gives_orders"
DUPLICATE = "duplicate"
TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Claim:
    """Something a model says that a message says; nothing of it is believed as it comes.

    Attributes:
        name: One of :data:`CLAIM_NAMES`.
        value: As text, in the form the name asks for.
        quote: The words of the message from which the value follows.
    """

    name: str
    value: str
    quote: str


@dataclass(frozen=True, slots=True)
class CheckedClaims:
    """What counts of a model's claims.

    Attributes:
        facts: At most one of each name, in the order of the text; each quote is the message's own.
        dropped: How many claims do not count, by the reason's name.
    """

    facts: tuple[Fact, ...]
    dropped: Mapping[str, int]


def check_claims(
    claims: Sequence[Claim],
    *,
    message: str,
    locale: str | None,
    country: str | None,
    created_at: datetime,
) -> CheckedClaims:
    """Hold the claims of a model against the message.

    A quote must stand in the message, outside all that gives orders to the machine. Numbers,
    dates, amounts and codes count where our own parser reads the same value there, in its context;
    the fact carries the parser's value. Choices in words that no table of ours knows count as
    unchecked, unless they are denied or contradicted. Of several claims of a name the first that
    is checked counts, else the first.

    Args:
        claims: As they came; at most :data:`MOST_CLAIMS` are looked at.
        message: As the lead wrote it.
        locale: BCP 47, or None.
        country: ISO 3166-1 alpha-2 of the lead, or None.
        created_at: When the lead came in; relative dates count from its day.
    """
    text, _ = without_orders(message)
    reading = made_ready(text, locale=locale, country=country, created_at=created_at)
    return check_against(claims, message, reading=reading, candidates=find_candidates(reading))


def check_against(
    claims: Sequence[Claim], message: str, *, reading: Reading, candidates: Candidates
) -> CheckedClaims:
    """Do the same for a message that has been read.

    Args:
        claims: As for :func:`check_claims`.
        message: As the lead wrote it.
        reading: The whole message without orders to the machine.
        candidates: Of the reading.
    """
    checker = _Checker(message, reading, candidates)
    dropped: Counter[str] = Counter()
    counted: dict[str, Fact] = {}
    for claim in claims[:MOST_CLAIMS]:
        verdict = checker.judge(claim)
        if isinstance(verdict, str):
            dropped[verdict] += 1
            continue
        earlier = counted.get(verdict.name)
        if earlier is not None:
            dropped[DUPLICATE] += 1
        if earlier is None or (verdict.checked and not earlier.checked):
            counted[verdict.name] = verdict
    dropped[TOO_MANY] += max(0, len(claims) - MOST_CLAIMS)
    facts = sorted(counted.values(), key=lambda fact: (fact.start, fact.name))
    return CheckedClaims(tuple(facts), {why: count for why, count in dropped.items() if count})


def put_together(claimed: Sequence[Fact], extracted: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts of a model and of the patterns as one, at most one of each name.

    A checked fact of the model comes before one of the patterns, since it chose among all that
    could be meant; the patterns fill what it left out, so that its silence takes nothing away.
    Refusals are the patterns' alone: a model may miss one, and nothing it says opens a channel.
    What is unchecked comes last. A start date the model chose puts aside the timeline that the
    patterns derived from another one.
    """
    chosen = {fact.name: fact for fact in claimed if fact.checked and fact.name != OPT_OUT}
    read = {fact.name: fact for fact in extracted}
    if "start_date" in chosen and "timeline" not in chosen:
        timeline = read.get("timeline")
        if timeline is not None and timeline.value != Timeline.ASAP.value:
            del read["timeline"]
    unchecked = {fact.name: fact for fact in claimed if not fact.checked}
    facts = {**unchecked, **read, **chosen}
    return tuple(sorted(facts.values(), key=lambda fact: (fact.start, fact.name)))


class _Checker:
    """One message, ready to have claims held against it."""

    def __init__(self, message: str, reading: Reading, candidates: Candidates) -> None:
        self._message = message
        self._reading = reading
        self._quoted = Quoted(message)
        self._evidence = Evidence(reading, candidates)

    def judge(self, claim: Claim) -> Fact | str:
        """Return the fact a claim comes to, or why it is none."""
        name = claim.name.strip()
        form = FORMS.get(name)
        if form is None:
            return UNKNOWN_NAME
        wanted = read_value(claim.value, form, self._reading)
        if wanted is None:
            return VALUE_MALFORMED
        if len(claim.quote) > MOST_QUOTE_CHARS:
            return QUOTE_TOO_LONG
        places = list(self._quoted.places(claim.quote))
        if not places:
            return QUOTE_NOT_FOUND
        clean = [place for place in places if self._is_clean(place)]
        return self._best(name, wanted, clean) if clean else QUOTE_GIVES_ORDERS

    def _best(self, name: str, wanted: Wanted, places: Sequence[Span]) -> Fact | str:
        verdicts = list(self._verdicts(name, wanted, places))
        checked = (one for one in verdicts if isinstance(one, Fact) and one.checked)
        best = next(checked, verdicts[0])
        if isinstance(best, Fact) and not best.checked and name != OPT_OUT:
            return CONTRADICTED if self._evidence.says_otherwise(name) else best
        return best

    def _verdicts(self, name: str, wanted: Wanted, places: Sequence[Span]) -> Iterator[Fact | str]:
        for place in places:
            verdict = self._evidence.judge(name, wanted, place)
            if isinstance(verdict, str):
                yield verdict
            else:
                found, checked = verdict
                yield fact_of(name, found, self._reading, checked=checked)

    def _is_clean(self, place: Span) -> bool:
        """Return whether none of it was blanked because it gives orders."""
        start, end = place
        return self._reading.text[start:end] == self._message[start:end]
