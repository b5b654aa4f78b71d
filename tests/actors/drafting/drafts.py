"""Leads, settings and sound texts for the tests of drafts."""

from datetime import date
from typing import Any

from actors.drafting.assignment import Assignment
from actors.drafting.checks import DraftText, check_text
from actors.settings import WritingSettings
from domain.follow_up import DraftFinding, Language, Stage, Tone
from domain.lead import Channel, Lead
from tests.scoring.leads import PROFILE, analysed, lead

WRITING = WritingSettings(
    sender_name="Robin Hale",
    phone="+15035550100",
    links=("https://garden-demo.example/visit",),
)
TODAY = date(2026, 11, 23)
EVERYTHING = {"email": True, "sms": True, "whatsapp": True, "phone": True}


def dana(**changes: Any) -> Lead:
    """Return an English lead of which much is known; every channel is open."""
    fields: dict[str, Any] = {
        "source": "website_form",
        "locale": "en-US",
        "contact": {
            "full_name": "Dana Whitfield",
            "email": "dana.whitfield@example.com",
            "phone": "+15035550142",
        },
        "service": "landscape_design",
        "budget": {"amount_min": 18000, "amount_max": 25000, "currency": "USD"},
        "area_m2": 350,
        "location": {"postal_code": "97209", "city": "Portland", "country": "US"},
        "decision_role": "owner",
        "message": "About 3,800 sq ft. The board votes on 15 January 2027. "
        "Please call me on Saturday after 6 pm.",
        "consent": EVERYTHING,
    }
    return lead(**{**fields, **changes})


def juergen(**changes: Any) -> Lead:
    """Return a German lead of which much is known; every channel is open."""
    fields: dict[str, Any] = {
        "source": "website_form",
        "locale": "de-DE",
        "contact": {
            "full_name": "Jürgen Hölzl",
            "email": "j.hoelzl@example.de",
            "phone": "+493023125042",
        },
        "service": "garden_maintenance",
        "budget": {"amount_max": 180, "currency": "EUR", "period": "month"},
        "area_m2": 240,
        "timeline": "asap",
        "location": {"postal_code": "10405", "city": "Berlin", "country": "DE"},
        "message": "Wir möchten im Februar 2027 beginnen. Rückruf bitte nach 18 Uhr.",
        "consent": EVERYTHING,
    }
    return lead(**{**fields, **changes})


def english(
    said: str, *, channel: Channel = Channel.EMAIL, greeting: str = "Hi Dana,"
) -> DraftText:
    """Return a sound English text with a sentence in its middle."""
    body = (
        f"{greeting}\n\nThank you for your enquiry about landscape design. {said}\n\n"
        "We would be glad to hear from you.\n\nBest wishes,\nRobin Hale\nGarden demo\n\n"
        f"{WRITING.postal_address}\n"
        "If you would rather not hear from us again, just reply “no thanks”."
    )
    subject = "Your enquiry about landscape design" if channel is Channel.EMAIL else None
    return DraftText(channel, Language.ENGLISH, subject, body)


def german(said: str, *, greeting: str = "Guten Tag Jürgen Hölzl,") -> DraftText:
    """Return a sound German e-mail with a sentence in its middle."""
    body = (
        f"{greeting}\n\nvielen Dank für Ihre Anfrage zur Gartenpflege. {said}\n\n"
        "Wir freuen uns auf Ihre Antwort.\n\nViele Grüße\nRobin Hale\nGarden demo\n\n"
        f"{WRITING.postal_address}\n"
        "Wenn Sie keine weiteren Nachrichten von uns möchten, antworten Sie mit „Nein danke“."
    )
    return DraftText(Channel.EMAIL, Language.GERMAN, "Ihre Anfrage zur Gartenpflege", body)


def checked(
    text: DraftText, subject: Lead, *, writing: WritingSettings = WRITING
) -> tuple[DraftFinding, ...]:
    """Return what the checks see, with the lead's own analysis."""
    return check_text(
        text, lead=subject, analysis=analysed(subject), writing=writing, profile=PROFILE
    )


def names(findings: tuple[DraftFinding, ...]) -> set[str]:
    """Return the names of the checks that saw something."""
    return {finding.check for finding in findings}


def assignment(
    *,
    stage: Stage = Stage.FIRST_REPLY,
    channel: Channel = Channel.EMAIL,
    tone: Tone = Tone.FRIENDLY,
    language: Language = Language.ENGLISH,
) -> Assignment:
    """Return what is to be written on the day of the tests."""
    return Assignment(stage, channel, tone, language, TODAY)
