"""What a model may claim of a message: the names, what they mean, how their values are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from domain.lead import Channel, DecisionRole, PropertyType, Timeline
from scoring.phrases.services import SYNONYMS

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Kind(StrEnum):
    """How the value of a claim is written and held against the message."""

    AREA = auto()
    MONEY = auto()
    DATE = auto()
    CLOCK = auto()
    PHONE = auto()
    EMAIL = auto()
    CODE = auto()
    PLACE = auto()
    COUNT = auto()
    WEEKDAYS = auto()
    CHANNELS = auto()
    CHOICE = auto()
    YES = auto()


@dataclass(frozen=True, slots=True)
class ClaimForm:
    """One name a model may claim; prompts and schemas are made from these, and from nothing else.

    Attributes:
        kind: How the value is held against the message.
        means: What the fact is, in words.
        written: How the value is written, in words.
        values: The only values allowed, or parts of a list; empty where any will do.
    """

    kind: Kind
    means: str
    written: str
    values: tuple[str, ...] = ()


def _choice(means: str, values: tuple[str, ...]) -> ClaimForm:
    return ClaimForm(Kind.CHOICE, means, "one of the values", values)


def _yes(means: str) -> ClaimForm:
    return ClaimForm(Kind.YES, means, "true; left out where it is not said", ("true",))


_CHANNELS = tuple(channel.value for channel in Channel)
_DAY = "YYYY-MM-DD, or YYYY-MM where no day is named"
_HOUR = "HH:MM, 24 hours"

FORMS: Mapping[str, ClaimForm] = {
    "service": _choice("the work that is wanted", tuple(sorted(set(SYNONYMS.values())))),
    "budget": ClaimForm(
        Kind.MONEY,
        "what the person would spend on this work; not what something else did cost",
        "amount or low-high, then the currency's ISO code, then per month or per year if so said",
    ),
    "area_m2": ClaimForm(
        Kind.AREA,
        "size of the ground the work is on; not of a house or flat",
        "number and unit as written in the message",
    ),
    "timeline": _choice(
        "when the work should start, counted from the day of the message",
        tuple(timeline.value for timeline in Timeline),
    ),
    "start_date": ClaimForm(Kind.DATE, "the date on which the work should start", _DAY),
    "postal_code": ClaimForm(Kind.CODE, "postal code of the ground", "as in the message"),
    "city": ClaimForm(Kind.PLACE, "town the ground is in", "as in the message"),
    "decision_role": _choice(
        "what the person may decide about the ground",
        tuple(role.value for role in DecisionRole if role is not DecisionRole.OTHER),
    ),
    "property_type": _choice(
        "what kind of ground it is",
        tuple(kind.value for kind in PropertyType if kind is not PropertyType.OTHER),
    ),
    "phone": ClaimForm(Kind.PHONE, "telephone number of the person", "as in the message"),
    "email": ClaimForm(Kind.EMAIL, "e-mail address of the person", "as in the message"),
    "visit_requested": _yes("asks somebody to come and look"),
    "callback": _yes("asks to be called"),
    "callback_after": ClaimForm(Kind.CLOCK, "the hour from which to call", _HOUR),
    "callback_before": ClaimForm(Kind.CLOCK, "the hour until which to call", _HOUR),
    "callback_days": ClaimForm(
        Kind.WEEKDAYS, "the days on which to call", "list, separated by commas", WEEKDAYS
    ),
    "decision_date": ClaimForm(
        Kind.DATE, "the date on which somebody decides who gets the work", _DAY
    ),
    "competitors": ClaimForm(
        Kind.COUNT, "other firms are asked too", "their number, or true where none is given"
    ),
    "referral": _yes("was recommended by somebody"),
    "recurring": _yes("wants the work again and again"),
    "attachments_mentioned": _yes("sent pictures, plans or other files along"),
    "preferred_channel": _choice("how the person wants to be reached", _CHANNELS),
    "opt_out_channels": ClaimForm(
        Kind.CHANNELS,
        "by which ways the person does not want to be reached",
        "list, separated by commas",
        _CHANNELS,
    ),
}
"""By name."""
