"""How a raw lead's contact is read: the e-mail address, and the phone number in E.164."""

import re
from collections.abc import Sequence

import phonenumbers

from domain.intake_fields import Faults, RawObject, read_choice, read_text
from domain.lead import Channel

_EMAIL = re.compile(
    r"[^\s@<>(),;:\"\[\]\\]{1,64}@(?:[^\s@.<>(),;:\"\[\]\\]{1,63}\.)+[^\s@.\d<>(),;:\"\[\]\\]{2,63}"
)
_MOST_PHONE_CHARACTERS = 200
_MOST_NUMBER_CHARACTERS = 64
_SPELT = re.compile(r"(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]?(?=[\d-]*[A-Za-z])[A-Za-z\d-]{7,12}")
"""A North American number with letters for digits, such as 1-800-FLOWERS."""

_FOR_DRAMA = re.compile(r"\+44(?:1632960|7700900)\d{3}")
"""British numbers kept free for examples, which the tables of numbers in use leave out."""

_LABEL = re.compile(r"(?:tel|telefon|phone|mobile?|handy|cell|fon)?\W*", re.IGNORECASE)


def read_contact(fields: RawObject, countries: Sequence[str], faults: Faults) -> dict[str, object]:
    """Return the contact with e-mail in lower case and phone in E.164.

    Args:
        fields: As they came.
        countries: ISO 3166-1 alpha-2, the likeliest first; see :func:`read_phone`.
        faults: Gets what is set aside.
    """
    for name in sorted(fields.keys() - {"full_name", "email", "phone", "preferred_channel"}):
        faults.add(f"contact.{name}", fields[name], "field_unknown")
    return {
        "full_name": read_text(fields.get("full_name"), "contact.full_name", 200, faults) or "",
        "email": _email(fields.get("email"), faults),
        "phone": read_phone(fields.get("phone"), countries, faults),
        "preferred_channel": read_choice(
            fields.get("preferred_channel"), "contact.preferred_channel", Channel, faults
        ),
    }


def read_phone(value: object, countries: Sequence[str], faults: Faults) -> str | None:
    """Return a phone number in E.164, or None and the fault ``phone_invalid``.

    A number that names its country is that country's; another belongs to the first of
    ``countries`` in which it is valid. Words or a second number beside it are kept under the
    fault ``phone_partly_read``.
    """
    if value is None or value == "":
        return None
    text = str(value).strip()
    read = text[:_MOST_PHONE_CHARACTERS]
    attempts = [(read, country) for country in (*countries, None)]
    if read.startswith("00"):
        attempts.append((f"+{read[2:]}", None))
    for written, country in attempts:
        found = _number_in(written, country)
        if found is not None:
            number, is_whole = found
            if not is_whole or read != text:
                faults.add("contact.phone", value, "phone_partly_read")
            return number
    faults.add("contact.phone", value, "phone_invalid")
    return None


def _number_in(text: str, country: str | None) -> tuple[str, bool] | None:
    """Return the first number of a text in one country, and whether it is all the text says."""
    if not any(letter.isalpha() for letter in text) or _SPELT.fullmatch(text):
        whole = _parsed(text, country)
        if whole is not None:
            return whole, True
    matches = phonenumbers.PhoneNumberMatcher(text, country, leniency=phonenumbers.Leniency.VALID)
    for match in matches:
        rest = text[: match.start] + " " + text[match.end :]
        return _e164(match.number), _LABEL.fullmatch(rest.strip()) is not None
    return None


def _parsed(text: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text[:_MOST_NUMBER_CHARACTERS], country)
    except phonenumbers.NumberParseException:
        return None
    written = _e164(number)
    is_number = phonenumbers.is_valid_number(number) or _FOR_DRAMA.fullmatch(written)
    return written if is_number else None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(value: object, faults: Faults) -> str | None:
    if value is None or value == "":
        return None
    text = value.strip().lower().removeprefix("mailto:") if isinstance(value, str) else ""
    if len(text) <= 254 and _EMAIL.fullmatch(text):  # noqa: PLR2004 - RFC 5321, 4.5.3.1.3
        return text
    faults.add("contact.email", value, "email_invalid")
    return None
