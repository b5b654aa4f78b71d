"""What is to be written, and in whose name."""

from dataclasses import dataclass
from datetime import date

import phonenumbers

from actors.settings import WritingSettings
from domain.follow_up import Language, Stage, Tone
from domain.lead import Channel
from scoring.settings import BusinessProfile


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is to be written.

    Attributes:
        today: The day at the lead's place; days before it are not mentioned.
    """

    stage: Stage
    channel: Channel
    tone: Tone
    language: Language
    today: date


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name a draft is written.

    Attributes:
        name: Who signs; None lets the business sign.
        phone: As people of other countries dial it, or None.
        link: The first link of the settings, or None.
        has_partners: Whether an enquiry that is not for us may be offered to a partner.
    """

    business: str
    name: str | None
    phone: str | None
    link: str | None
    postal_address: str
    has_partners: bool


def sender_of(writing: WritingSettings, profile: BusinessProfile) -> Sender:
    """Return in whose name a business writes."""
    return Sender(
        business=profile.name,
        name=writing.sender_name,
        phone=international(writing.phone) if writing.phone else None,
        link=writing.links[0] if writing.links else None,
        postal_address=writing.postal_address,
        has_partners=profile.refers_to_partners,
    )


def international(e164: str) -> str:
    """Return a number of the settings as people read it, for example ``+49 30 23125042``."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
