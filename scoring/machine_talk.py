"""How strongly each sentence of a message speaks to a machine, by the shape of its words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scoring.clauses import SENTENCE_END
from scoring.phrases.machine_grammar import (
    MOST_SUPPORT,
    NEEDS_SUPPORT,
    ORDINARY,
    SIGNS,
    SUPPORT,
    Sign,
)
from scoring.word_classes import ACCENTS, LEAD, class_of, is_lead

_TOKEN = re.compile(
    r"(?:https?://|www\.)\S{1,200}|[\w.+-]{1,60}@[\w.-]{1,60}|\d[\d.,]*k?\b|[^\W\d_](?:[\w+]|[-'\u2019](?=\w)){0,40}|[-+/*#=<>]{2,40}|[,:=\"(\[*#]"
)
_MARK = re.compile(r"[!?;.\n\u2022]")
"""What may end a sentence; far quicker to look for than the ends themselves."""
_NO_SPACE = re.compile(r"\S")
_FEW_WORDS = 3


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or some very short ones in a row.

    Attributes:
        letters: Its words by class.
        weight: Of all its signs.
        signs: Their names.
    """

    start: int
    end: int
    letters: str
    weight: int
    signs: tuple[str, ...]


def sentences(lower: str) -> Iterator[Sentence]:
    """Yield the sentences of a text with what they weigh, in order.

    Args:
        lower: The text in lower case, without its disguises.
    """
    bare = lower.translate(ACCENTS)
    for start, end in _stretches(bare):
        letters = _letters(bare, start, end)
        weight, signs = weigh(letters)
        yield Sentence(start, end, letters, weight, signs)


@lru_cache(maxsize=4096)
def weigh(letters: str) -> tuple[int, tuple[str, ...]]:
    """Return the weight of a sentence written as classes, and the signs that make it."""
    present = frozenset(letters)
    if "h" in present:
        for pattern, ordinary in ORDINARY:
            letters = pattern.sub(ordinary, letters)
        present = frozenset(letters)
    found = _found(SIGNS, letters, present)
    weight = sum(sign.weight for sign in found)
    if weight >= NEEDS_SUPPORT:
        beside = _found(SUPPORT, letters, present)
        weight += min(MOST_SUPPORT, sum(sign.weight for sign in beside))
        found.extend(beside)
    return weight, tuple(sign.name for sign in found)


def _found(signs: Iterable[Sign], letters: str, present: frozenset[str]) -> list[Sign]:
    return [sign for sign in signs if sign.needs <= present and sign.pattern.search(letters)]


def _letters(bare: str, start: int, end: int) -> str:
    words = _TOKEN.findall(bare, start, end)
    letters = "".join(map(_letter, words))
    if LEAD.isdisjoint(words):
        return letters
    return "".join(_in_context(words, at) for at in range(len(words)))


@lru_cache(maxsize=16_384)
def _letter(word: str) -> str:
    first = word[0]
    if "@" in word or "/" in word[1:]:
        return "."
    if first.isdigit():
        return "n"
    if not first.isalpha():
        return word if len(word) == 1 else "*"
    return "_" if "_" in word else class_of(word.removesuffix("'s").removesuffix("\u2019s"))


def _in_context(words: Sequence[str], at: int) -> str:
    if words[at] not in LEAD:
        return _letter(words[at])
    before = words[at - 1] if at else ""
    return "l" if is_lead(before, words[at + 1] if at + 1 < len(words) else "") else "."


def _stretches(bare: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each sentence; short ones in a line are taken together."""
    start = _after_space(bare, 0)
    for mark in _MARK.finditer(bare):
        end = mark.end()
        if end <= start or (mark[0] == "." and not _ends(bare, start, mark.start())):
            continue
        if end - start > 1:
            yield start, end
        start = _after_space(bare, end)
    if start < len(bare):
        yield start, len(bare)


def _ends(bare: str, start: int, dot: int) -> bool:
    """Return whether a full stop ends a sentence, and one that is long enough to be read alone."""
    if not SENTENCE_END.match(bare, dot):
        return False
    return bare.count(" ", start, dot + 1) >= _FEW_WORDS


def _after_space(bare: str, start: int) -> int:
    found = _NO_SPACE.search(bare, start)
    return found.start() if found else len(bare)
