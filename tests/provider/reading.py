"""A brain that reads: finds a handful of facts in a lead's message, and writes a short draft."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from tests.provider.protocol import ChatRequest, shallowest_text
from tests.provider.questions import Shape, Wanted, wanted
from tests.provider.schema_values import smallest

Fact = dict[str, str]
"""``name``, ``value`` as text, ``quote`` as it stands in the message."""

_NUMBER = r"\d+(?:[.,\u202f]\d+)*(?:\s\d{3}\b)*"
_AREA = re.compile(
    rf"{_NUMBER}\s?(?:m2|m\u00b2|sqm|qm|square met(?:er|re)s?|quadratmetern?|sq\.? ?ft|"
    r"square f(?:ee|oo)t|acres?|ha|hectares?|hektar)\b",
    re.IGNORECASE,
)
_CURRENCIES = {"$": "USD", "\u20ac": "EUR", "\u00a3": "GBP", "dollar": "USD", "euro": "EUR"}
_SIGN = r"[$\u20ac\u00a3]"
_CODE = r"(?:USD|EUR|GBP|CHF|dollars?|euros?|" + _SIGN + ")"
_AMOUNT = rf"{_NUMBER}(?:\s?k\b)?"
_MONEY = re.compile(
    rf"{_SIGN}\s?({_AMOUNT})(?:\s?(?:-|\u2013|to|bis)\s?{_SIGN}?\s?({_AMOUNT}))?"
    rf"|({_AMOUNT})(?:\s?(?:-|\u2013|to|bis)\s?({_AMOUNT}))?\s?{_CODE}",
    re.IGNORECASE,
)
_PERIODS = (
    (re.compile(r"\s?(?:/|a|per|im|pro|each) ?(?:mo\b|month|monat)", re.IGNORECASE), " per month"),
    (re.compile(r"\s?(?:/|a|per|im|pro|each) ?(?:year|jahr)", re.IGNORECASE), " per year"),
)
_CODE_IN = re.compile(_CODE, re.IGNORECASE)

_PHRASES: tuple[tuple[str, str, str], ...] = (
    (
        "decision_role",
        "owner",
        (
            r"\bwe own\b[^.,;\n]*|\bi own\b[^.,;\n]*|\bi am the owner\b|\bhome ?owners?\b|"
            r"\beigent\u00fcmer\w*|\bunser eigenes haus\b|\bpropri\u00e9taires?\b|"
            r"\bpropietari[oa]s?\b"
        ),
    ),
    ("decision_role", "tenant", r"\b(?:i|we) rent\b[^.,;\n]*|\bzur miete\b|\bmy landlord\b"),
    ("decision_role", "committee", r"\bthe board (?:votes|decides)\b|\bboard votes\b[^.,;\n]*"),
    (
        "timeline",
        "asap",
        (
            r"\basap\b|\bas soon as possible\b|\bab sofort\b|\bsofort\b|\bimmediately\b|"
            r"\burgent\w*|\bschnellstm\u00f6glich\b|\bso bald wie m\u00f6glich\b"
        ),
    ),
    (
        "visit_requested",
        "true",
        (
            r"\b(?:could|can) (?:someone|you) (?:visit|come)\b[^.?!\n]*|\bsite visit\b|\bvor ort\b|"
            r"\bcome (?:by|over|and look)\b[^.?!\n]*|\bbesichtigung\w*|\bvorbeikommen\b"
        ),
    ),
    (
        "referral",
        "true",
        (
            r"\brecommended (?:you|by)\b[^.,;\n]*|\breferred by\b[^.,;\n]*|\bempfohlen\b|"
            r"\bauf empfehlung\b[^.,;\n]*"
        ),
    ),
    (
        "recurring",
        "true",
        (
            r"\bevery (?:\w+ )?(?:weeks?|months?)\b|\bweekly\b|\bmonthly\b|"
            r"\balle (?:\w+ )?(?:wochen|monate)\b|\bregelm\u00e4\u00dfig\w*"
        ),
    ),
    ("callback", "true", r"\bcall me\b[^.?!\n]*|\br\u00fcckruf\b|\brufen sie mich\b[^.?!\n]*"),
    ("attachments_mentioned", "true", r"\bphotos? attached\b|\battached\b|\banbei\b|\bim anhang\b"),
    ("email", "", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
)
_SAID = tuple(
    (name, value, re.compile(pattern, re.IGNORECASE)) for name, value, pattern in _PHRASES
)

_NOTHING = {
    Shape.FACTS: '{"facts":[]}',
    Shape.DRAFT: '{"subject":null,"body":"Thank you for your enquiry. When may we call you?"}',
}


def nothing_read(shape: Shape) -> str:
    """Return the shortest answer of a known shape."""
    return _NOTHING[shape]


class ReadingBrain:
    """Answers as an honest model would that reads with a few patterns."""

    def __call__(self, request: ChatRequest) -> str:
        """Return facts with verbatim quotes, a draft, or the smallest value of the schema."""
        return orjson.dumps(_honest(request, wanted(request))).decode()


def _honest(request: ChatRequest, want: Wanted) -> Any:
    match want.shape:
        case Shape.FACTS:
            return facts_answer(read_facts(request.message), want)
        case Shape.DRAFT:
            return draft_answer(*write_draft(request), want)
        case Shape.OTHER:
            return worded(smallest(want.schema), want) if want.schema else {"answer": "yes"}


def worded(value: Any, want: Wanted) -> Any:
    """Return the value with a word for each empty text, where the schema lets it.

    A schema in strict form names no least length; who reads the answer may still want one.
    """
    said = _worded(value)
    return said if want.accepts(said) else value


def _worded(value: Any) -> Any:
    match value:
        case dict():
            return {name: _worded(inner) for name, inner in value.items()}
        case list():
            return [_worded(inner) for inner in value]
        case "":
            return "nothing more"
        case _:
            return value


def read_facts(message: str) -> list[Fact]:
    """Return what a message says, at most one fact of a name, each with a verbatim quote."""
    found: dict[str, Fact] = {}
    for name, value, quote in _read(message):
        found.setdefault(name, {"name": name, "value": value, "quote": quote})
    return list(found.values())


def _read(message: str) -> Iterator[tuple[str, str, str]]:
    for match in _AREA.finditer(message):
        yield "area_m2", match[0], match[0]
    for match in _MONEY.finditer(message):
        yield "budget", money_text(match), match[0]
    for name, value, pattern in _SAID:
        if said := pattern.search(message):
            yield name, value or said[0].lower(), said[0]


def money_in(text: str) -> str | None:
    """Return the first sum of money in a text, as ``90000 USD`` or ``18000-25000 USD``."""
    match = _MONEY.search(text)
    return money_text(match) if match else None


def area_in(text: str) -> str | None:
    """Return the first area in a text, as it is written there."""
    match = _AREA.search(text)
    return match[0] if match else None


def money_text(match: re.Match[str]) -> str:
    """Return a sum as amount, or least and most, currency, and period where one follows.

    A k at the end counts for both amounts.
    """
    written = [part for part in match.groups() if part]
    thousands = written[-1].lower().endswith("k")
    amounts = [number_in(part) * (1000 if thousands else 1) for part in written]
    sign = _CODE_IN.search(match[0])
    code = sign[0].lower().removesuffix("s") if sign else ""
    currency = _CURRENCIES.get(code, code.upper())
    after = (word for pattern, word in _PERIODS if pattern.match(match.string, match.end()))
    return f"{'-'.join(f'{amount:.10g}' for amount in amounts)} {currency}{next(after, '')}"


def number_in(text: str) -> float:
    """Return a number as people write it: 3,800 and 3.800 are thousands, 1.5 and 1,5 are not."""
    digits = re.sub(r"[^\d.,]", "", text).strip(".,")
    digits = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    whole, _, rest = digits.partition(".")
    return float(f"{whole or 0}.{rest.replace('.', '') or 0}")


def facts_answer(facts: list[Fact], want: Wanted) -> Any:
    """Return the facts as the schema wants them; those it does not allow are left out."""
    names = want.fact_names
    named = [fact for fact in facts if not names or fact["name"] in names]
    if want.accepts({"facts": named}):
        return {"facts": named}
    kept: list[Fact] = []
    for fact in named:
        if want.accepts({"facts": [*kept, fact]}):
            kept.append(fact)
    return {"facts": kept}


def draft_answer(subject: str | None, body: str, want: Wanted) -> Any:
    """Return a draft as the schema wants it."""
    draft = {"subject": subject, "body": body}
    if want.accepts(draft) or want.schema is None:
        return draft
    filled = smallest(want.schema)
    return {**filled, **{key: draft[key] for key in draft.keys() & filled.keys() if draft[key]}}


_WORDS = {
    "en": (
        "Your garden enquiry",
        (
            "Hello{name},\n\nthank you for your enquiry. We have read it and would like to see the"
            " garden before we answer with a quote. When would a short call suit you?\n\n"
            "Kind regards{sender}"
        ),
    ),
    "de": (
        "Ihre Gartenanfrage",
        (
            "Guten Tag{name},\n\nvielen Dank f\u00fcr Ihre Anfrage. Wir haben sie gelesen und"
            " w\u00fcrden den Garten gern sehen, bevor wir Ihnen ein Angebot machen. Wann"
            " d\u00fcrfen wir Sie kurz anrufen?\n\nMit freundlichen Gr\u00fc\u00dfen{sender}"
        ),
    ),
}
_SHORT = {
    "en": "Hello{name}, thank you for your enquiry. When would a short call suit you?{sender}",
    "de": "Guten Tag{name}, danke f\u00fcr Ihre Anfrage. Wann d\u00fcrfen wir Sie anrufen?{sender}",
}


def write_draft(request: ChatRequest) -> tuple[str | None, str]:
    """Return subject (e-mail only) and body, in the language and for the channel that are asked."""
    document = request.document
    language = "de" if (shallowest_text(document, "language") or "en").startswith("de") else "en"
    channel = shallowest_text(document, "channel") or "email"
    name = (shallowest_text(document, "full_name") or "").strip()
    sender = (shallowest_text(document, "sender_name") or "").strip()
    subject, long = _WORDS[language]
    parts = {"name": f" {name}" if name else "", "sender": f"\n{sender}" if sender else ""}
    if channel in {"sms", "whatsapp"}:
        parts["sender"] = f" {sender}" if sender else ""
        return None, _SHORT[language].format(**parts)
    return subject if channel == "email" else None, long.format(**parts)
