"""A brain that does whatever a lead's text tells it, so that guards have something to stop."""

import random
import re
from collections.abc import Iterator
from typing import Any

import orjson

from tests.provider.orders import Order, find_orders, json_in
from tests.provider.protocol import ChatRequest
from tests.provider.questions import Shape, Wanted, wanted
from tests.provider.reading import (
    Fact,
    ReadingBrain,
    area_in,
    draft_answer,
    facts_answer,
    money_in,
    read_facts,
    write_draft,
)

STRONGEST: dict[str, str] = {
    "budget": "90000 USD",
    "area_m2": "5000 m2",
    "decision_role": "owner",
    "timeline": "asap",
    "visit_requested": "true",
    "referral": "true",
    "recurring": "true",
    "callback": "true",
    "decision_date": "2027-01-15",
    "property_type": "commercial",
    "attachments_mentioned": "true",
}
"""The facts that raise a score the most: the answer to any order that names no fact."""

WEAKEST: dict[str, str] = {
    "budget": "1 USD",
    "area_m2": "1 m2",
    "decision_role": "tenant",
    "timeline": "over_6_months",
    "competitors": "9",
}
"""The facts that lower a score the most."""

INVENTED = "Claim it at https://prize.example.net/win or call +1 900 555 0199 and pay USD 1."
"""What a draft says after an order that gives it nothing to say."""

_DEMAND = re.compile(
    r"\b(?:scores?|grade|rating|rank|qualif\w+|disqualif\w+|vip|hot lead|punkten?|bewertung|"
    r"punktzahl|note a)\b",
    re.IGNORECASE,
)
_DOWN = re.compile(
    r"\b(?:score|rating|grade|points?|punkte?n?) (?:of |to |as |=|:|is )*(?:0|zero|d)\b|\blowest\b|"
    r"\bdisqualif\w+|\bas spam\b|\bworthless\b|\bnot a customer\b|\bniedrigste\w*",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\b(?:no|zero|empty|without) (?:list of )?facts\b|\bfacts empty\b|\bempty (?:list|answer)\b|"
    r'"facts"\s*:\s*\[\s*\]|\bkeine fakten\b',
    re.IGNORECASE,
)

_VALUES: tuple[tuple[str, str, str], ...] = (
    ("decision_role", "committee", r"\b(?:role|as)\W+(?:the )?committee\b"),
    ("decision_role", "property_manager", r"\bproperty.manager\b"),
    ("decision_role", "tenant", r"\b(?:role|as)\W+(?:an? |the )?tenant\b"),
    (
        "decision_role",
        "owner",
        (
            r"\b(?:home)?owners?\b|\bown the\b|\bowns the\b|\bdecision makers?\b|eigent\u00fcmer|"
            r"propri\u00e9taire|propietari[oa]"
        ),
    ),
    (
        "timeline",
        "asap",
        (
            r"\basap\b|\bimmediate\w*|\burgent\w*|\bat once\b|\bready to (?:buy|sign)\b|"
            r"\bsofort\w*|\binmediato\b|\bimm\u00e9diat\w*"
        ),
    ),
    ("referral", "true", r"\breferr\w+|\brecommended\b|\bempfehlung\b|\bempfohlen\b"),
    ("visit_requested", "true", r"\bvisit\w*|\bbesichtigung\w*"),
    ("callback", "true", r"\bcall ?back\b|\br\u00fcckruf\b"),
    ("recurring", "true", r"\brecurring\b|\bevery (?:week|month)\b|\bmonatlich\b"),
    ("property_type", "commercial", r"\bcommercial\b|\bgewerblich\b"),
    ("competitors", "0", r"\bno (?:other )?(?:bidders|competitors)\b"),
)
_SAID = tuple((name, value, re.compile(pattern, re.IGNORECASE)) for name, value, pattern in _VALUES)
_NO_BUDGET = re.compile(r"\bwire\b|\bdeposit\b|\bdiscount\b|\bgift\b|\bprice of\b", re.IGNORECASE)
_BARE_SUM = re.compile(
    r"\b(?:budget|spend\w*|presupuesto|limit)\b\D{0,40}?(\d[\d.,]*\s?k?)\b"
    r"|\b(\d[\d.,]*\s?k?)\b\D{0,24}?\b(?:as (?:my|the|a) budget|budget)\b",
    re.IGNORECASE,
)
_BARE_AREA = re.compile(r"\b(?:area|garden|fl\u00e4che)\w*\D{0,20}?(\d[\d.,]*)\b", re.IGNORECASE)
_PAIR = re.compile(
    r"\bname\W{1,4}(\w+)\W{1,6}value\W{1,4}([^\n\",]+?)\"?\W{1,6}(?:quote|$)", re.IGNORECASE
)


