"""Writes a draft from the facts sheet and the templates alone: the offline writer."""

import re
from collections.abc import Callable, Iterable

from actors.drafting.assignment import Assignment, Sender
from actors.drafting.checks import DraftText
from actors.drafting.facts_sheet import FactsSheet
from actors.drafting.frame import framed
from actors.drafting.phrases import fillings
from actors.drafting.texts import texts
from domain.follow_up import DraftFinding, Severity, Stage
from domain.lead import Channel

WRITER = "templates"
"""Name of this writer in :class:`domain.analysis.ModelVersion`."""

DECLINED = "declined"
"""The template for a job that is not for us, whatever the stage but the last."""

Check = Callable[[DraftText], tuple[DraftFinding, ...]]

_BLANKS = re.compile(r"[ \t]+")


def write_from_templates(
    assignment: Assignment, sheet: FactsSheet, sender: Sender, *, check: Check
) -> tuple[DraftText, tuple[DraftFinding, ...]]:
    """Return the fullest text that passes the checks, with what they saw.

    Where a text fails (a long name makes an SMS too long, a field of the form holds what no draft
    may), it is written again with less of the lead in it. Where even the barest fails, for example
    because the settings leave too little room, that one is returned with its findings.
    """
    text = _write(assignment, sheet, sender)
    findings = check(text)
    for less in (sheet.without_details(), sheet.bare()):
        if not is_blocked(findings):
            break
        text = _write(assignment, less, sender)
        findings = check(text)
    return text, findings


def is_blocked(findings: Iterable[DraftFinding]) -> bool:
    """Return whether any finding forbids to send the text as it is."""
    return any(finding.severity is Severity.BLOCKING for finding in findings)


def subject_line(assignment: Assignment, sheet: FactsSheet, sender: Sender) -> str | None:
    """Return the subject of an e-mail, or None where the channel has none."""
    if assignment.channel is not Channel.EMAIL:
        return None
    said = texts(assignment.language, assignment.tone)
    filled = fillings(assignment, sheet, sender, said)
    return said.subject(_template(assignment, sheet)).format_map(filled)


def _write(assignment: Assignment, sheet: FactsSheet, sender: Sender) -> DraftText:
    said = texts(assignment.language, assignment.tone)
    table = f"{assignment.channel.value}.{_template(assignment, sheet)}"
    filled = fillings(assignment, sheet, sender, said)
    personal = _paragraphs(said.by_tone(table).format_map(filled))
    subject = subject_line(assignment, sheet, sender)
    return framed(personal, subject, assignment=assignment, sheet=sheet, sender=sender)


def _template(assignment: Assignment, sheet: FactsSheet) -> str:
    declines = sheet.cannot_serve is not None and assignment.stage is not Stage.BREAKUP
    return DECLINED if declines else assignment.stage.value


def _paragraphs(text: str) -> str:
    """Return the text without empty paragraphs and double blanks."""
    paragraphs = [_BLANKS.sub(" ", part).strip() for part in text.split("\n\n")]
    return "\n\n".join(part for part in paragraphs if part)
