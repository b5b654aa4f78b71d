"""Undoes what hides words from a reader of orders, letter for letter, and notes what nobody writes.

Undone: full-width and other compatible letters, marks that nobody sees, letters of Greek and
Russian inside Latin words, letters one by one, HTML's numbers for letters, figures for letters.
Base64 and hexadecimal stretches that hold text are found, not read; words backwards or in rot13
are in the table of :mod:`scoring.phrases.machine_words`. Other ciphers stay hidden, and so do
words misspelt on purpose.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scoring.clauses import lowered

_UNSEEN = frozenset(
    "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u200e\u200f\u180e"
)
_FILLER = "\u2060"
"""Takes the place of a character that went, until all unseen ones go."""
_HIDING = re.compile(r"(?:[^\W\d_][\u200b\u200c\u2060\ufeff]+){4}")
"""Marks that nobody sees after letter upon letter; soft hyphens come with text from web pages."""
_ENTITIES = re.compile(r"(?:&#x?[0-9a-f]{1,6};){4,2000}", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#x?[0-9a-f]{1,6}|lt|gt|quot|amp|nbsp);", re.IGNORECASE)
_LETTER_BY_LETTER = re.compile(
    r"(?<![^\W_])[^\W_](?:(?:[ .*_-]|\xa0)[^\W_](?![^\W_])|\s{2,4}[^\W_](?![^\W_])){7,400}"
)
_BETWEEN_LETTERS = re.compile(r"(?<=\S)[ .*_\xa0-](?=\S)")
_SPELT = 10
_GREEK_OR_RUSSIAN = re.compile(r"[\u0370-\u052f]")
_WORD = re.compile(r"[^\W\d_]{2,40}")
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u051b\u051d\u043a\u043c\u0442\u043d\u0432"
    "\u03b1\u03b5\u03bf\u03c1\u03c4\u03c5\u03b9\u03ba\u03bd\u03c7\u03b3\u03b7",
    "aeopcyxijsdhqwkmthbaeoptuikvxyn",
)
_LATIN = re.compile(r"[a-z]")
_MIXED_WORDS = 2
_BASE64 = re.compile(r"(?<![\w/+.-])[\w+/-]{20,4000}={0,2}(?![\w/.-])")
_LONG = re.compile(r"[\w+/=-]{20}")
_HEX = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{2}){12,2000}(?![0-9a-f])", re.IGNORECASE)
_TEXT_IN_IT = re.compile(r"[\w .,:;!?'\"=$%&+\-/()@\n{}\[\]\u20ac\u00a3]+")
_BIDI = re.compile(r"[\u202d\u202e\u2066-\u2068]")

FIGURE_IN_A_WORD = re.compile(r"[a-z][013457][a-z]|\b[013457]{1,2}[a-z]{2}|[a-z][013457]{2}[a-z]")
_MIXED = re.compile(r"(?<![\w.])(?=\w{0,20}[a-z])[a-z013457]{3,20}(?![\w@])")
_FIGURES = str.maketrans("013457", "oieast")


@dataclass(frozen=True, slots=True)
class Undisguised:
    """A message as it is searched.

    Attributes:
        text: Lower case, shorter than the message where characters went that nobody sees.
        places: Of each character, in the message.
        tricks: Start and end, in ``text``, of what only hides words.
    """

    text: str
    places: Sequence[int]
    tricks: tuple[tuple[int, int], ...]


def undisguise(message: str) -> Undisguised:
    """Return a message without its disguises."""
    folded = message if message.isascii() else "".join(map(_folded, message))
    tricks = list(_tricks(message))
    if "&" in folded:
        folded = _ENTITY.sub(_character, folded)
    spelt = [match.span() for match in _LETTER_BY_LETTER.finditer(folded)]
    for start, end in spelt:
        tricks.extend([(start, end)] if end - start >= 2 * _SPELT else [])
        folded = folded[:start] + _joined(folded[start:end]) + folded[end:]
    lower = lowered(folded)
    if _GREEK_OR_RUSSIAN.search(lower):
        lower = _WORD.sub(_latin, lower)
    places = _seen(lower)
    if len(places) == len(lower):
        return Undisguised(lower, range(len(lower)), tuple(tricks))
    at = {place: index for index, place in enumerate(places)}
    text = "".join(lower[place] for place in places)
    return Undisguised(text, places, tuple(_moved(trick, at) for trick in tricks))


def with_letters_for_figures(lower: str) -> str:
    """Return a text in which figures within words are letters; of the same length."""
    return _MIXED.sub(lambda word: word[0].translate(_FIGURES), lower)


def _tricks(message: str) -> Iterator[tuple[int, int]]:
    """Yield stretches of a message that are there to hide what they say."""
    if "&#" in message:
        yield from (match.span() for match in _ENTITIES.finditer(message))
    if not message.isascii():
        yield from (match.span() for match in _HIDING.finditer(message))
        yield from (match.span() for match in _BIDI.finditer(message))
        yield from _mixed_words(message)
    if not _LONG.search(message):
        return
    for match in _BASE64.finditer(message):
        if _holds_text(_from_base64(match[0])):
            yield match.span()
    for match in _HEX.finditer(message):
        if _holds_text(_from_hex(match[0])):
            yield match.span()


def _mixed_words(message: str) -> Iterator[tuple[int, int]]:
    if not _GREEK_OR_RUSSIAN.search(message):
        return
    mixed = [match.span() for match in _WORD.finditer(message) if _latin(match) != match[0]]
    if len(mixed) >= _MIXED_WORDS:
        yield from mixed


def _latin(word: re.Match[str]) -> str:
    """Return a word with its look-alikes made Latin, where some of its letters are."""
    if word[0].isascii() or not _LATIN.search(word[0].lower()):
        return word[0]
    return word[0].translate(_LOOK_ALIKES)


def _character(entity: re.Match[str]) -> str:
    """Return what an entity stands for, at its length."""
    said = html.unescape(entity[0])
    return said + _FILLER * (len(entity[0]) - 1) if len(said) == 1 else entity[0]


def _joined(spelt: str) -> str:
    return _BETWEEN_LETTERS.sub(_FILLER, spelt)


def _seen(lower: str) -> Sequence[int]:
    if lower.isascii() or _UNSEEN.isdisjoint(lower):
        return range(len(lower))
    return [at for at, char in enumerate(lower) if char not in _UNSEEN]


def _moved(trick: tuple[int, int], at: dict[int, int]) -> tuple[int, int]:
    start = next((at[place] for place in range(trick[0], trick[1]) if place in at), 0)
    end = next((at[place] + 1 for place in range(trick[1] - 1, trick[0], -1) if place in at), start)
    return start, max(end, start + 1)


def _from_base64(text: str) -> bytes:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return b""


def _from_hex(text: str) -> bytes:
    return bytes.fromhex(text)


def _holds_text(decoded: bytes) -> bool:
    """Return whether bytes are words with spaces, as no number and no address holds by chance."""
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        return False
    return " " in text and _TEXT_IN_IT.fullmatch(text) is not None


def _folded(char: str) -> str:
    if char.isascii():
        return char
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char
