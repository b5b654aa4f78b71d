"""What is put around a personal part, and what of it is taken off first."""

import pytest

from actors.drafting.assignment import sender_of
from actors.drafting.facts_sheet import facts_sheet
from actors.drafting.frame import framed
from domain.follow_up import Language
from domain.lead import Channel
from tests.actors.drafting.drafts import WRITING, assignment, dana, juergen
from tests.scoring.leads import PROFILE, analysed

SCRIPTS = [
    ("Hello, thank you for your enquiry.", "Thank you for your enquiry."),
    ("Hi Dana, thank you for your enquiry.", "Thank you for your enquiry."),
    ("Good morning! Thank you for your enquiry.", "Thank you for your enquiry."),
    (
        "Reason for the call:\nHello Dana, thank you for your enquiry.",
        "Reason for the call:\nThank you for your enquiry.",
    ),
    ("Reason: Hello, thank you.", "Reason: Thank you."),
    (
        "Opening:\nHello, this is Robin Hale. Am I speaking with Dana?\n\nReason:\nYour enquiry.",
        "Reason:\nYour enquiry.",
    ),
    ("Reason for the call:\nYour enquiry.", "Reason for the call:\nYour enquiry."),
    ("Say that we are glad. Dear plants need care, too.",) * 2,
]


@pytest.mark.parametrize(("script", "kept"), SCRIPTS)
def test_a_phone_script_greets_once(script: str, kept: str) -> None:
    lead = dana()
    body = framed(
        script,
        None,
        assignment=assignment(channel=Channel.PHONE),
        sheet=facts_sheet(lead, analysed(lead), profile=PROFILE),
        sender=sender_of(WRITING, PROFILE),
    ).body
    opening = "Opening:\nHello, this is Robin Hale, Garden demo. Am I speaking with Dana Whitfield?"
    assert body.startswith(f"{opening}\n\n{kept}\n\nNotes:")


def test_a_german_phone_script_greets_once() -> None:
    lead = juergen()
    body = framed(
        "Einstieg:\nGuten Tag, hier ist Robin Hale. Spreche ich mit Jürgen Hölzl?\n\n"
        "Anlass:\nGuten Tag Herr Hölzl, es geht um Ihre Anfrage.",
        None,
        assignment=assignment(channel=Channel.PHONE, language=Language.GERMAN),
        sheet=facts_sheet(lead, analysed(lead), profile=PROFILE),
        sender=sender_of(WRITING, PROFILE),
    ).body
    assert body.count("Guten Tag") == 1
    assert "Anlass:\nEs geht um Ihre Anfrage." in body
