"""Cuts a long message to the sentences that say most, wherever they stand."""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate

from scoring.candidates import find_candidates
from scoring.clauses import NEGATION, SENTENCE_END, lowered, made_ready
from scoring.phrases.phrase import occurrences, phrase
from scoring.phrases.signal import GARDEN_ANCHORS, GARDEN_WORDS

_FACT = 4.0
"""What a candidate for a fact is worth; the other kinds are held against it."""

_SIGNS: tuple[tuple[str, float, re.Pattern[str]], ...] = (
    ("long number", 2.0, re.compile(r"\d[\d ()./-]{5,20}\d")),
    (
        "amount",
        2.0,
        re.compile(r"[$\u20ac\u00a3]\s?\d|\d\s?(?:[$\u20ac\u00a3%]|[a-z\u00b2]{1,14}\b)"),
    ),
    ("number", 1.0, re.compile(r"\d")),
    ("question", 1.0, re.compile(r"\?")),
    ("denial", 0.5, NEGATION),
)
_GARDEN = phrase(None, GARDEN_ANCHORS, GARDEN_WORDS)
_GARDEN_WORD = 0.5
_FIRST = 2.0
"""People say what they want in their first line."""
_LAST = 1.0
_SHORTEST_PIECE = 40
_LONGEST_PIECE = 400
_MARK = re.compile(r"[!?;.\n\u2022]")
"""What may end a sentence; far quicker to look for than the ends themselves."""
_BREAK = re.compile(r"(?<!\d)\s(?!\d)")
_ANY_DAY = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every date of a letter: here a day counts whether it is past or not."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of a very long one.

    Attributes:
        length: Characters without the space around them; 0 where it is blank.
        repeats: Whether the same words stood before.
    """

    start: int
    end: int
    length: int
    repeats: bool


def cut(text: str, budget_chars: int) -> str:
    """Return the text with all but its most telling sentences blanked by line ends.

    Sentences are ranked by what they could tell: facts the parsers see, numbers, questions,
    denials, garden work; the first and the last line a little more than others. A kind of sign
    that stands in many sentences says less in each, and a sentence said twice counts once. What
    is kept stands in its old place, with its neighbours where there is room.

    Args:
        text: Without orders to the machine.
        budget_chars: How many characters may stay, at least 1; space between sentences is free.

    Returns:
        A text of the same length; the very same one where nothing had to go.
    """
    pieces = list(_pieces(text, budget_chars))
    if sum(piece.length for piece in pieces) <= budget_chars:
        return text
    kept = _choose(pieces, _scores(text, pieces), budget_chars)
    return "".join(
        text[piece.start : piece.end]
        if at in kept or not piece.length
        else "\n" * (piece.end - piece.start)
        for at, piece in enumerate(pieces)
    )


def _pieces(text: str, budget_chars: int) -> Iterator[_Piece]:
    longest = max(min(budget_chars // 2, _LONGEST_PIECE), min(budget_chars, _SHORTEST_PIECE))
    seen: set[str] = set()
    for start, end in _spans(text, longest):
        words = " ".join(text[start:end].split())
        yield _Piece(start, end, len(text[start:end].strip()), words in seen)
        seen.add(words)


def _spans(text: str, longest: int) -> Iterator[tuple[int, int]]:
    start = 0
    lower = lowered(text)
    for mark in _MARK.finditer(lower):
        stop = SENTENCE_END.match(lower, mark.start())
        if stop is None:
            continue
        yield from _parts(text, start, stop.end(), longest)
        start = stop.end()
    if start < len(text):
        yield from _parts(text, start, len(text), longest)


def _parts(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield a sentence in parts of at most ``longest``, broken between words, not at a number."""
    while end - start > longest:
        breaks = [gap.end() for gap in _BREAK.finditer(text, start + longest // 2, start + longest)]
        at = breaks[-1] if breaks else start + longest
        yield start, at
        start = at
    yield start, end


def _scores(text: str, pieces: Sequence[_Piece]) -> list[float]:
    told = [at for at, piece in enumerate(pieces) if piece.length and not piece.repeats]
    kinds = _kinds([text[pieces[at].start : pieces[at].end] for at in told])
    weights = _weights(kind for seen in kinds for kind in seen)
    scores = [0.0] * len(pieces)
    for at, seen in zip(told, kinds, strict=True):
        scores[at] = math.fsum(weights[kind] for kind in seen)
    last = max(at for at, piece in enumerate(pieces) if piece.length)
    scores[told[0]] += _FIRST
    scores[last] += 0.0 if pieces[last].repeats else _LAST
    return scores


def _kinds(sentences: Sequence[str]) -> list[set[str]]:
    """Return which kinds of sign each sentence shows."""
    starts = list(accumulate((len(sentence) for sentence in sentences), initial=0))
    kinds: list[set[str]] = [set() for _ in sentences]
    for name, start, end in _signs("".join(sentences)):
        first = bisect_right(starts, start) - 1
        last = bisect_right(starts, max(start, end - 1)) - 1
        for at in range(first, min(last + 1, len(kinds))):
            kinds[at].add(name)
    return kinds


def _weights(kinds: Iterable[str]) -> Mapping[str, float]:
    """Return what each kind is worth: less, the more sentences show it."""
    worth = {name: weight for name, weight, _ in _SIGNS} | {"garden": _GARDEN_WORD}
    counts = Counter(kinds)
    return {kind: worth.get(kind, _FACT) / (1 + math.log2(counts[kind])) for kind in counts}


def _signs(text: str) -> Iterator[tuple[str, int, int]]:
    reading = made_ready(text, locale=None, country=None, created_at=_ANY_DAY)
    for name, found in find_candidates(reading).items():
        yield from ((f"fact {name}", one.start, one.end) for one in found)
    for name, _, pattern in _SIGNS:
        yield from ((name, *match.span()) for match in pattern.finditer(reading.lower))
    yield from (("garden", *match.span()) for match in occurrences(reading.lower, _GARDEN))


def _choose(pieces: Sequence[_Piece], scores: Sequence[float], budget_chars: int) -> set[int]:
    """Return the pieces to keep: by rank, then beside those kept, then from the beginning."""
    ranked = sorted(range(len(pieces)), key=lambda at: (-scores[at], at))
    telling = [at for at in ranked if scores[at] > 0]
    beside = [near for at in telling for near in (at - 1, at + 1) if 0 <= near < len(pieces)]
    kept: set[int] = set()
    left = budget_chars
    for at in (*telling, *beside, *range(len(pieces))):
        piece = pieces[at]
        if at not in kept and 0 < piece.length <= left and not (piece.repeats and not scores[at]):
            kept.add(at)
            left -= piece.length
    return kept
