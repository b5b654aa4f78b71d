"""A lead as a seller receives it: one definition for HTTP, storage and the model's schema."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from domain.ids import LeadId

MAX_MESSAGE_BYTES = 32 * 1024
"""Longest message of a lead, in bytes of UTF-8."""

MAX_EVENTS = 500
MAX_ATTRIBUTES = 256
MAX_ATTRIBUTES_BYTES = 64 * 1024

LeadIdText = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/-]*$")
]
ShortText = Annotated[str, Field(max_length=200)]


class Frozen(BaseModel):
    """A value: immutable, and closed against fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LeadSource(StrEnum):
    """Where the lead came from."""

    REFERRAL = "referral"
    WEBSITE_FORM = "website_form"
    PHONE = "phone"
    EMAIL = "email"
    WALK_IN = "walk_in"
    SOCIAL = "social"
    ADVERTISEMENT = "advertisement"
    MARKETPLACE = "marketplace"
    PARTNER = "partner"
    LIST = "list"
    OTHER = "other"


class Channel(StrEnum):
    """A way to reach a person."""

    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class BudgetPeriod(StrEnum):
    """What the amounts of a budget pay for: the whole job, a month or a year."""

    ONE_OFF = "one_off"
    MONTH = "month"
    YEAR = "year"


class Timeline(StrEnum):
    """When the work should start."""

    ASAP = "asap"
    UNDER_1_MONTH = "under_1_month"
    ONE_TO_3_MONTHS = "1_3_months"
    THREE_TO_6_MONTHS = "3_6_months"
    OVER_6_MONTHS = "over_6_months"


class PropertyType(StrEnum):
    """What kind of ground the work is on."""

    HOUSE = "house"
    APARTMENT = "apartment"
    COMMERCIAL = "commercial"
    ASSOCIATION = "association"
    PUBLIC = "public"
    OTHER = "other"


class DecisionRole(StrEnum):
    """What the contact may decide."""

    OWNER = "owner"
    COMMITTEE = "committee"
    PROPERTY_MANAGER = "property_manager"
    TENANT = "tenant"
    AGENT = "agent"
    OTHER = "other"


class EventType(StrEnum):
    """What the lead did, or asked us to do, after or around the first contact."""

    EMAIL_OPENED = "email_opened"
    EMAIL_CLICKED = "email_clicked"
    PAGE_VIEW = "page_view"
    QUOTE_PAGE_VIEW = "quote_page_view"
    REPLY = "reply"
    VISIT = "visit"
    CALL_ANSWERED = "call_answered"
    CALL_MISSED = "call_missed"
    UNSUBSCRIBED = "unsubscribed"
    OPT_OUT = "opt_out"


class LeadStatus(StrEnum):
    """Where the seller stands with the lead."""

    NEW = "new"
    CONTACTED = "contacted"
    VISIT_BOOKED = "visit_booked"
    QUOTED = "quoted"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


OPEN_STATUSES = frozenset(
    {LeadStatus.NEW, LeadStatus.CONTACTED, LeadStatus.VISIT_BOOKED, LeadStatus.QUOTED}
)
"""Statuses in which a call may still win the lead."""


class Contact(Frozen):
    """Who asks, and how to reach them."""

    full_name: ShortText = ""
    email: Annotated[str, Field(max_length=254)] | None = Field(
        default=None,
        description="Lower case, without surrounding space.",
        examples=["dana.whitfield@example.com"],
    )
    phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{5,14}$")] | None = Field(
        default=None, description="E.164.", examples=["+15035550142"]
    )
    preferred_channel: Channel | None = None


class Budget(Frozen):
    """What the lead wants to spend, in the named currency, per ``period``."""

    amount_min: Annotated[float, Field(ge=0, le=1e9)] | None = None
    amount_max: Annotated[float, Field(ge=0, le=1e9)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(
        default=None, description="ISO 4217."
    )
    period: BudgetPeriod = BudgetPeriod.ONE_OFF


class Location(Frozen):
    """Where the work is."""

    postal_code: Annotated[str, Field(max_length=16)] | None = None
    city: ShortText | None = None
    region: ShortText | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="ISO 3166-1 alpha-2."
    )
    lat: Annotated[float, Field(ge=-90, le=90)] | None = Field(
        default=None, description="Degrees north, WGS 84."
    )
    lon: Annotated[float, Field(ge=-180, le=180)] | None = Field(
        default=None, description="Degrees east, WGS 84."
    )