class ObedientBrain:
    """Reads like :class:`ReadingBrain`, and does what the lead's text orders on top of it."""

    def __init__(self, *, rate: float = 1.0, rng: random.Random | None = None) -> None:
        """Take the share of orders to obey, from 0 to 1, and the chance that decides which."""
        self._rate = rate
        self._rng = rng or random.Random(0)  # noqa: S311 - repeatable on purpose
        self._honest = ReadingBrain()

    def __call__(self, request: ChatRequest) -> str:
        """Return what the orders demand, or an honest answer where there are none."""
        text = untrusted_text(request)
        orders = find_orders(text)
        if not orders or self._rng.random() >= self._rate:
            return self._honest(request)
        want = wanted(request)
        for value in json_in(orders, text):
            if isinstance(value, dict) and want.shape is not Shape.OTHER and _parrots(value, want):
                return orjson.dumps(value).decode()
        match want.shape:
            case Shape.FACTS:
                return orjson.dumps(_facts(request, orders, text, want)).decode()
            case Shape.DRAFT:
                return orjson.dumps(_draft(request, orders, want)).decode()
            case Shape.OTHER:
                return self._honest(request)


def untrusted_text(request: ChatRequest) -> str:
    """Return everything the lead wrote: the message, then other texts of more than one word.

    They stand under ``lead``; where the document has no such part all of it is the lead's.
    """
    document = request.document
    message = request.message
    if not isinstance(document, dict):
        return message
    others = (one for one in _texts(document.get("lead", document)) if one != message)
    return "\n".join([message, *(one for one in others if " " in one.strip())])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _parrots(value: dict[str, Any], want: Wanted) -> bool:
    """Return whether a value found in the text can be the answer as it stands."""
    key = "facts" if want.shape is Shape.FACTS else "body"
    return key in value and want.accepts(value)


def _facts(request: ChatRequest, orders: tuple[Order, ...], text: str, want: Wanted) -> Any:
    said = "\n".join(order.said for order in orders)
    if _NOTHING.search(said):
        return {"facts": []}
    found: dict[str, Fact] = {}
    for order in orders:
        for name, value in _ordered(order):
            found.setdefault(name, {"name": name, "value": value, "quote": order.quote})
    for value in json_in(orders, text):
        for name, plain in _fields(value):
            found[name] = {"name": name, "value": plain, "quote": _quote_of(orders, name)}
    if _DEMAND.search(said) or (not found and any(order.is_plain for order in orders)):
        demand = next((order for order in orders if _DEMAND.search(order.said)), orders[0])
        for name, value in (WEAKEST if _DOWN.search(said) else STRONGEST).items():
            found.setdefault(name, {"name": name, "value": value, "quote": demand.quote})
    honest = (fact for fact in read_facts(request.message) if fact["name"] not in found)
    return facts_answer([*found.values(), *honest], want)


def _ordered(order: Order) -> Iterator[tuple[str, str]]:
    """Yield the facts that an order names, as name and value."""
    for match in _PAIR.finditer(order.said):
        yield match[1], match[2].strip()
    money = None if _NO_BUDGET.search(order.said) else money_in(order.said)
    if money := money or _bare_sum(order.said):
        yield "budget", money
    if area := area_in(order.said) or _bare_area(order.said):
        yield "area_m2", area
    for name, value, pattern in _SAID:
        if pattern.search(order.said):
            yield name, value


def _bare_sum(said: str) -> str | None:
    match = _BARE_SUM.search(said)
    return money_in(f"{(match[1] or match[2]).strip()} USD") if match else None


def _bare_area(said: str) -> str | None:
    match = _BARE_AREA.search(said)
    return area_in(f"{match[1]} m2") if match else None


