"""From what is known of a lead to the ordered features of the scorecard."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from domain.lead import (
    Budget,
    BudgetPeriod,
    Channel,
    DecisionRole,
    EventType,
    LeadSource,
    PropertyType,
    Timeline,
)
from scoring.known import Item, Known
from scoring.settings import BusinessProfile, ServiceOffer

MONTHS_PER_YEAR = 12
AMPLE_RATIO = 3.0
"""From this multiple of the smallest order on a budget is ample."""

_COUNTED_EVENTS = {
    EventType.REPLY: "replies",
    EventType.VISIT: "visits",
    EventType.CALL_ANSWERED: "calls_answered",
    EventType.QUOTE_PAGE_VIEW: "quote_page_views",
    EventType.PAGE_VIEW: "page_views",
    EventType.EMAIL_CLICKED: "email_clicks",
    EventType.EMAIL_OPENED: "email_opens",
}


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing known about a lead.

    Attributes:
        name: A row of the scorecard.
        level: Name of the row's level, or the number that picks it.
        value: What people should see.
        evidence: A verbatim quote of the message, or the field's name.
    """

    name: str
    level: str | float
    value: JsonValue
    evidence: str | None


def read_features(
    known: Known, channels: Collection[Channel], profile: BusinessProfile
) -> tuple[Feature, ...]:
    """Return the features of a lead, each once, in a fixed order; what is unknown is left out.

    Only what is known at intake or from the lead's own events counts: the seller's status, the
    outcome and the columns of a CRM stay out, since they tell what was learnt later. The order
    of the events makes no difference, and neither does the present time.

    Args:
        known: The lead's fields and facts.
        channels: Those that are open.
        profile: The business.
    """
    features = [feature for read in _READERS for feature in read(known, profile)]
    return (*features, *_reach(channels))


def budget_of(known: Known, offer: ServiceOffer | None, profile: BusinessProfile) -> float | None:
    """Return what the budget comes to, in our currency, per month for a recurring service.

    None where there is no budget or its currency has no rate. A missing currency is taken to be
    that of the lead's country, else ours.
    """
    if known.budget is None:
        return None
    amount = _upper(known.budget.value)
    if amount is None:
        return None
    budget = known.budget.value
    currency = budget.currency or _local_currency(known, profile)
    own = profile.to_own_currency(amount, currency)
    if own is None:
        return None
    recurring = offer is not None and offer.recurring
    if budget.period is BudgetPeriod.YEAR:
        return own / MONTHS_PER_YEAR if recurring else own
    if budget.period is BudgetPeriod.MONTH:
        return own if recurring else own * MONTHS_PER_YEAR
    return own


def _upper(budget: Budget) -> float | None:
    return budget.amount_max if budget.amount_max is not None else budget.amount_min


def _local_currency(known: Known, profile: BusinessProfile) -> str:
    area = profile.area_in(known.country)
    return area.currency if area else profile.currency


def _money(known: Known, profile: BusinessProfile) -> Iterator[Feature]:
    """Yield service, budget and what both say together.

    Whatever rests on two facts is 0 while the budget is under the price: otherwise taking away
    the service or the area could raise the score of a lead they speak for.
    """
    offer = profile.offer(known.service.value if known.service else None)
    own = budget_of(known, offer, profile)
    priced_below = own is not None and offer is not None and own < offer.minimum_price
    if known.service and offer:
        level = "offered_recurring" if offer.recurring else "offered"
        shown = "priced_below" if priced_below else level
        yield Feature("service", shown, known.service.value, known.service.evidence)
    if known.budget is None or _upper(known.budget.value) is None:
        return
    shown_budget = budget_text(known.budget.value)
    quote = known.budget.evidence
    yield Feature("budget", _budget_level(own, offer), shown_budget, quote)
    if own is None or priced_below:
        return
    if offer is not None and known.area_m2 is not None:
        fits = own >= offer.price_floor(known.area_m2.value)
        yield Feature("budget_fits_area", "fits" if fits else "tight", shown_budget, quote)
    yield Feature("order_value", _year_value(known.budget.value, own, offer), shown_budget, quote)


