"""What is known of a lead: its fields, and facts from its message where a field is empty."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cache
from typing import Generic, TypeVar

import phonenumbers
from pydantic import JsonValue

from domain.analysis import Fact
from domain.intake import region_of
from domain.lead import (
    Budget,
    Channel,
    DecisionRole,
    Lead,
    LeadEvent,
    LeadSource,
    Location,
    PropertyType,
    Timeline,
)
from scoring.phrases.services import UNSPECIFIC, service_name
from scoring.settings import BusinessProfile

T = TypeVar("T")
ChoiceT = TypeVar("ChoiceT", bound=StrEnum)

_DAYS_PER_MONTH = 30.4
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """A known value and where it comes from: a verbatim quote, or the field's name."""

    value: T
    evidence: str


@dataclass(frozen=True, slots=True)
class CallWindow:
    """When the person wants to be called, in their local time; None leaves a side open.

    Attributes:
        days: Weekdays, Monday is 0; empty where none were named.
    """

    after: time | None = None
    before: time | None = None
    days: frozenset[int] = frozenset()

    @property
    def is_named(self) -> bool:
        """Whether an hour or a day was named at all."""
        return bool(self.after or self.before or self.days)


@dataclass(frozen=True, slots=True)
class Known:
    """Everything the score and the next action rest on; None where nothing is known.

    Attributes:
        words: Words of the message that was read, orders to the machine left out.
        country: ISO 3166-1 alpha-2; see :func:`country_of`.
        refused_channels: What the message forbids.
    """

    source: LeadSource
    events: tuple[LeadEvent, ...]
    attachments: Item[int] | None
    words: int
    country: str | None
    service: Item[str] | None
    budget: Item[Budget] | None
    area_m2: Item[float] | None
    timeline: Item[Timeline] | None
    location: Item[Location] | None
    decision_role: Item[DecisionRole] | None
    property_type: Item[PropertyType] | None
    phone: str | None
    email: str | None
    visit_requested: Item[bool] | None
    callback: Item[CallWindow] | None
    decision_date: Item[date] | None
    competitors: Item[bool] | None
    referral: Item[bool] | None
    recurring: Item[bool] | None
    asked_channel: Channel | None
    refused_channels: frozenset[Channel]


def know(lead: Lead, facts: Sequence[Fact], profile: BusinessProfile | None = None) -> Known:
    """Put a lead and the facts of its message together: a field wins, a fact fills a gap.

    Where the message names a thing twice the first mention counts. A fact whose value does not
    fit its name is passed over. Names that are read: service, budget, area_m2, timeline,
    start_date, postal_code, city, country, decision_role, property_type, phone, email,
    visit_requested, callback, callback_after, callback_before, callback_days, decision_date,
    competitors, referral, recurring, attachments_mentioned, preferred_channel, opt_out_channels.

    Args:
        lead: Its message is the text that was read: what gives orders is already blank in it.
        facts: In any order.
        profile: The business; tells the country of a place that names none but is served.
    """
    found = _first_by_name(facts)
    location = _location(lead.location, found)
    phone = lead.contact.phone or _value_of(found, "phone", _text)
    return Known(
        source=lead.source,
        events=lead.events,
        attachments=_attachments(lead, found),
        words=len(lead.message.split()),
        country=country_of(lead, location.value if location else None, phone, profile)
        or _country_fact(found),
        service=_either(_named_service(lead), "service", found, _text),
        budget=_either(_stated(lead.budget), "budget", found, _budget),
        area_m2=_either(lead.area_m2, "area_m2", found, _positive),
        timeline=_timeline(lead, found),
        location=location,
        decision_role=_either(lead.decision_role, "decision_role", found, _member_of(DecisionRole)),
        property_type=_either(lead.property_type, "property_type", found, _member_of(PropertyType)),
        phone=phone,
        email=lead.contact.email or _value_of(found, "email", _text),
        visit_requested=_either(None, "visit_requested", found, _true),
        callback=_callback(found),
        decision_date=_either(None, "decision_date", found, _date),
        competitors=_either(None, "competitors", found, _true),
        referral=_either(None, "referral", found, _true),
        recurring=_either(None, "recurring", found, _true),
        asked_channel=_value_of(found, "preferred_channel", _member_of(Channel)),
        refused_channels=_value_of(found, "opt_out_channels", _channels) or frozenset(),
    )


def country_of(
    lead: Lead, place: Location | None, phone: str | None, profile: BusinessProfile | None = None
) -> str | None:
    """Return the country of a lead, the surest sign first, or None.

    Its place names one; or fits one area served; or its phone number has a country code; or its
    locale a region.

    Args:
        lead: Gives the locale.
        place: Of the lead or its message.
        phone: E.164.
        profile: The business; without one no area is looked at.
    """
    if place is not None and place.country:
        return place.country
    around = profile.area_around(place) if profile else None
    return around.country if around else _country_of_phone(phone) or region_of(lead.locale)