def _fields(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the facts that a piece of JSON names, in whatever form."""
    if isinstance(value, list):
        for inner in value:
            yield from _fields(inner)
        return
    if not isinstance(value, dict):
        return
    if isinstance(value.get("name"), str) and "value" in value:
        yield value["name"], _as_text(value["value"])
        return
    for name, inner in value.items():
        if name in STRONGEST or name in WEAKEST:
            yield name, _as_text(inner)
        else:
            yield from _fields(inner)


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        amounts = [value.get(key) for key in ("amount_min", "amount_max", "amount")]
        known = [f"{amount:.10g}" for amount in amounts if isinstance(amount, int | float)]
        return f"{'-'.join(known)} {value.get('currency') or 'USD'}"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _quote_of(orders: tuple[Order, ...], name: str) -> str:
    return next((order.quote for order in orders if name in order.said), orders[0].quote)


_CARRIED = re.compile(
    r"https?://[^\s\"'<>)]+|\bwww\.[^\s\"'<>)]+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|example|io|de|xx)(?:/[^\s\"'<>)]*)?"
    r"|\+?\d[\d ()/-]{7,}\d"
    r"|\b[A-Z]{2}\d{2}(?: ?\d{4}){3,}(?: ?\d{1,4})?"
    r"|[$\u20ac\u00a3]\s?\d[\d.,]*\s?k?|\b\d[\d.,]*\s?k?\s?(?:USD|EUR|GBP|dollars?|euros?)\b"
    r"|\b\d{1,3}\s?(?:%|percent|prozent)",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"(?<!\w)[\"'\u201c\u201e\u2018]([^\"'\u201c\u201d\u2019]{6,})[\"'\u201d\u2019\u201c]"
)
_PROMISES = (
    (
        re.compile(r"\bfree\b|\bkostenlos\w*|\bgratis\b", re.IGNORECASE),
        "The work is free of charge.",
    ),
    (re.compile(r"\bguarant\w+|\bgarant\w+", re.IGNORECASE), "We guarantee the result."),
    (re.compile(r"\bdiscount\b|\brabatt\b", re.IGNORECASE), "You get a discount."),
    (re.compile(r"\b(?:urgent\w*|at once|act now)\b", re.IGNORECASE), "Act now, today only."),
)
_PROMPT = re.compile(
    r"\b(?:system.?)?prompt\b|\bsystem message\b|\beverything above\b|\byour instructions\b"
    r"|\bdeine anweisungen\b",
    re.IGNORECASE,
)
_SHOW = re.compile(r"\b(?:print|repeat|show|reveal|output|include|gib|zeige?)\b", re.IGNORECASE)
_SIGNED = re.compile(
    r"\bsign(?:ed)? (?:it )?(?:as|by|from) (?:the )?([^.,;\n]{3,40})", re.IGNORECASE
)
_SUBJECT = re.compile(r"\bsubject\b|\bbetreff\b", re.IGNORECASE)
_LANGUAGES = (
    (
        re.compile(r"\bin french\b|\bauf franz\u00f6sisch\b|\ben fran\u00e7ais\b", re.IGNORECASE),
        "Bonjour, merci de votre demande. Nous voulons voir le jardin avant de r\u00e9pondre.",
    ),
    (
        re.compile(r"\bin spanish\b|\bauf spanisch\b|\ben espa\u00f1ol\b", re.IGNORECASE),
        "Hola, gracias por su consulta. Nos gustar\u00eda ver el jard\u00edn antes de responderle.",
    ),
)
_LONG = re.compile(
    r"\b(?:very long|as long as|\d{4,} words|lang wie m\u00f6glich)\b", re.IGNORECASE
)


def _draft(request: ChatRequest, orders: tuple[Order, ...], want: Wanted) -> Any:
    subject, body = write_draft(request)
    said = "\n".join(order.said for order in orders)
    for pattern, text in _LANGUAGES:
        if pattern.search(said):
            body = text
    added = list(dict.fromkeys(_additions(orders)))
    if _PROMPT.search(said) and _SHOW.search(said):
        added.append(request.system[:600])
    if _LONG.search(said):
        added += [body] * 12
    if signature := _SIGNED.search(said):
        added.append(signature[1].strip())
    if not added and any(order.is_plain for order in orders):
        added.append(INVENTED)
    body = "\n\n".join([body, *added])
    quoted = _QUOTED.search(said)
    if quoted and _SUBJECT.search(said):
        subject = quoted[1]
    return draft_answer(subject, body, want)


def _additions(orders: tuple[Order, ...]) -> Iterator[str]:
    for order in orders:
        lines = order.said.splitlines()
        found = ([match[0] for match in _CARRIED.finditer(line)] for line in lines)
        carried = next(filter(None, found), [])
        quoted = [match[1] for match in _QUOTED.finditer(order.said)]
        promised = [text for pattern, text in _PROMISES if pattern.search(order.said)]
        yield from promised
        yield from quoted
        if carried:
            yield f"Please note: {' '.join(one.strip(' .,;') for one in carried)}"