def _budget_level(own: float | None, offer: ServiceOffer | None) -> str:
    if own is None or offer is None:
        return "stated"
    if own < offer.minimum_price:
        return "below_price"
    return "ample" if own >= AMPLE_RATIO * offer.minimum_price else "meets_price"


def _year_value(budget: Budget, own: float, offer: ServiceOffer | None) -> float:
    recurs = offer is not None and offer.recurring and budget.period is not BudgetPeriod.ONE_OFF
    return own * MONTHS_PER_YEAR if recurs else own


def budget_text(budget: Budget) -> str:
    """Return a budget as people read it, for example ``18000-25000 USD``."""
    amounts = [amount for amount in (budget.amount_min, budget.amount_max) if amount is not None]
    text = "-".join(dict.fromkeys(f"{amount:.2f}".removesuffix(".00") for amount in amounts))
    period = "" if budget.period is BudgetPeriod.ONE_OFF else f" a {budget.period.value}"
    return f"{text} {budget.currency or ''}".strip() + period


def _site(known: Known, profile: BusinessProfile) -> Iterator[Feature]:
    if known.area_m2:
        yield Feature("area", known.area_m2.value, known.area_m2.value, known.area_m2.evidence)
    if known.location:
        served = profile.serves(known.location.value)
        if served is not None:
            place = known.location.value
            text = " ".join(filter(None, (place.postal_code, place.city, place.country)))
            level = "served" if served else "outside"
            yield Feature("location", level, text, known.location.evidence)


def _person(known: Known, _profile: BusinessProfile) -> Iterator[Feature]:
    yield from _named("decision_role", known.decision_role)
    yield from _named("property_type", known.property_type)
    yield Feature("source", known.source.value, known.source.value, "source")
    yield from _named("timeline", known.timeline)


def _reach(channels: Collection[Channel]) -> Iterator[Feature]:
    phone = Channel.PHONE in channels
    written = any(channel is not Channel.PHONE for channel in channels)
    level = "_and_".join(
        name for name, is_open in (("phone", phone), ("written", written)) if is_open
    )
    if level:
        yield Feature("reach", level, level, "contact")


def _named(
    name: str, item: Item[DecisionRole] | Item[PropertyType] | Item[Timeline] | None
) -> Iterator[Feature]:
    if item is not None:
        yield Feature(name, str(item.value), str(item.value), item.evidence)


def _wishes(known: Known, _profile: BusinessProfile) -> Iterator[Feature]:
    if known.visit_requested:
        yield Feature("visit_asked", "asked", True, known.visit_requested.evidence)
    if known.callback:
        yield Feature("callback_asked", "asked", True, known.callback.evidence)
    if known.decision_date:
        day = known.decision_date.value.isoformat()
        yield Feature("decision_date", "named", day, known.decision_date.evidence)
    if known.competitors:
        yield Feature("other_bidders", "named", True, known.competitors.evidence)
    if known.recurring:
        yield Feature("recurring_asked", "asked", True, known.recurring.evidence)
    if known.referral and known.source is not LeadSource.REFERRAL:
        yield Feature("recommended", "named", True, known.referral.evidence)


def _effort(known: Known, _profile: BusinessProfile) -> Iterator[Feature]:
    if known.words:
        yield Feature("message_detail", known.words, f"{known.words} words", "message")
    if known.attachments:
        count = known.attachments.value
        yield Feature("attachments", count, count, known.attachments.evidence)


def _events(known: Known, _profile: BusinessProfile) -> Iterator[Feature]:
    counts = Counter(event.type for event in known.events)
    for event_type, name in _COUNTED_EVENTS.items():
        if counts[event_type]:
            yield Feature(name, counts[event_type], counts[event_type], "events")
    if counts[EventType.UNSUBSCRIBED]:
        yield Feature("unsubscribed", "unsubscribed", True, "events")


_READERS: tuple[Callable[[Known, BusinessProfile], Iterator[Feature]], ...] = (
    _money,
    _site,
    _person,
    _wishes,
    _effort,
    _events,
)
