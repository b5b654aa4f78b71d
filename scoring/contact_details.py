"""Telephone numbers, e-mail addresses and postal codes written in a message."""

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from scoring.clauses import Found, Reading

_PHONE = re.compile(r"(?:\+|\b00|\(|\b)[0-9](?:[ \u00a0().\-/]{0,3}[0-9]){6,16}(?![0-9])")
_PHONE_CUE = re.compile(
    r"(?:call|ring|phone|tel|telephone|telefon|mobile?|mobil|handy|cell|whatsapp|text|number|"
    r"nummer|"
    r"fon|reach me|erreichbar|anrufen|unter|at|on|is|:)[^\w+(]{0,3}(?:me |us |on |at |is |"
    r"unter |ist |:|\.)*$"
)
_US_FORM = re.compile(r"\(?[2-9]\d{2}\)?[ .\-]{1,2}[2-9]\d{2}[ .\-]\d{4}")
_NOT_A_PHONE_BEFORE = re.compile(
    r"(?:[$\u20ac\u00a3#]|iban|order|ref(?:erence)?|invoice|nr\.?|no\.?|kundennummer|rechnung\w*|"
    r"[a-z]{2}\d{2})\s{0,2}$"
)
_IS_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}")
_EMAIL = re.compile(r"@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}")
_LOCAL_PART = re.compile(r"[a-z0-9._%+-]{1,64}$")
_MOST_CANDIDATES = 40
_MOST_DIGITS = 15

_POSTAL: dict[str, re.Pattern[str]] = {
    "GB": re.compile(r"\b([a-z]{1,2}\d[a-z\d]?)\s?(\d[abd-hjlnp-uw-z]{2})\b"),
    "CA": re.compile(r"\b([abceghj-nprstvxy]\d[a-z])\s?(\d[a-z]\d)\b"),
    "NL": re.compile(r"\b([1-9]\d{3})\s?([a-z]{2})\b(?=\s)"),
}
_POSTAL_CUE = re.compile(
    r"(?:\bplz|postleitzahl|post ?code|postal code|zip(?: ?code)?)[\s:]{0,3}(?:is |ist )?"
    r"(\d{5}(?:-\d{4})?|\d{4})(?!\d)"
)
_PLACE = re.compile(
    r"(?<!\d)(\d{4,5})\s"
    r"(?!(?:Euro|EUR|Quadrat|Stück|Liter|Meter|Uhr|Januar|Februar|März|April|Mai|Juni|Juli|August|"
    r"September|Oktober|November|Dezember)\b)[A-ZÄÖÜ][a-zäöüß]{2}"
)
_BEFORE_A_PLACE = re.compile(r"(?:[\n,(]\s{0,2}|\b(?:in|aus|nach|bei)\s|\bD-)$")
_LINE_OF_A_PLACE = re.compile(r"\d{4,5} \w{2,30}[,\n]")
_STATE = re.compile(r"\b[A-Z]{2},? (\d{5}(?:-\d{4})?)(?![\d-])")
_LENGTHS = {"DE": 5, "FR": 5, "IT": 5, "ES": 5, "AT": 4, "CH": 4, "BE": 4, "DK": 4}


def find_phones(reading: Reading) -> Iterator[Found]:
    """Yield telephone numbers as E.164, in the lead's country where they name none.

    A number is believed where it is valid and looks like one (country code, trunk zero, North
    American form) or follows a word for it.
    """
    tried = 0
    for match in _PHONE.finditer(reading.lower):
        before = reading.lower[max(0, match.start() - 24) : match.start()]
        looks = match[0].startswith(("+", "0", "(")) or _US_FORM.fullmatch(match[0])
        if _NOT_A_PHONE_BEFORE.search(before) or not (looks or _PHONE_CUE.search(before)):
            continue
        if _IS_DATE.match(match[0]):
            continue
        tried += 1
        if tried > _MOST_CANDIDATES:
            return
        if number := normal_phone(match[0], reading.country):
            yield Found(number, match.start(), match.end())


def find_emails(reading: Reading) -> Iterator[Found]:
    """Yield e-mail addresses, in lower case."""
    lower = reading.lower
    for domain in _EMAIL.finditer(lower):
        local = _LOCAL_PART.search(lower, max(0, domain.start() - 64), domain.start())
        name = lower[domain.start() + 1 : domain.end()].rstrip(".-")
        if local and name.rsplit(".", 1)[-1].isalpha():
            start = local.start()
            address = lower[start : domain.start() + 1] + name
            yield Found(address, start, start + len(address))


def find_postal_codes(reading: Reading, taken: Sequence[Found]) -> Iterator[Found]:
    """Yield postal codes that name themselves or stand before a place; never part of ``taken``."""
    for start, end, code in _postal_codes(reading):
        if not any(start < one.end and one.start < end for one in taken):
            yield Found(code, start, end)


def _postal_codes(reading: Reading) -> Iterator[tuple[int, int, str]]:
    country = reading.country or ""
    if pattern := _POSTAL.get(country):
        for match in pattern.finditer(reading.lower):
            yield match.start(), match.end(), f"{match[1]} {match[2]}".upper()
    for match in _POSTAL_CUE.finditer(reading.lower):
        yield match.start(1), match.end(1), match[1]
    if country in {"US", ""}:
        for match in _STATE.finditer(reading.text):
            yield match.start(1), match.end(1), match[1]
    if country in _LENGTHS or not country:
        for match in _PLACE.finditer(reading.text):
            right = len(match[1]) == _LENGTHS.get(country, len("10115"))
            if right and _opens_a_place(reading.text, match.start()):
                yield match.start(1), match.end(1), match[1]


def _opens_a_place(text: str, at: int) -> bool:
    """Return whether a code stands where an address has it: after a line's end, a comma or "in"."""
    if at == 0:
        return _LINE_OF_A_PLACE.match(text) is not None
    return _BEFORE_A_PLACE.search(text[max(0, at - 10) : at]) is not None


def normal_phone(text: str, country: str | None) -> str | None:
    """Return a telephone number as E.164, or None where it is none; local ones need a country."""
    if sum(char.isdigit() for char in text) > _MOST_DIGITS:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
