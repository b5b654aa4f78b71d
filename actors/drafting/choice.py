"""Chooses channel, tone and language of a draft where the request leaves them open."""

import re

import phonenumbers

from actors.drafting.facts_sheet import FactsSheet
from actors.drafting.languages import detect, leaning
from domain.analysis import Gate, LeadAnalysis
from domain.errors import AgentError
from domain.follow_up import Language, Tone
from domain.lead import Channel, DecisionRole, Lead, LeadSource, PropertyType

_REFUSED = (Gate.SPAM, Gate.SOLICITATION, Gate.OPTED_OUT)
"""Nobody writes to these, unless a person undid the gate."""

_BUSINESS_ROLES = frozenset(
    {DecisionRole.COMMITTEE, DecisionRole.PROPERTY_MANAGER, DecisionRole.AGENT}
)
_BUSINESS_GROUNDS = frozenset(
    {PropertyType.COMMERCIAL, PropertyType.ASSOCIATION, PropertyType.PUBLIC}
)
_GERMAN_SPEAKING = frozenset({"DE", "AT", "CH", "LI"})
_SAYS_DU = re.compile(r"\b(?:du|dich|dir|dein\w{0,2}|euch|eure?[nmrs]?)\b", re.IGNORECASE)


def refuse_disqualified(analysis: LeadAnalysis) -> None:
    """Refuse to write to a lead that is no customer, or that asked not to be written to.

    Raises:
        AgentError: ``lead_disqualified``, with the gate's name.
    """
    acting = {finding.gate for finding in analysis.gates if not finding.undone}
    for gate in _REFUSED:
        if gate in acting:
            detail = f"the gate {gate.value} closed on the lead; a person can undo it"
            raise AgentError("lead_disqualified", detail, False)


def choose_channel(wanted: Channel | None, sheet: FactsSheet, analysis: LeadAnalysis) -> Channel:
    """Return the channel of a draft: the wanted one, else that of the next action, else the best.

    Raises:
        AgentError: ``channel_closed``: the wanted one is closed to the lead or needs a consent
            that nobody gave; ``no_channel``: there is no address for it, or none for any.
    """
    still = ", ".join(channel.value for channel in sheet.channels) or "none"
    if wanted is None:
        if not sheet.channels:
            raise AgentError("no_channel", "no channel to the lead is open", False)
        advised = analysis.next_best_action.channel
        return advised if advised in sheet.channels else sheet.channels[0]
    if wanted in sheet.channels:
        return wanted
    address = sheet.email if wanted is Channel.EMAIL else sheet.phone
    if address is None:
        what = "e-mail address" if wanted is Channel.EMAIL else "telephone number"
        detail = f"the lead has no {what} for {wanted.value}; open: {still}"
        raise AgentError("no_channel", detail, False)
    detail = f"{wanted.value} is closed to the lead, or needs a consent it has not; open: {still}"
    raise AgentError("channel_closed", detail, False)


def choose_language(wanted: Language | None, lead: Lead, message: str) -> Language:
    """Return the language of a draft: that of the message where it is clear, else of the locale.

    Without a locale a few words of the message decide, then the country of the place, then that of
    the telephone number; where nothing does, it is English.

    Args:
        wanted: What the request says.
        lead: Whose locale, place and number count where the message is too short to say.
        message: Without orders to the machine.
    """
    clear = wanted or detect(message)
    if clear:
        return clear
    if lead.locale:
        return _of_locale(lead.locale)
    place = lead.location.country if lead.location else None
    return leaning(message) or _of_country(place or _phone_country(lead.contact.phone))


def choose_tone(wanted: Tone | None, lead: Lead, language: Language, message: str) -> Tone:
    """Return the tone of a draft; it does not change from stage to stage of a conversation.

    Whoever speaks for others, or for a business, is addressed formally; whoever came by social
    media, or says du in German, casually. Else English is friendly, and German formal.
    """
    if wanted is not None:
        return wanted
    if lead.decision_role in _BUSINESS_ROLES or lead.property_type in _BUSINESS_GROUNDS:
        return Tone.FORMAL
    if lead.source is LeadSource.SOCIAL:
        return Tone.CASUAL
    if language is Language.GERMAN:
        return Tone.CASUAL if _SAYS_DU.search(message) else Tone.FORMAL
    return Tone.FRIENDLY


def _of_locale(locale: str) -> Language:
    spoken = re.split(r"[-_]", locale.strip().lower(), maxsplit=1)[0]
    return Language.GERMAN if spoken == Language.GERMAN.value else Language.ENGLISH


def _of_country(country: str | None) -> Language:
    return Language.GERMAN if country in _GERMAN_SPEAKING else Language.ENGLISH


def _phone_country(e164: str | None) -> str | None:
    """Return the country a telephone number belongs to, or None."""
    try:
        number = phonenumbers.parse(e164 or "")
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.region_code_for_country_code(number.country_code or 0)
