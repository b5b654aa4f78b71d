"""A draft made ready for the checks: tricks of writing undone, what is known masked."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MASK = "\ufffc"
"""Stands for what is known to be right; no letter, no digit, no blank."""

_RAISED = re.compile(r"(?:(?<=m)|(?<=\bft))[\u00b2\u00b3]|(?:(?<=\bm)|(?<=\dm)|(?<=\d[ck]m))[23]\b")
_RAISED_AS = str.maketrans({"2": "\ue000", "3": "\ue001", "\u00b2": "\ue000", "\u00b3": "\ue001"})
_RAISED_TO = str.maketrans({"\ue000": "\u00b2", "\ue001": "\u00b3"})
"""The little two of square metres must outlive the plain forms, which would make it a number."""

_DOTS = str.maketrans({"\u3002": ".", "\uff61": ".", "\uff0e": ".", "\u2024": ".", "\u2044": "/"})
_VISIBLE_JOINER = "\u200d"
_NOT_BEFORE = r"(?<![\w@.$€£-])(?<![$€£] )"
_NOT_AFTER = r"(?![\w@/-]|\.\w|\s?[%$€£])"
_MAYBE_HIDDEN = re.compile(r"[^\x20-\x7e]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_UNSEEN = frozenset({"Cf", "Mn", "Me"})
_LINE_CONTROLS = frozenset("\n\r\t")


@dataclass(frozen=True, slots=True)
class Seen:
    """Something a check found in a text.

    Attributes:
        kind: Name of the check it belongs to.
        text: As it stands there.
    """

    kind: str
    text: str


def readable(text: str) -> str:
    """Return the text as a person reads it: hidden characters gone, odd letters and digits plain.

    Full-width and enclosed forms, digits of other scripts, keycaps and the dots that browsers take
    for a full stop become their simple forms. The two of square metres becomes a raised one, which
    no pattern takes for a number.
    """
    shown = _RAISED.sub(lambda match: match[0].translate(_RAISED_AS), text.translate(_DOTS))
    shown = unicodedata.normalize("NFKC", shown).translate(_DOTS).translate(_RAISED_TO)
    return _NOT_ASCII.sub(lambda match: _plain_char(match[0]), shown)


def hidden_characters(text: str) -> Iterator[str]:
    """Yield the names of characters that nobody sees, apart from those that join emoji."""
    for char in _MAYBE_HIDDEN.findall(text):
        joins = char == _VISIBLE_JOINER
        if (
            unicodedata.category(char) in {"Cf", "Cc", "Co"}
            and char not in _LINE_CONTROLS
            and not joins
        ):
            yield unicodedata.name(char, f"U+{ord(char):04X}").lower()


def without(text: str, known: Iterable[str]) -> str:
    """Return the text with every whole occurrence of the known strings masked, longest first.

    What stands beside a sign of money or per cent is no such occurrence.
    """
    for one in sorted({readable(one) for one in known if one.strip()}, key=len, reverse=True):
        words = r"\s+".join(re.escape(word) for word in one.split())
        text = re.sub(rf"{_NOT_BEFORE}{words}{_NOT_AFTER}", MASK, text)
    return text


def shortened(text: str, most: int = 120) -> str:
    """Return the text on one line, cut to a bound."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "\u2026"


def _plain_char(char: str) -> str:
    category = unicodedata.category(char)
    if category in _UNSEEN:
        return ""
    return str(unicodedata.decimal(char)) if category == "Nd" else char