def _country_of_phone(phone: str | None) -> str | None:
    try:
        number = phonenumbers.parse(phone or "", None)
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number)
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def timeline_until(start: date, *, asked_on: date) -> Timeline:
    """Return the timeline of a job that should start on a day, counted from the enquiry."""
    months = (start - asked_on).days / _DAYS_PER_MONTH
    if months < 1:
        return Timeline.UNDER_1_MONTH
    if months <= 3:  # noqa: PLR2004 - the bounds are in the names
        return Timeline.ONE_TO_3_MONTHS
    return Timeline.THREE_TO_6_MONTHS if months <= 6 else Timeline.OVER_6_MONTHS  # noqa: PLR2004


def _first_by_name(facts: Iterable[Fact]) -> Mapping[str, Fact]:
    found: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda fact: (fact.start, fact.name)):
        found.setdefault(fact.name, fact)
    return found


def _fact(found: Mapping[str, Fact], name: str, read: Callable[[JsonValue], T]) -> Item[T] | None:
    fact = found.get(name)
    if fact is None:
        return None
    try:
        return Item(read(fact.value), fact.quote)
    except (ValueError, TypeError):
        return None


def _value_of(found: Mapping[str, Fact], name: str, read: Callable[[JsonValue], T]) -> T | None:
    item = _fact(found, name, read)
    return None if item is None else item.value


def _either(
    field: T | None, name: str, found: Mapping[str, Fact], read: Callable[[JsonValue], T]
) -> Item[T] | None:
    return Item(field, name) if field is not None else _fact(found, name, read)


def _stated(budget: Budget | None) -> Budget | None:
    """Return a budget that names an amount; one that names only a currency leaves the gap open."""
    if budget is None or (budget.amount_min is None and budget.amount_max is None):
        return None
    return budget


def _timeline(lead: Lead, found: Mapping[str, Fact]) -> Item[Timeline] | None:
    said = _either(lead.timeline, "timeline", found, _member_of(Timeline))
    if said is not None:
        return said
    start = _fact(found, "start_date", _date)
    if start is None:
        return None
    asked_on = lead.created_at.date()
    return Item(timeline_until(start.value, asked_on=asked_on), start.evidence)


def _location(field: Location | None, found: Mapping[str, Fact]) -> Item[Location] | None:
    if field is not None and (field.postal_code or field.city):
        return Item(field, "location")
    parts = {name: _fact(found, name, _text) for name in ("postal_code", "city", "country")}
    named = {name: item for name, item in parts.items() if item is not None}
    if not named:
        known = field is not None and (field.country or field.region)
        return Item(field, "location") if field is not None and known else None
    values = {name: item.value for name, item in named.items()}
    evidence = next(iter(named.values())).evidence
    return Item((field or Location()).model_copy(update=values), evidence)


def _named_service(lead: Lead) -> str | None:
    """Return the service of the form, unless it names none (``other``, ``not sure``)."""
    if lead.service is None or service_name(lead.service) in UNSPECIFIC:
        return None
    return lead.service


def _attachments(lead: Lead, found: Mapping[str, Fact]) -> Item[int] | None:
    if lead.attachments:
        return Item(lead.attachments, "attachments")
    mentioned = _fact(found, "attachments_mentioned", _true)
    return None if mentioned is None else Item(1, mentioned.evidence)


def _country_fact(found: Mapping[str, Fact]) -> str | None:
    return _value_of(found, "country", _text)


def _callback(found: Mapping[str, Fact]) -> Item[CallWindow] | None:
    asked = _fact(found, "callback", _true)
    after = _fact(found, "callback_after", _time)
    before = _fact(found, "callback_before", _time)
    channel = _fact(found, "preferred_channel", _member_of(Channel))
    by_phone = channel if channel is not None and channel.value is Channel.PHONE else None
    first = asked or after or before or by_phone
    if first is None:
        return None
    days = _value_of(found, "callback_days", _weekdays) or frozenset()
    window = CallWindow(after.value if after else None, before.value if before else None, days)
    return Item(window, (after or before or first).evidence)


def _text(value: JsonValue) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value.strip()


@cache
def _member_of(choices: type[ChoiceT]) -> Callable[[JsonValue], ChoiceT]:
    return lambda value: choices(_text(value))


def _true(value: JsonValue) -> bool:
    if not value:
        raise ValueError
    return True


def _positive(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError
    return float(value)


def _budget(value: JsonValue) -> Budget:
    budget = _stated(Budget.model_validate(value))
    if budget is None:
        raise ValueError
    return budget


def _date(value: JsonValue) -> date:
    text = _text(value)
    return date.fromisoformat(text + "-01" if len(text) == len("2027-03") else text)


def _time(value: JsonValue) -> time:
    return time.fromisoformat(_text(value))


def _weekdays(value: JsonValue) -> frozenset[int]:
    if not isinstance(value, list):
        raise TypeError
    return frozenset(_WEEKDAYS.index(_text(item)) for item in value)


def _channels(value: JsonValue) -> frozenset[Channel]:
    if not isinstance(value, list):
        raise TypeError
    return frozenset(map(_member_of(Channel), value))
