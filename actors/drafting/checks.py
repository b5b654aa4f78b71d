"""What every draft must pass, whoever wrote it: a model, a template or a person."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from actors.drafting.allowed import Allowed, allowed
from actors.drafting.choice import choose_language
from actors.drafting.fact_checks import find_foreign_facts
from actors.drafting.facts_sheet import FactsSheet, facts_sheet
from actors.drafting.languages import detect, foreign_sentence, reads_as
from actors.drafting.link_checks import find_links
from actors.drafting.names import TITLES
from actors.drafting.plain_text import (
    Seen,
    hidden_characters,
    readable,
    restored,
    shortened,
    without,
)
from actors.drafting.sms import segments
from actors.drafting.wording_checks import (
    find_formatting,
    find_inside_talk,
    find_mixed_address,
    find_orders,
    find_payment,
    find_placeholders,
    find_promises,
    find_shouting,
)
from actors.settings import WritingSettings
from domain.analysis import LeadAnalysis
from domain.follow_up import DraftFinding, Language, Severity
from domain.lead import Channel, Lead
from scoring.reading import clean
from scoring.settings import BusinessProfile

SUBJECT_MAX_CHARS = 100
"""Longer subjects are cut in most inboxes."""

MOST_FINDINGS = 20
MOST_FOUND = 200

LEAST_WORDS = 4

PASSES: Mapping[str, str] = MappingProxyType(
    {
        "foreign_link": "no link but those of the setting writing.links",
        "foreign_email": "no e-mail address but the lead's own",
        "foreign_phone": "no telephone number but writing.phone or the lead's own",
        "invented_price": "no price; the lead's own budget in a sentence that says budget",
        "invented_discount": "no percentage",
        "invented_number": "the lead's fields and checked facts; sizes as in its message",
        "invented_date": "days of the lead's fields and checked facts only",
        "invented_time": "hours the lead named, or opening hours",
        "placeholder": "a text that is complete",
        "inside_talk": "no word about scores, leads or the machine that writes",
        "echoed_orders": "nothing that gives orders to the machine",
        "payment_request": "no request for money, accounts or passwords",
        "promise": "no gift, discount, guarantee or deposit that nobody decided",
        "promised_time": "no promise of a time that nobody made",
        "formatting": "plain text",
        "shouting": "sentences in usual writing",
        "mixed_address": "either du or Sie",
        "wrong_name": "the lead's own name, or none",
        "guessed_title": "no Mr, Mrs, Herr or Frau that the lead did not give",
        "hidden_characters": "characters that people can see",
    }
)
"""What would pass, by the name of the check."""

_WARNINGS = frozenset(
    {"promise", "promised_time", "shouting", "mixed_address", "guessed_title", "subject_long"}
    | {"wrong_language"}
)

_GREETING = re.compile(
    r"\s*(?:dear|hi|hello|hey|greetings|good (?:morning|afternoon|evening)|guten (?:tag|morgen|"
    r"abend)|hallo|moin|servus|grüß gott|liebe[rs]?|sehr geehrte[rs]?)\b[ ]*"
    r"(?P<name>(?:\b(?:mr|mrs|ms|dr|prof|fam)\.|[^,!.:;?\n]){0,80})",
    re.IGNORECASE,
)
_GREETING_WORDS = frozenset(
    {"there", "all", "everyone", "both", "again", "zusammen", "alle", "miteinander", "und", "and"}
    | {"to", "you", "team", "family", "damen", "herren", "sehr", "geehrte", "geehrter", "liebe"}
    | {"lieber", "the", "from", "von"}
)
_SIGNATURE = re.compile(r"[^\W\d_a-zäöüß][\w.'\u2019-]*(?: [^\W\d_a-zäöüß][\w.'\u2019-]*){0,4}")
_ADDRESSED = frozenset({"frau", "herr", "mr", "mrs", "ms", "miss", "mx", "sir", "madam"})
_OPT_OUT = re.compile(
    r"\bstop\b|\bno thanks\b|nein danke|\bopt(?:ing)?[ -]?out\b|unsubscribe|abbestell|abmeld|"
    r"keine (?:weiteren |mehr )?(?:nachrichten|e-mails|mails|sms)|rather not hear|"
    r"not (?:want to )?(?:hear from|receive|be contacted)"
)
_LIMITS: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.EMAIL: "email_max_chars",
        Channel.WHATSAPP: "whatsapp_max_chars",
        Channel.PHONE: "phone_max_chars",
    }
)


@dataclass(frozen=True, slots=True)
class DraftText:
    """A text as the person would receive it.

    Attributes:
        subject: E-mail only, None otherwise.
        body: Greeting, signature, address and opt-out line included.
    """

    channel: Channel
    language: Language
    subject: str | None
    body: str


def check_text(
    text: DraftText,
    *,
    lead: Lead,
    analysis: LeadAnalysis | None,
    writing: WritingSettings,
    profile: BusinessProfile,
) -> tuple[DraftFinding, ...]:
    """Return what the checks see in a text, blocking findings first; empty where all pass.

    Args:
        text: What would be sent.
        lead: As it is now.
        analysis: The lead's newest, whose checked facts the text may use; None reads the message
            by patterns.
        writing: Who signs, and what may be said.
        profile: The business.
    """
    sheet = facts_sheet(lead, analysis, profile=profile)
    message = clean(lead.message).text
    known = allowed(sheet, writing=writing, profile=profile, message=message)
    findings = [
        *_check_form(text, writing),
        *_check_channel(text, sheet),
        *_check_sender(text, writing, profile),
        *_check_language(text, choose_language(None, lead, message), known),
        *map(_finding, _check_greeting(text, known)),
        *map(_finding, _check_content(text, known)),
    ]
    whole = " ".join(readable("\n".join(filter(None, (text.subject, text.body)))).split())
    findings = [_as_written(finding, whole) for finding in findings]
    once = {(finding.check, finding.found): finding for finding in findings}
    ordered = sorted(once.values(), key=lambda finding: finding.severity is Severity.WARNING)
    return tuple(ordered[:MOST_FINDINGS])


def check_personal(personal: str, language: Language) -> tuple[DraftFinding, ...]:
    """Return what is wrong with what a model wrote between greeting and closing, taken alone."""
    return tuple(_check_personal(personal, language))


def _check_personal(personal: str, language: Language) -> Iterator[DraftFinding]:
    yield from _check_words(personal)
    if not reads_as(readable(personal), language):
        yield _blocking("wrong_language", shortened(personal), f"a text in {language.value}")
    last = personal.rsplit("\n\n", maxsplit=1)[-1]
    if _SIGNATURE.fullmatch(last.strip()):
        yield _blocking("foreign_signature", shortened(last), "no name under the text")


def _check_words(text: str) -> Iterator[DraftFinding]:
    if len(text.split()) < LEAST_WORDS:
        yield _blocking("too_short", shortened(text), f"at least {LEAST_WORDS} words")


def _check_form(text: DraftText, writing: WritingSettings) -> Iterator[DraftFinding]:
    """Subject, length and characters."""
    subject = text.subject or ""
    if text.channel is Channel.EMAIL and not subject.strip():
        yield _blocking("subject_missing", "no subject", "a subject for an e-mail")
    if text.channel is not Channel.EMAIL and text.subject is not None:
        yield _blocking("subject_present", shortened(subject), "a subject for e-mails only")
    if any(char in subject for char in "\r\n"):
        yield _blocking("subject_broken", shortened(subject), "a subject on one line")
    if len(subject) > SUBJECT_MAX_CHARS:
        yield _finding(Seen("subject_long", f"{len(subject)} characters"), _most(SUBJECT_MAX_CHARS))
    yield from _check_length(text, writing)
    yield from (_finding(Seen("hidden_characters", name)) for name in hidden_characters(text.body))


def _check_length(text: DraftText, writing: WritingSettings) -> Iterator[DraftFinding]:
    yield from _check_words(text.body)
    if text.channel is Channel.SMS:
        parts, most = segments(text.body), writing.sms_max_segments
        if parts > most:
            yield _blocking("too_long", f"{parts} SMS segments", f"at most {most} segments")
        return
    most = getattr(writing, _LIMITS[text.channel])
    if len(text.body) > most:
        yield _blocking("too_long", f"{len(text.body)} characters", _most(most))


def _check_channel(text: DraftText, sheet: FactsSheet) -> Iterator[DraftFinding]:
    """Consent: whether the person may be reached this way at all."""
    if text.channel not in sheet.channels:
        still = ", ".join(channel.value for channel in sheet.channels) or "none"
        yield _blocking("channel_closed", text.channel.value, f"an open channel: {still}")


def _check_sender(
    text: DraftText, writing: WritingSettings, profile: BusinessProfile
) -> Iterator[DraftFinding]:
    """Who writes, from where, and how to say no."""
    body = " ".join(readable(text.body).casefold().split())
    names = [profile.name, writing.sender_name or profile.name]
    if not any(_folded(name) in body for name in names):
        yield _blocking("no_sender", "nobody is named", f"a text that names {profile.name}")
    if text.channel is Channel.PHONE:
        return
    if not _OPT_OUT.search(body):
        yield _blocking("no_opt_out", "no way to say no", "a line on how to stop the messages")
    if text.channel is Channel.EMAIL and _folded(writing.postal_address) not in body:
        yield _blocking("no_postal_address", "no address", "the setting writing.postal_address")


def _check_language(text: DraftText, own: Language, known: Allowed) -> Iterator[DraftFinding]:
    """Whether a text is in the draft's language, or in the lead's own: a person may change it."""
    body = without(readable(text.body), known.strings)
    odd = _not_in(body, text.language)
    if odd is None or _not_in(body, own) is None:
        return
    wanted = " or ".join(sorted({text.language.value, own.value}))
    yield _finding(Seen("wrong_language", odd), f"every sentence in {wanted}")


def _not_in(body: str, language: Language) -> str | None:
    """Return what of a text is not in a language, or None where all is as far as can be told."""
    return foreign_sentence(body, language) if reads_as(body, language) else body


def _check_greeting(text: DraftText, known: Allowed) -> Iterator[Seen]:
    """Whether the person who is greeted is the one who wrote."""
    match = _GREETING.match(without(readable(text.body), known.strings))
    if match is None or text.channel is Channel.PHONE:
        return
    words = {
        word.casefold().strip(".'\u2019") for word in re.findall(r"[\w.'\u2019]+", match["name"])
    }
    unknown = words - known.name_words - _GREETING_WORDS - TITLES - {""}
    if unknown:
        yield Seen("wrong_name", match[0].strip())
    elif guessed := words & _ADDRESSED - known.name_words - {"sir", "madam"}:
        yield Seen("guessed_title", min(guessed))


def _check_content(text: DraftText, known: Allowed) -> Iterator[Seen]:
    """Nothing but known facts, in words fit for a customer."""
    whole = readable("\n".join(filter(None, (text.subject, text.body))))
    masked = without(whole, known.strings)
    yield from find_placeholders(masked)
    yield from find_inside_talk(masked)
    yield from find_orders(masked)
    yield from find_payment(masked)
    yield from find_promises(masked)
    yield from find_formatting(masked)
    yield from find_shouting(masked)
    yield from find_mixed_address(masked, detect(masked) or text.language)
    links, rest = find_links(masked, known)
    yield from links
    yield from find_foreign_facts(rest, known)


def _finding(seen: Seen, allowed: str | None = None) -> DraftFinding:
    warns = seen.kind in _WARNINGS
    return DraftFinding(
        check=seen.kind,
        severity=Severity.WARNING if warns else Severity.BLOCKING,
        found=shortened(seen.text, MOST_FOUND),
        allowed=allowed or PASSES[seen.kind],
    )


def _as_written(finding: DraftFinding, whole: str) -> DraftFinding:
    """Return a finding with what it saw as a person can find it in the text."""
    if finding.check not in {*PASSES, "wrong_language"}:
        return finding
    return finding.model_copy(update={"found": shortened(restored(finding.found, whole))})


def _blocking(check: str, found: str, allowed: str) -> DraftFinding:
    return DraftFinding(
        check=check, severity=Severity.BLOCKING, found=found, allowed=shortened(allowed, 300)
    )


def _most(characters: int) -> str:
    return f"at most {characters} characters"


def _folded(text: str) -> str:
    return " ".join(readable(text).casefold().split())
