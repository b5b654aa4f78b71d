"""Finds orders to the machine in a lead's text, through the disguises that are in use."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.provider.questions import json_values

QUOTE_CHARS = 200
"""Quotes are cut to this length: what a schema may allow."""


@dataclass(frozen=True, slots=True)
class Order:
    """One sentence, and what a gullible reader makes of it.

    Attributes:
        quote: The sentence as it stands in the text, shortened.
        said: Every reading of it: plain letters, digits for letters, backwards, decoded.
        is_plain: Whether nobody but a machine can be meant.
    """

    quote: str
    said: str
    is_plain: bool


_RULES = (
    r"instructions?|rules|guidelines|prompts?|told|above|previous|everything|checks|"
    r"anweisungen|regeln|vorgaben|instrucciones|consignes|filters?|gates?"
)
_PLAIN = rf"""
\b(?:ignore|disregard|forget|override|bypass|obey|skip)\b[^.\n]{{0,60}}\b(?:{_RULES})\b
\b(?:not follow|overrule)\b[^.\n]{{0,60}}\b(?:{_RULES})\b
\b(?:ignorier\w*|vergiss|missacht\w*|umgeh\w*|oublie\w*|olvida)\b[^.\n]{{0,60}}(?:{_RULES})
\b(?:ignore[zr]?|ignora)\b[^.\n]{{0,60}}(?:{_RULES})
\b(?:from now on|new task|new instructions?|stop reading|you (?:are now|must)|act as|pretend)\b
\b(?:decode this|system override|debug mode|developer mode|by order of)\b
\b(?:du bist jetzt|tu dois|debes|neue (?:anweisung|aufgabe)\w*)\b
\b(?:system|internal|crm|reviewer|developer|admin\w*)\W{{1,3}}(?:note|message|prompt|notice)\b
\bprocessing hint\b|\bsystem-?(?:prompt|nachricht|anweisung)\w*
(?:^|\n)\W*(?:system|assistant|developer|human|user|admin\w*|draft writer)\W{{0,4}}:
\b(?:language|extraction|scoring|ai|ki-?) ?(?:model|agent|assistant|system|modell)\b
\b(?:llm|chatgpt|sprachmodell|chatbot|ai|ki|automated readers?|processing system|draft writer)\b
\b(?:this|your) system\b
\b(?:this lead|diesen? lead|diese anfrage|the lead|every lead|als lead)\b
\b(?:score|grade|qualification|rating)\b\W{{0,3}}(?:=|:|to|of|as|is)\W{{0,3}}\w
\b(?:score|punktzahl|bewertung)\b\W{{0,3}}(?:=|:|auf)\W{{0,3}}\w
\b(?:highest|top|maximum|lowest|best) (?:score|grade|rating|priority|mark)\b
\b100 (?:points|punkten?)\b|\b(?:pre-?qualified|vip|hot lead|grade a)\b
\b(?:decision_role|visit_requested|area_m2|amount_max)\b|\bdecision.(?:role|makers?)\b
\b(?:your|the) (?:answer|response|output) must\b|\bcomplete the json\b
\b(?:reply|respond|answer|antworte\w*|output|return)\b[^.\n]{{0,20}}\bjson\b
\b(?:print|repeat|reveal|show|gib|output)\b[^.\n]{{0,30}}\b(?:prompt|instructions|above|system)
\bwhat are your instructions\b
<\|?/?(?:im_|system|user|assistant|developer|facts?|instructions?|span|sys)|\[/?inst\]|<<
#{{2,}}\s?\w|<!--|-{{3}} ?\w|\*{{3}} ?\w|[{{\[]\s?[{{"']|`{{3}}|\w=\w+;|\bname: \w+
"""
"""What nobody says to a gardener, one alternative a line."""

_WEAK_VERBS = (
    r"set|mark|rate|score|grade|rank|classify|treat|flag|label|qualify|assign|record|report|enter|"
    r"log|store|extract|return|output|print|repeat|show|respond|reply|consider|put|include|insert|"
    r"append|add|write|tell|offer|promise|sign|register|say|make|list|remember|give|must|"
    r"setze?n?|markier\w*|bewerte\w*|stufe|behandle|melde|trage?|schreib\w*|f\u00fcge|indique|"
    r"anota|registrar|marca"
)
_OUR_THINGS = (
    r"my budget|the budget|a budget|budget (?:of|as|to)|as my|my area|us as|me as|the sender|"
    r"as referrals?|the (?:decision )?role|spending limit|timeline of|this request|facts|"
    r"follow-?up|(?:the|your|every) (?:answer|reply|e-?mail|draft|response|message|mail)|"
    r"subject line|write back|this line|in ihrer? (?:antwort|mail)|in der (?:antwort|mail)|"
    r"als rolle|presupuesto|the form"
)
_ORDER = re.compile("|".join(filter(None, _PLAIN.splitlines())), re.IGNORECASE)
_WEAK_VERB = re.compile(rf"\b(?:{_WEAK_VERBS})\b", re.IGNORECASE)
_OUR_THING = re.compile(rf"\b(?:{_OUR_THINGS})\b", re.IGNORECASE)

_SENTENCE = re.compile(r"[^\n]+?(?:[.!?](?=\s|$)|(?=\n)|$)")
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")
_BACKWARDS = "\u202e"
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_SPACED = re.compile(r"\b(?:\w[ ._-]){3,}\w\b")
_LETTERS_FOR_DIGITS = str.maketrans("013457@$", "oieastas")
_DIGIT_INSIDE = re.compile(r"\b(?=\w*\d)(?=\w*[a-z])[\w@$]+\b", re.IGNORECASE)


def find_orders(text: str) -> tuple[Order, ...]:
    """Return the sentences of a text that a gullible reader takes for orders, in order."""
    read = [(sentence, _readings(sentence)) for sentence in _sentences(text)]
    plain = any(_ORDER.search(said) for _, said in read)
    orders = [
        Order(sentence[:QUOTE_CHARS], said, plain) for sentence, said in read if _is_order(said)
    ]
    if plain:
        orders = _with_what_follows(orders, read)
    return tuple(orders)


def _is_order(said: str) -> bool:
    if _ORDER.search(said):
        return True
    return bool(_WEAK_VERB.search(said) and _OUR_THING.search(said))


def _with_what_follows(orders: list[Order], read: list[tuple[str, str]]) -> list[Order]:
    """Return the orders and every sentence after the first: the rest of what was ordered."""
    first = next(place for place, (_, said) in enumerate(read) if _ORDER.search(said))
    known = {order.quote for order in orders}
    after = (Order(sentence[:QUOTE_CHARS], said, True) for sentence, said in read[first:])
    return orders + [order for order in after if order.quote not in known]


def json_in(orders: tuple[Order, ...], text: str) -> list[Any]:
    """Return the JSON that stands in a text which gives orders; none where it gives none."""
    return list(json_values(_UNSEEN.sub("", text))) if orders else []


def _sentences(text: str) -> Iterator[str]:
    for match in _SENTENCE.finditer(text):
        if sentence := match[0].strip():
            yield sentence


def _readings(sentence: str) -> str:
    """Return every reading of a sentence, one a line."""
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", sentence))
    readings = [plain]
    if _BACKWARDS in sentence:
        readings.append(plain[::-1])
    readings += _decoded(plain)
    joined = _SPACED.sub(lambda match: re.sub(r"[ ._-]", "", match[0]), plain)
    lettered = _DIGIT_INSIDE.sub(lambda match: match[0].translate(_LETTERS_FOR_DIGITS), plain)
    readings += [other for other in (joined, lettered) if other != plain]
    return "\n".join(readings)


def _decoded(plain: str) -> Iterator[str]:
    for match in _BASE64.finditer(plain):
        try:
            yield base64.b64decode(match[0], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
