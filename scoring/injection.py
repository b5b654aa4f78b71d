"""Text that gives orders to the machine instead of asking for garden work.

Tables of words, so a new wording may pass: of 50 orders written after a table stood, and before it
was widened by them, 6 were found. What passes gains what the same words would gain as a plain lie,
and no more: the parsers read the text in either case, and a model that obeys it adds at most
:data:`scoring.additive.UNCHECKED_CAP`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scoring.clauses import SENTENCE_END, lowered
from scoring.phrases.orders import ORDER, ORDERS
from scoring.phrases.phrase import occurrences
from scoring.phrases.pretences import PRETENCES

_MARKERS = re.compile(
    r"<!--|\{ ?\"|(?:note|message|hint) (?:to|for) |(?:internal )?crm note|internal note|"
    r"end of message|ende der nachricht|<\||\[/?inst|<<sys|</?(?:system|assistant|developer)|"
    r"\[(?:system|assistant)\]|#{2,6}\s{0,3}\w"
)
_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n")


_FIGURE_IN_A_WORD = re.compile(r"[a-z][013457][a-z]")
_MIXED = re.compile(r"\b(?=\w{0,20}[a-z])[a-z013457]{4,20}\b")
_FIGURES = str.maketrans("013457", "oieast")
"""Figures that stand for letters, to hide an order."""
_ASKED = re.compile(r"(?:^|\n)\s{0,3}((?:human|user)\s{0,2}:)")
_ANSWERED = re.compile(r"(?:^|\n)\s{0,3}(assistant\s{0,2}:)")
"""Together the lines of a talk with a machine; alone either may begin a letter."""
_BRACKETS = (("[", "]"), ("{", "}"))

_UNSEEN = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f")


@dataclass(frozen=True, slots=True)
class _Signal:
    start: int
    end: int
    weight: int
    opens_turn: bool


def injected_spans(message: str) -> tuple[tuple[int, int], ...]:
    """Return the stretches of a message that speak to the machine, in order, not overlapping.

    A sentence counts as an order by one signal that no customer gives ("ignore all previous
    instructions", "score=100", a chat role's marker), or a paragraph by two hints. Between the
    first and the last order of a paragraph everything goes; what stands before and after stays,
    except that a paragraph which opens with an order, and whatever follows a role's marker up to
    the paragraph's end, goes whole.

    Returns:
        Pairs of start and end, in characters of the message.
    """
    plain, places = _plain(message)
    signals = list(_signals(plain))
    if not signals:
        return ()
    spans = []
    for start, end in _paragraphs(plain):
        inside = [signal for signal in signals if start <= signal.start < end]
        if sum(signal.weight for signal in inside) >= ORDER:
            spans.append(_stretch(plain, start, end, inside))
    return tuple((places[start], places[end - 1] + 1) for start, end in spans if start < end)


def without_orders(message: str) -> tuple[str, bool]:
    """Blank out what speaks to the machine; return the text, and whether there was any.

    The text has the length of the message, and every character that stays keeps its place, so
    that a quote from it is found at the same place in the message. Line ends take the place of
    what went, so that no sentence reaches across.
    """
    text = message
    spans = injected_spans(message)
    for start, end in spans:
        text = text[:start] + "\n" * (end - start) + text[end:]
    return text, bool(spans)


def _plain(message: str) -> tuple[str, Sequence[int]]:
    """Return the text to search and the place of each of its characters in the message.

    Characters that nobody sees are left out and wide letters made plain: both serve to hide orders.
    """
    folded = "".join(_folded(char) for char in message)
    places = [at for at, char in enumerate(folded) if char not in _UNSEEN]
    if len(places) == len(folded):
        return lowered(folded), range(len(folded))
    return lowered("".join(folded[at] for at in places)), places


def _folded(char: str) -> str:
    if char.isascii():
        return char
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char


def _signals(plain: str) -> Iterator[_Signal]:
    yield from _signals_in(plain)
    if _FIGURE_IN_A_WORD.search(plain):
        yield from _signals_in(_MIXED.sub(lambda word: word[0].translate(_FIGURES), plain))
    if _ASKED.search(plain) and _ANSWERED.search(plain):
        for pattern in (_ASKED, _ANSWERED):
            for match in pattern.finditer(plain):
                yield _Signal(match.start(1), match.end(), ORDER, opens_turn=True)


def _signals_in(lower: str) -> Iterator[_Signal]:
    for sought in (*ORDERS, *PRETENCES):
        for match in occurrences(lower, sought):
            begin = match.start() + len(match[0]) - len(match[0].lstrip())
            marker = _MARKERS.match(match[0].lstrip()) is not None
            yield _Signal(begin, match.end(), int(str(sought.value)), opens_turn=marker)


def _paragraphs(lower: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in _PARAGRAPH_END.finditer(lower):
        yield start, gap.start()
        start = gap.end()
    yield start, len(lower)


def _stretch(lower: str, start: int, end: int, signals: list[_Signal]) -> tuple[int, int]:
    """Return what to blank of a paragraph that gives orders."""
    first = min(signals, key=lambda signal: signal.start)
    last = max(signal.end for signal in signals)
    begin = first.start if first.opens_turn else _sentence_start(lower, start, first.start)
    begin, last = _whole_brackets(lower, (start, end), (begin, last))
    if not lower[start:begin].strip():
        return start, end
    if any(signal.opens_turn for signal in signals):
        return begin, end
    return begin, _sentence_end(lower, last, end)


def _whole_brackets(
    lower: str, paragraph: tuple[int, int], stretch: tuple[int, int]
) -> tuple[int, int]:
    """Widen a stretch to the brackets it stands in: a note in brackets is one note."""
    begin, end = stretch
    for opening, closing in _BRACKETS:
        opened = lower.rfind(opening, paragraph[0], begin)
        if opened >= 0 and closing not in lower[opened:begin]:
            begin = opened
        closed = lower.find(closing, end, paragraph[1])
        if closed >= 0 and lower.count(opening, begin, closed) > lower.count(closing, begin, end):
            end = closed + 1
    return begin, end


def _sentence_start(lower: str, start: int, at: int) -> int:
    ends = [match.end() for match in SENTENCE_END.finditer(lower, start, at)]
    return ends[-1] if ends else start


def _sentence_end(lower: str, at: int, end: int) -> int:
    stop = SENTENCE_END.search(lower, at, end)
    return stop.end() if stop else end
