"""Holds one claim against one place of the message: does the value follow from the words there?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from domain.lead import Channel, PropertyType
from scoring.areas import find_areas
from scoring.candidates import CALL_NAMES, Candidates, closed_by, find_denied
from scoring.claim_forms import FORMS, ClaimForm, Kind
from scoring.claim_values import Wanted, agrees
from scoring.clauses import Found, Reading, is_negated
from scoring.dates import Day, find_days, may_be_start
from scoring.known import timeline_until
from scoring.money import find_budgets
from scoring.number_formats import Number, find_numbers
from scoring.phrases.properties import PROPERTY_WORDS
from scoring.phrases.services import SAID, SYNONYMS

VALUE_NOT_IN_QUOTE = "value_not_in_quote"
CONTRADICTED = "contradicted"
DENIED = "denied"

Span = tuple[int, int]
Verdict = tuple[Found, bool] | str
"""What counts and whether it was checked, or why nothing does."""

_IN_WORDS = frozenset({Kind.CHOICE, Kind.YES, Kind.CHANNELS, Kind.PLACE})
"""Kinds that people may say in words no table knows; the rest is numbers and codes."""

_FIGURES = re.compile(r"(?<![^\W\d_])\d+")
"""Those of a quantity; the one in "m2" is none."""

_BESIDE_A_CODE = re.compile(r"[\s,]{1,3}(?:[A-Z]{2}[\s,]{1,3})?")
_A_SERVICE_BY_ITSELF = re.compile(
    r" |(?:ing|ung|pflege|schnitt|arbeiten|arbeit|bau|dienst|design|rasen)$"
)
"""Which names of services say what to do, and not merely what grows there ("hedge")."""
_WORK_WORDS: Mapping[str, re.Pattern[str]] = {
    service: re.compile(
        r"\b(?:"
        + "|".join(
            re.escape(words)
            for name, known in SYNONYMS.items()
            if known == service and _A_SERVICE_BY_ITSELF.search(words := name.replace("_", " "))
        )
        + r")\b"
    )
    for service in FORMS["service"].values
}


class Evidence:
    """A message with everything our parsers see in it.

    Args:
        reading: The message, without orders to the machine.
        candidates: Of the reading.
    """

    def __init__(self, reading: Reading, candidates: Candidates) -> None:
        self._reading = reading
        self._candidates = candidates
        self._denied: dict[str, list[Found]] = {}

    def judge(self, name: str, wanted: Wanted, span: Span) -> Verdict:
        """Return what a claim comes to at one place.

        The value is checked where our parser reads the same one there, in its context; the parser's
        value is what counts. In words that no table knows, a choice is believed without a check,
        unless the tables say otherwise there. Numbers, dates and codes need the parser.
        """
        form = FORMS[name]
        if self._is_refused(name, wanted):
            return DENIED
        near = [
            one
            for one in (*self._candidates.get(name, ()), *self._on_demand(name, span))
            if self._covers(one, span, form)
        ]
        found = self._agreeing(form, wanted, near)
        if found is not None:
            return Found(found.value, *_union(span, found)), True
        if form.kind is Kind.COUNT:
            return self._counted(wanted, span)
        if form.kind in _IN_WORDS:
            contradicted = (
                bool(near)
                and form.kind is not Kind.CHANNELS
                and (name != "service" or _has_words(wanted))
            )
            return CONTRADICTED if contradicted else self._in_other_words(name, wanted, span)
        return VALUE_NOT_IN_QUOTE

    def says_otherwise(self, name: str) -> bool:
        """Return whether our parser reads a thing anywhere in the message."""
        return name in self._candidates

    def _in_other_words(self, name: str, wanted: Wanted, span: Span) -> Verdict:
        """Believe what no table knows, unless it is denied there; a refusal is a denial itself."""
        kind = FORMS[name].kind
        if kind is not Kind.CHANNELS and self._is_denied(name, span):
            return DENIED
        if kind is Kind.PLACE:
            return self._place(wanted, span)
        return Found(wanted.value, *span), False

    def _agreeing(self, form: ClaimForm, wanted: Wanted, near: Sequence[Found]) -> Found | None:
        if form.kind in {Kind.WEEKDAYS, Kind.CHANNELS}:
            return _of_list(wanted, near)
        for one in near:
            if agrees(form.kind, wanted, one, self._numbers_in(one.start, one.end)):
                return one
        return None

    def _covers(self, one: Found, span: Span, form: ClaimForm) -> bool:
        """Return whether a finding stands at a place: all its figures do, or else any word."""
        start, end = span
        if not (one.start < end and start < one.end):
            return False
        if form.kind in _IN_WORDS or form.kind is Kind.WEEKDAYS:
            return True
        lower = self._reading.lower
        figures = _FIGURES.finditer(lower, one.start, one.end)
        return all(start <= figure.start() and figure.end() <= end for figure in figures)

    def _on_demand(self, name: str, span: Span) -> Iterator[Found]:
        """Yield what is looked for only where somebody points at it."""
        if name == "area_m2":
            yield from self._more_areas
        elif name == "budget":
            yield from self._more_budgets
        elif name in {"start_date", "decision_date", "timeline"}:
            yield from self._days(name, span)
        elif name == "property_type":
            yield from self._words(PROPERTY_WORDS, span)
        elif name == "service":
            yield from self._words(_WORK_WORDS, span)

    def _days(self, name: str, span: Span) -> Iterator[Found]:
        taken = "start_date" if name == "decision_date" else "decision_date"
        for day in find_days(self._reading, *span):
            elsewhere = any(_meets(day, one) for one in self._candidates.get(taken, ()))
            if elsewhere or not may_be_start(self._reading.lower, day):
                continue
            timeline = timeline_until(day.on, asked_on=self._reading.created_on)
            value = timeline.value if name == "timeline" else day.text
            yield Found(value, day.start, day.end)

    def _words(
        self,
        words: Mapping[str, re.Pattern[str]] | Mapping[PropertyType, re.Pattern[str]],
        span: Span,
    ) -> Iterator[Found]:
        lower = self._reading.lower
        for value, pattern in words.items():
            for match in pattern.finditer(lower, *span):
                if not is_negated(lower, match.start(), match.end()):
                    yield Found(str(value), match.start(), match.end())

    def _place(self, wanted: Wanted, span: Span) -> Verdict:
        """Judge a town: it must be named; beside a postal code it is known to be the address."""
        text, start = self._reading.text, span[0]
        at = self._reading.lower.find(str(wanted.value).lower(), start, span[1])
        if at < 0:
            return VALUE_NOT_IN_QUOTE
        end = at + len(str(wanted.value))
        found = Found(text[at:end], *span)
        for code in self._candidates.get("postal_code", ()):
            before, after = text[code.end : at], text[end : code.start]
            if _BESIDE_A_CODE.fullmatch(before) or _BESIDE_A_CODE.fullmatch(after):
                return found, True
        return found, False

    def _counted(self, wanted: Wanted, span: Span) -> Verdict:
        if self._is_denied("competitors", span):
            return DENIED
        if wanted.value is True or wanted.value in {
            number.value for number in self._numbers_in(*span)
        }:
            return Found(wanted.value, *span), False
        return VALUE_NOT_IN_QUOTE

    def _is_refused(self, name: str, wanted: Wanted) -> bool:
        """Return whether the person closed the channel that the claim would use."""
        closed = closed_by(self._candidates.get("opt_out_channels", ()))
        if name in CALL_NAMES:
            return Channel.PHONE.value in closed
        return name == "preferred_channel" and wanted.value in closed

    def _is_denied(self, name: str, span: Span) -> bool:
        start, end = span
        if name not in self._denied:
            self._denied[name] = find_denied(self._reading, name)
        return is_negated(self._reading.lower, start, end) or any(
            one.start < end and start < one.end for one in self._denied[name]
        )

    def _numbers_in(self, start: int, end: int) -> list[Number]:
        return [one for one in self._numbers if start <= one.start and one.end <= end]

    @cached_property
    def _numbers(self) -> list[Number]:
        return find_numbers(self._reading.lower)

    @cached_property
    def _more_areas(self) -> list[Found]:
        return find_areas(self._reading, self._numbers, sides_suffice=True)

    @cached_property
    def _more_budgets(self) -> list[Found]:
        return find_budgets(self._reading, self._numbers, scale_suffices=True)


def _of_list(wanted: Wanted, near: Sequence[Found]) -> Found | None:
    """Return the findings as one where together they name every claimed item."""
    if not near or not isinstance(wanted.value, list):
        return None
    named = [item for one in near if isinstance(one.value, list) for item in one.value]
    if any(item not in named for item in wanted.value):
        return None
    return Found(wanted.value, min(one.start for one in near), max(one.end for one in near))


def _has_words(wanted: Wanted) -> bool:
    return wanted.value in {sought.value for sought in SAID}


def _meets(day: Day, one: Found) -> bool:
    return day.start < one.end and one.start < day.end


def _union(span: Span, found: Found) -> Span:
    return min(span[0], found.start), max(span[1], found.end)
