"""What a model is asked for a draft: one JSON document of facts, and the shape of the answer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from actors.drafting.allowed import Allowed
from actors.drafting.assignment import Assignment, Sender
from actors.drafting.fact_checks import without_phones
from actors.drafting.facts_sheet import FactsSheet
from actors.drafting.frame import framed
from actors.drafting.link_checks import find_links
from actors.drafting.phrases import (
    area_in_words,
    day_in_words,
    fillings,
    is_ahead,
    questions_to_ask,
    topic,
    window_in_words,
)
from actors.drafting.plain_text import MASK, readable
from actors.drafting.sms import GSM_SEPTETS_OF_PART
from actors.drafting.texts import texts
from actors.settings import WritingSettings
from domain.follow_up import DraftFinding, Language, Tone
from domain.lead import Channel

QUESTION = "follow_up_draft"
"""Name of the answer's schema."""

MAX_OUTPUT_TOKENS = 900
LEAST_ROOM_CHARS = 120
MOST_ROOM_CHARS = 1200
"""A first letter that is longer is not read."""

_LEFT_OUT = re.compile(rf"(?:{MASK}\s*)+")


class DraftAnswer(BaseModel):
    """The personal part of a follow-up."""

    # This docstring travels in the schema: it speaks to the model.

    model_config = ConfigDict(frozen=True)

    subject: str | None = None
    body: str


def message_for_writer(text: str) -> str:
    """Return what a model may read of a message: without links, addresses and numbers to call.

    A draft never needs them, so neither they nor what somebody hid in them leave the house.

    Args:
        text: Without orders to the machine, cut to the budget.
    """
    _, rest = find_links(readable(text), Allowed())
    return _LEFT_OUT.sub("\u2026 ", without_phones(rest)).strip()


def draft_document(
    assignment: Assignment,
    sheet: FactsSheet,
    sender: Sender,
    *,
    writing: WritingSettings,
    message: str,
) -> dict[str, Any]:
    """Return what the model gets: the facts a draft may use, in the words of its language.

    Neither the name nor any way to reach the person is in it: greeting, signature, address and
    opt-out line are put around the answer.
    """
    said = texts(assignment.language, assignment.tone)
    filled = fillings(assignment, sheet, sender, said)
    document = {
        "stage": assignment.stage.value,
        "channel": assignment.channel.value,
        "language": assignment.language.value,
        "tone": assignment.tone.value,
        "address": _address(assignment),
        "room_chars": room_chars(assignment, sheet, sender, writing),
        "business": sender.business,
        "facts": _facts(assignment, sheet),
        "ask": list(questions_to_ask(sheet, said, assignment.language)),
        "next_step": filled["wish"],
        "links": list(writing.links),
        "message": message,
    }
    return {name: value for name, value in document.items() if value not in (None, "", [], {})}


def as_turn(document: Mapping[str, Any]) -> str:
    """Return a document as the text of the user's turn."""
    return orjson.dumps(dict(document)).decode()


def with_faults(
    document: Mapping[str, Any], answer: DraftAnswer, findings: Sequence[DraftFinding]
) -> dict[str, Any]:
    """Return the document of the second try: with the first answer, and what was wrong with it."""
    faults = [{"check": one.check, "found": one.found, "allowed": one.allowed} for one in findings]
    return {**document, "previous": answer.model_dump(), "faults": faults}


def room_chars(
    assignment: Assignment, sheet: FactsSheet, sender: Sender, writing: WritingSettings
) -> int:
    """Return how many characters the personal part may have."""
    around = len(framed("", None, assignment=assignment, sheet=sheet, sender=sender).body)
    whole = {
        Channel.EMAIL: writing.email_max_chars,
        Channel.WHATSAPP: writing.whatsapp_max_chars,
        Channel.PHONE: writing.phone_max_chars,
        Channel.SMS: writing.sms_max_segments * GSM_SEPTETS_OF_PART,
    }[assignment.channel]
    return max(LEAST_ROOM_CHARS, min(MOST_ROOM_CHARS, whole - around))


def _address(assignment: Assignment) -> str | None:
    if assignment.language is not Language.GERMAN:
        return None
    return "du" if assignment.tone is Tone.CASUAL else "Sie"


def _facts(assignment: Assignment, sheet: FactsSheet) -> dict[str, Any]:
    said = texts(assignment.language, assignment.tone)
    start = sheet.start if sheet.start and is_ahead(sheet.start, assignment.today) else None
    due = sheet.decision if sheet.decision and is_ahead(sheet.decision, assignment.today) else None
    facts = {
        "enquiry": topic(sheet, said, "about").strip(),
        "area": area_in_words(sheet, said, simple=assignment.channel is Channel.SMS),
        "place": sheet.city,
        "start": day_in_words(start, sheet, said) if start else None,
        "decision": day_in_words(due, sheet, said) if due else None,
        "call_wanted": window_in_words(sheet.window, said, assignment.language)
        if sheet.window and sheet.can_call
        else None,
        "visit_wanted": sheet.wants_visit or None,
    }
    return {name: value for name, value in facts.items() if value}
