"""What stands around the personal part of a draft: greeting, signature, address, opt-out line."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from actors.drafting.assignment import Assignment, Sender
from actors.drafting.checks import DraftText
from actors.drafting.facts_sheet import FactsSheet
from actors.drafting.phrases import window_in_words
from actors.drafting.sms import plain
from actors.drafting.texts import Texts, texts
from domain.lead import Channel

_Build = Callable[[str, Assignment, FactsSheet, Sender], str]

MOST_CHARS = 8000
"""A model's answer is read up to here; no draft may be as long."""

_GREETING = (
    r"(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|guten (?:tag|morgen|abend)|hallo|"
    r"liebe[rs]?|sehr geehrte[rs]?)\b"
)
_GREETS = re.compile(rf"{_GREETING}[^\n!?.]{{0,60}}[,!]\s*", re.IGNORECASE)
_GREETS_IN_LINE = re.compile(
    rf"(?:^|(?<=\n)|(?<=:[ ]))[\"\u201c\u201e]?{_GREETING}[^\n!?.,]{{0,40}}[,!.]\s*(?P<next>\w?)",
    re.IGNORECASE,
)
_OPENS = re.compile(
    rf"(?:[^\n:]{{1,40}}:\s*)?[\"\u201c\u201e]?{_GREETING}[^\n]{{0,200}}?"
    r"(?:speaking (?:with|to)|spreche ich mit|this is|my name is|mein name|hier ist)\b"
    r"[^\n]{0,120}\Z",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    r"\n[ \t]*(?:(?:kind|best|warm|many)? ?(?:regards|wishes)|all the best|sincerely|yours|cheers|"
    r"mit (?:freundlichen|besten|herzlichen) grüßen|(?:viele|liebe|beste|herzliche|freundliche|"
    r"schöne) grüße|mfg)\b[^\n]{0,40}(?:\n[^\n]{0,60}){0,3}\Z",
    re.IGNORECASE,
)


def greeting(assignment: Assignment, sheet: FactsSheet) -> str:
    """Return the first line: with the name where one is known that fits the tone."""
    name = sheet.name
    said = texts(assignment.language, assignment.tone)
    if name is not None and name.family:
        return said.by_tone("greeting", "_family").format(family=name.family)
    form = said.by_tone("greeting")
    by_first = "{first}" in form and name is not None and name.first is not None
    if name is None or not (by_first or name.is_complete):
        return said.by_tone("greeting", "_nameless")
    return form.format(full=name.full, first=name.first or name.full)


def framed(
    personal: str, subject: str | None, *, assignment: Assignment, sheet: FactsSheet, sender: Sender
) -> DraftText:
    """Return the whole text around its personal part.

    Args:
        personal: What is said, without greeting and closing.
        subject: For an e-mail; left out elsewhere.
        assignment: What is to be written.
        sheet: Who is greeted.
        sender: Who signs.
    """
    build = _BUILDERS[assignment.channel]
    return DraftText(
        channel=assignment.channel,
        language=assignment.language,
        subject=subject if assignment.channel is Channel.EMAIL else None,
        body=build(personal.strip(), assignment, sheet, sender),
    )


def unframed(written: str, assignment: Assignment, sheet: FactsSheet) -> str:
    """Return what a model wrote without the greeting and the closing that it was told to leave out.

    Only our own greeting is taken off: one that addresses somebody else stays, so that the checks
    see it.
    """
    own = greeting(assignment, sheet)
    text = written[:MOST_CHARS].strip()
    if text.casefold().startswith(own.casefold()):
        text = text[len(own) :]
    return _CLOSES.sub("", text).strip()


def greets(text: str) -> bool:
    """Return whether a text begins with a greeting."""
    return _GREETS.match(text.lstrip()) is not None


def _email(personal: str, assignment: Assignment, sheet: FactsSheet, sender: Sender) -> str:
    said = texts(assignment.language, assignment.tone)
    signed = [said.by_tone("closing"), *_names(sender, said)]
    signed += [line for line in (sender.phone, sender.link) if line and line not in personal]
    legal = f"{sender.postal_address}\n{said.get('opt_out', 'email')}"
    opened = _opened(personal, assignment, sheet, said)
    return f"{opened}\n\n{chr(10).join(signed)}\n\n{legal}"


def _whatsapp(personal: str, assignment: Assignment, sheet: FactsSheet, sender: Sender) -> str:
    said = texts(assignment.language, assignment.tone)
    signed = "\n".join([said.by_tone("closing"), *_names(sender, said)])
    opened = _opened(personal, assignment, sheet, said)
    return f"{opened}\n\n{signed}\n\n{said.get('opt_out', 'whatsapp')}"


def _sms(personal: str, assignment: Assignment, sheet: FactsSheet, sender: Sender) -> str:
    said = texts(assignment.language, assignment.tone)
    start = "" if greets(personal) else greeting(assignment, sheet) + " "
    signed = ", ".join([said.by_tone("closing").rstrip(","), *_own_names(sender)])
    line = " ".join(f"{start}{personal} {signed}. {said.get('opt_out', 'sms')}".split())
    return plain(line)


def _phone(personal: str, assignment: Assignment, sheet: FactsSheet, sender: Sender) -> str:
    said = texts(assignment.language, assignment.tone)
    speaker = ", ".join(_own_names(sender))
    if sheet.name and sheet.name.is_complete:
        full = sheet.name.spoken(assignment.language)
        hello = said.get("phone", "hello").format(sender=speaker, full=full)
    else:
        hello = said.get("phone", "hello_nameless").format(sender=speaker)
    notes = [said.get("phone", "no_more")]
    if sheet.window:
        window = window_in_words(sheet.window, said, assignment.language)
        notes.insert(0, said.get("phone", "window").format(window=window))
    listed = "\n".join(f"- {note}" for note in notes)
    return (
        f"{said.get('phone', 'opening')}:\n{hello}\n\n{_greeted_once(personal)}\n\n"
        f"{said.get('phone', 'note')}:\n{listed}"
    )


def _greeted_once(script: str) -> str:
    """Return a script without a greeting of its own: the opening greets already."""
    first, _, rest = script.partition("\n\n")
    if rest and _OPENS.match(first):
        script = rest
    return _GREETS_IN_LINE.sub(lambda match: match["next"].upper(), script).strip() or script


_BUILDERS: Mapping[Channel, _Build] = MappingProxyType(
    {
        Channel.EMAIL: _email,
        Channel.WHATSAPP: _whatsapp,
        Channel.SMS: _sms,
        Channel.PHONE: _phone,
    }
)


def _opened(personal: str, assignment: Assignment, sheet: FactsSheet, said: Texts) -> str:
    if greets(personal):
        return personal
    text = personal[:1].upper() + personal[1:] if said.capitalises else personal
    return f"{greeting(assignment, sheet)}\n\n{text}"


def _names(sender: Sender, said: Texts) -> list[str]:
    """Return who signs, one to a line: a person and the business, or the business's team."""
    if sender.name is None:
        return [said.by_tone("sender").format(business=sender.business)]
    return _own_names(sender)


def _own_names(sender: Sender) -> list[str]:
    if sender.name is None:
        return [sender.business]
    known = sender.business.casefold() in sender.name.casefold()
    return [sender.name] if known else [sender.name, sender.business]