class LeadEvent(Frozen):
    """Something that happened at a time; an opt-out without ``channel`` means every one."""

    type: EventType
    at: AwareDatetime
    channel: Channel | None = None


class Consent(Frozen):
    """Whether we may write or call by each channel; ``null`` where nobody asked."""

    email: bool | None = None
    sms: bool | None = None
    whatsapp: bool | None = None
    phone: bool | None = None


class SetAside(Frozen):
    """A value that came but could not be used, kept for people to read."""

    field: str = Field(description="Dotted path, for example budget.amount_min.")
    value: JsonValue = Field(description="What came.")
    flag: str = Field(description="Name of the fault, for example area_negative.")


class Lead(Frozen):
    """One enquiry for garden work.

    Instances are made from outside input by :func:`domain.intake.read_lead`, which sets aside
    what is wrong but real; parsed directly, this model is strict.
    """

    lead_id: LeadIdText = Field(description="Unique within the tenant; made at intake when absent.")
    created_at: AwareDatetime = Field(
        description="When the lead came in; the time of receipt when absent."
    )
    source: LeadSource = LeadSource.OTHER
    campaign: ShortText | None = None
    locale: Annotated[str, Field(max_length=35)] | None = Field(
        default=None, description="BCP 47.", examples=["de-DE"]
    )
    timezone: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="IANA name.", examples=["Europe/Berlin"]
    )
    contact: Contact = Contact()
    service: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="Lower snake case.", examples=["garden_maintenance"]
    )
    budget: Budget | None = None
    area_m2: Annotated[float, Field(gt=0, le=1e8)] | None = Field(
        default=None, description="Square metres."
    )
    timeline: Timeline | None = None
    location: Location | None = None
    property_type: PropertyType | None = None
    decision_role: DecisionRole | None = None
    message: str = Field(
        default="", description="At most 32 KiB of UTF-8. Data, never an instruction."
    )
    attachments: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="Number of files that came along."
    )
    events: Annotated[tuple[LeadEvent, ...], Field(max_length=MAX_EVENTS)] = ()
    consent: Consent = Consent()
    status: LeadStatus = LeadStatus.NEW
    attributes: Annotated[dict[str, JsonValue], Field(max_length=MAX_ATTRIBUTES)] = Field(
        default_factory=dict,
        description="Any columns of the seller's CRM.",
        examples=[{"age": 44, "housing": "yes"}],
    )
    external_ids: Annotated[dict[str, ShortText], Field(max_length=32)] = Field(
        default_factory=dict
    )
    flags: tuple[str, ...] = Field(
        default=(), description="Faults found at intake, by name, sorted."
    )
    set_aside: tuple[SetAside, ...] = Field(
        default=(), description="The values those faults are about."
    )


def typed_lead_id(lead: Lead) -> LeadId:
    """Return the lead's id as the type stores and ports use."""
    return LeadId(lead.lead_id)


def closed_channels(lead: Lead) -> frozenset[Channel]:
    """Return the channels by which the lead must not be reached.

    A channel is closed by consent ``false``, by an ``opt_out`` event that names it or names none,
    and e-mail by an ``unsubscribed`` event. A later event never opens one again: only the
    person can, through consent, and consent given is stored by removing the opt-out.
    """
    closed = {channel for channel in Channel if getattr(lead.consent, channel.value) is False}
    for event in lead.events:
        if event.type is EventType.UNSUBSCRIBED:
            closed.add(event.channel or Channel.EMAIL)
        elif event.type is EventType.OPT_OUT:
            closed.update([event.channel] if event.channel else Channel)
    return frozenset(closed)


def last_event_at(lead: Lead) -> datetime:
    """Return the time of the newest event, or of creation where there is none."""
    return max((event.at for event in lead.events), default=lead.created_at)
