"""By which channels a lead may be reached, best first."""

from domain.lead import Channel, Lead, closed_channels
from scoring.known import Known

_ORDER = (Channel.PHONE, Channel.EMAIL, Channel.WHATSAPP, Channel.SMS)
_NEEDS_CONSENT = frozenset({Channel.SMS, Channel.WHATSAPP})
"""Nobody expects a text message because of a number left in a form: these need a yes."""


def open_channels(lead: Lead, known: Known) -> tuple[Channel, ...]:
    """Return the channels that are neither closed nor without an address.

    The one the person prefers comes first, then those with explicit consent, then telephone,
    e-mail, WhatsApp, SMS. Consent is stored on the lead; what the message forbids counts too.
    """
    closed = closed_channels(lead) | known.refused_channels
    preferred = preferred_channel(lead, known)

    def usable(channel: Channel) -> bool:
        address = known.email if channel is Channel.EMAIL else known.phone
        if address is None or channel in closed:
            return False
        return channel not in _NEEDS_CONSENT or channel is preferred or _consented(lead, channel)

    return tuple(
        sorted(
            filter(usable, _ORDER),
            key=lambda channel: (
                channel is not preferred,
                not _consented(lead, channel),
                _ORDER.index(channel),
            ),
        )
    )


def preferred_channel(lead: Lead, known: Known) -> Channel | None:
    """Return the channel the person asked for: by the message if it says so, else by the form."""
    if known.callback is not None:
        return Channel.PHONE
    return known.asked_channel or lead.contact.preferred_channel


def _consented(lead: Lead, channel: Channel) -> bool:
    return getattr(lead.consent, channel.value) is True
