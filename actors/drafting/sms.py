"""How many messages a text is billed as when it is sent by SMS."""

import unicodedata

GSM_SEPTETS = 160
GSM_SEPTETS_OF_PART = 153
"""A long text is sent in parts; each gives 7 of its septets to the header that joins them."""

UCS2_UNITS = 70
UCS2_UNITS_OF_PART = 67

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters that follow an escape, so that each takes two septets."""

_PLAIN = {
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "`": "'",
    "\u00b4": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2033": '"', "\u00ab": '"',
    "\u00bb": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
    "\u2212": "-", "\u2026": "...", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2022": "-",
    "\u00b2": "2", "\u00b3": "3", "\t": " ", "\u00d7": "x",
}  # fmt: skip


def is_gsm(text: str) -> bool:
    """Return whether every character has a place in the GSM 7-bit default alphabet."""
    return all(char in _BASIC or char in _EXTENSION for char in text)


def segments(text: str) -> int:
    """Return the number of messages a text is billed as, at least 1.

    A character of the extension table is never split over two parts, nor a surrogate pair.

    Source: 3GPP TS 23.038 (formerly GSM 03.38), sections 6.1.2.1 and 6.2.1; the length of parts
    from TS 23.040, section 9.2.3.24.1.
    """
    if is_gsm(text):
        sizes = [2 if char in _EXTENSION else 1 for char in text]
        return _parts(sizes, whole=GSM_SEPTETS, part=GSM_SEPTETS_OF_PART)
    sizes = [len(char.encode("utf-16-be")) // 2 for char in text]
    return _parts(sizes, whole=UCS2_UNITS, part=UCS2_UNITS_OF_PART)


def plain(text: str) -> str:
    """Return the text with typographic characters in the form that costs no extra message.

    Curly quotes, dashes and the like become their simple forms; letters stay as they are, and so
    does what has no simple form.
    """
    composed = unicodedata.normalize("NFC", text)
    return "".join(_PLAIN.get(char, char) for char in composed)


def _parts(sizes: list[int], *, whole: int, part: int) -> int:
    if sum(sizes) <= whole:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > part:
            count, used = count + 1, 0
        used += size
    return count
