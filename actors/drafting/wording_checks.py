"""Finds words in a draft that no customer should read: inner talk, placeholders, loose promises."""

import re
from collections.abc import Iterator

from actors.drafting.plain_text import MASK, Seen
from domain.follow_up import Language
from scoring.injection import injected_spans

_PLACEHOLDER = re.compile(
    r"\[[^\]\n\d]{1,60}\](?!\()|\{\{?[^}\n]{0,60}\}?\}|<(?!3)/?[A-Za-z][^>\n]{0,60}>|"
    r"\b(?:X{3,}|TBD|TBA|lorem ipsum|N\.N\.)\b|_{3,}|\.{6,}|%\(?\w{0,20}\)?s\b|\$\{?[A-Z_]{3,}|"
    r"\b(?:your|my|insert|recipient|customer|company|sender) ?(?:name|company name) here\b|"
    r"\binsert (?:name|date|price|link)\b|\b(?:Ihr|Dein|Mein) Name\b(?= hier|$|\n)|"
    r"\bMuster(?:mann|frau|firma)\b",
)
_INSIDE_EXACT = re.compile(
    r"\bA\.?I\.?\b|\bKI\b|\bLLM\b|\bGPT\b|\bJSON\b|\bCRM\b|\b(?:VIP|HTTP)\b|"
    r"\bLeads?\b(?! (?:times?|gardener|designer)\b)|\bLead-\w+"
)
_INSIDE = re.compile(
    r"\b(?:artificial intelligence|künstliche[rn]? intelligenz|(?:large )?language model|"
    r"sprachmodell\w{0,2}|chat-?gpt|chat-?bot\w{0,2}|deepseek|openai|gemini|"
    r"(?:this|your|the|a|hot|qualified) leads?\b(?! (?:times?|gardener|designer|in|on|to)\b)|"
    r"lead scor\w{2,4}|"
    r"(?:your|the|a|lead) (?:score|grade|rating|ranking)(?: is| of|:)|"
    r"(?:grade|note) (?:a|b|c|d)\b(?! ?-?(?:turf|soil|topsoil|timber|stone|wood|quality))|"
    r"\bscore ?[:=]|scored \d|punktzahl|qualification ?[:=]|disqualif\w+|disqualifiziert\w{0,2}|"
    r"system (?:prompt|message|instructions?)|(?:my|the|your) (?:instructions?|prompt|guidelines)"
    r" (?:is|are|say|tell|were)|meine anweisungen|systemanweisung\w{0,2}|system-?prompt|"
    r"facts? sheet|as an? (?:assistant|automated)|als (?:assistent|ki)\b|"
    r"(?:automatically|automatisch) (?:generated|erzeugt|erstellt)|internal(?:ly)? (?:note|score)|"
    r"interne[rn]? (?:notiz|bewertung)|probability|wahrscheinlichkeit|call priority|"
    r"next best action|needs_info|first_reply|second_touch|quote_reminder)\b"
)
_PAYMENT = re.compile(
    r"\b(?:iban|bic|swift code|wire (?:transfer|money|the money|us\b|[$€\d])|bank (?:transfer|"
    r"details|account)|account number|routing number|überweis\w{1,5}|bankverbindung|kontonummer|"
    r"vorkasse|anzahlung|down ?payment|prepay\w{0,4}|in advance payment|pay(?:ment)? (?:now|in "
    r"advance|upfront)|paypal|venmo|zelle|western union|bitcoin|crypto\w{0,8}|gift ?cards?|"
    r"gutscheinkarte\w?|credit card|kreditkarte\w?|debit card|cvv|passwor[dt]\w{0,2}|passphrase|"
    r"log-?in|sign in to|einloggen|(?:verify|confirm) your (?:account|identity|card|details|data)|"
    r"account (?:is|was|has been) (?:locked|blocked|suspended|closed)|konto (?:ist|wurde) gesperrt|"
    r"bestätigen sie (?:ihre? |bitte )?(?:konto|karte|daten|identität)|social security)\b"
)
_PROMISE = re.compile(
    r"(?<!feel )\bfree (?:of charge|quote|estimate|consultation|visit|advice|offer|gift|trial|"
    r"service|delivery|month|\w+ (?:quote|estimate|consultation))\b|\bfor free\b|\bis free\b|"
    r"\b(?:at|for) no (?:extra |additional |further )?(?:costs?|charges?|fees?)\b|"
    r"\bwithout (?:any )?(?:extra |additional |further )?(?:costs?|charges?|fees?)\b|"
    r"\bfree of (?:cost|charges)\b|\bno obligations?\b|\bohne (?:aufpreis|mehrkosten|"
    r"zusatzkosten|zusätzliche kosten|berechnung)\b|\b(?:a|the|your|our|small|first) deposits?\b"
    r"(?! of (?:soil|leaves|clay|sand|silt|mud|snow|stone))|\bkaution\b|"
    r"\b(?:by|via|per) (?:wire|cash|cheque|check|money order)\b(?! (?:fence|mesh|fencing))|"
    r"\bmoney transfer\b|\btransfer (?:the |your )?(?:money|amount|sum|deposit|funds)\b|"
    r"\bnon-?binding\b|\bcomplimentary\b|"
    r"\bdiscount\w{0,3}\b|\brebate\b|\bspecial (?:offer|price|deal)s?\b|\bguarantee\w{0,2}\b|"
    r"\bwarranty\b|\b(?:best|lowest|cheapest) (?:price|offer)s?\b|\bcheap(?:er|est)?\b|"
    r"\bwe promise\b|\bkostenlos\w{0,2}\b|\bkostenfrei\w{0,2}\b|\bgratis\b|\bumsonst\b|"
    r"\bunverbindlich\w{0,2}\b|\brabatt\w{0,2}\b|\bnachlass\b|\bsonderpreis\w{0,2}\b|"
    r"\bsonderangebot\w{0,2}\b|\bgaranti\w{1,4}\b|\bbestpreis\w{0,2}\b|\bgünstigst\w{1,3}\b|"
    r"\bversprechen wir\b|\bwir versprechen\b"
)
_SOON = re.compile(
    r"\b(?:tomorrow|tonight|next week|this week(?:end)?|next month|within (?:the )?(?:hour|day|"
    r"week)|übermorgen|(?<!guten )(?<!am )morgen (?!früh)(?=\w)|morgen früh|nächste[rn]? woche|"
    r"diese[rn]? woche|noch heute|heute noch|umgehend noch)\b"
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_FORMATTING = re.compile(
    r"\*\*|```|~~|^[ \t]{0,3}#{1,6}\s|^[ \t]*>\s|^[ \t]*\|.*\|[ \t]*$", re.MULTILINE
)
_SHOUT = re.compile(r"\b[A-ZÄÖÜ]{4,}(?:[ ,!]+[A-ZÄÖÜ]{2,}){1,}\b|\b[A-ZÄÖÜ]{6,}\b")
_NOT_SHOUTED = frozenset({"STOP", "WHATSAPP", "GMBH"})
_MANY_MARKS = re.compile(r"[!?]{3,}")
_DU = re.compile(r"\b(?:du|dich|dir|dein(?:e[mnrs]?)?|euch|eure[mnrs]?)\b", re.IGNORECASE)
_SIE = re.compile(r"(?<![.!?:]\s)(?<!^)(?<!\n)\b(?:Sie|Ihnen|Ihre[mnrs]?)\b")


def find_placeholders(text: str) -> Iterator[Seen]:
    """Yield what was to be filled in and was not."""
    yield from (Seen("placeholder", match[0]) for match in _PLACEHOLDER.finditer(text))


def find_inside_talk(text: str) -> Iterator[Seen]:
    """Yield mention of the machine, of scores and of other inner matters."""
    yield from (Seen("inside_talk", match[0]) for match in _INSIDE_EXACT.finditer(text))
    yield from (Seen("inside_talk", match[0]) for match in _INSIDE.finditer(text.lower()))


def find_orders(text: str) -> Iterator[Seen]:
    """Yield orders to the machine that a draft repeats."""
    yield from (Seen("echoed_orders", text[start:end]) for start, end in injected_spans(text))


def find_payment(text: str) -> Iterator[Seen]:
    """Yield requests for money or secrets, which no first letter makes."""
    yield from (Seen("payment_request", match[0]) for match in _PAYMENT.finditer(text.lower()))


def find_promises(text: str) -> Iterator[Seen]:
    """Yield promises that cost money or time: gifts, discounts, guarantees, a day named loosely.

    A day in a question is a proposal, no promise.
    """
    yield from (Seen("promise", match[0]) for match in _PROMISE.finditer(text.lower()))
    for sentence in _SENTENCES.split(text.lower()):
        if not sentence.endswith("?"):
            yield from (Seen("promised_time", match[0]) for match in _SOON.finditer(sentence))


def find_formatting(text: str) -> Iterator[Seen]:
    """Yield marks that would be shown as they are."""
    yield from (Seen("formatting", match[0]) for match in _FORMATTING.finditer(text))


def find_shouting(text: str) -> Iterator[Seen]:
    """Yield words in capitals and rows of exclamation marks."""
    for match in _SHOUT.finditer(text):
        if not set(re.findall(r"\w+", match[0])) <= _NOT_SHOUTED:
            yield Seen("shouting", match[0])
    yield from (Seen("shouting", match[0]) for match in _MANY_MARKS.finditer(text))


def find_mixed_address(text: str, language: Language) -> Iterator[Seen]:
    """Yield the odd one out where a German text says both du and Sie."""
    if language is not Language.GERMAN:
        return
    familiar, formal = _DU.findall(text), _SIE.findall(text)
    if familiar and formal:
        odd = familiar if len(familiar) < len(formal) else formal
        yield Seen("mixed_address", odd[0])


def is_only_known(text: str) -> bool:
    """Return whether a text has no words beside what is known and masked."""
    return not re.search(r"\w", text.replace(MASK, ""))
