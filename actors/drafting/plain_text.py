"""A draft made ready for the checks: tricks of writing undone, what is known masked."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

MASK = "\ufffc"
"""Stands for what is known to be right; no letter, no digit, no blank."""

_RAISED = re.compile(r"(?:(?<=m)|(?<=\bft))[\u00b2\u00b3]|(?:(?<=\bm)|(?<=\dm)|(?<=\d[ck]m))[23]\b")
_RAISED_AS = str.maketrans({"2": "\ue000", "3": "\ue001", "\u00b2": "\ue000", "\u00b3": "\ue001"})
_RAISED_TO = str.maketrans({"\ue000": "\u00b2", "\ue001": "\u00b3"})
"""The little two of square metres must outlive the plain forms, which would make it a number."""

_DOTS = str.maketrans({"\u3002": ".", "\uff61": ".", "\uff0e": ".", "\u2024": ".", "\u2044": "/"})
_LEFT_OUT = re.compile(rf"{MASK}+")
MOST_MASKED = 200
"""Characters of a name or a link that was masked."""

MOST_OCCURRENCES = 100

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


def restored(found: str, whole: str) -> str:
    """Return what a check found as it stands in the text: whole words, nothing masked.

    Args:
        found: Cut from the masked text, in any case.
        whole: The same text before anything was masked, on one line.
    """
    pieces = [piece.lower() for piece in found.rstrip("\u2026").split(MASK) if piece.strip()]
    if not pieces or len(lower := whole.lower()) != len(whole):
        return _LEFT_OUT.sub("\u2026", found)
    spans = list(islice(_occurrences(pieces, lower), MOST_OCCURRENCES))
    if not spans:
        return _LEFT_OUT.sub("\u2026", found)
    start, end = next((span for span in spans if not _cuts(whole, *span)), spans[0])
    while _joined(whole, start):
        start -= 1
    while _joined(whole, end):
        end += 1
    return whole[start:end].strip()


def _occurrences(pieces: list[str], lower: str) -> Iterator[tuple[int, int]]:
    """Yield where the pieces stand one after the other, with little between them."""
    first, *rest = pieces
    start = lower.find(first)
    while start >= 0:
        end = start + len(first)
        for piece in rest:
            at = lower.find(piece, end, end + MOST_MASKED + len(piece))
            if at < 0:
                break
            end = at + len(piece)
        else:
            yield start, end
        start = lower.find(first, start + 1)


def _cuts(text: str, start: int, end: int) -> bool:
    return _joined(text, start) or _joined(text, end)


def _joined(text: str, at: int) -> bool:
    """Return whether a place in a text lies within a word."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def shortened(text: str, most: int = 120) -> str:
    """Return the text on one line, cut to a bound between words where there are any."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    words, blank, _ = cut.rpartition(" ")
    return (words if blank and not line[most - 1].isspace() else cut).rstrip() + "\u2026"


def _plain_char(char: str) -> str:
    category = unicodedata.category(char)
    if category in _UNSEEN:
        return ""
    return str(unicodedata.decimal(char)) if category == "Nd" else char
