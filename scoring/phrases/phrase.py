"""A phrase people write, and the search for it in linear time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

REACH = 120
"""Characters on each side of an anchor in which its pattern is tried."""

UP_TO_2 = r"(?:[\w'\u2019-]{1,24} ){0,2}"
UP_TO_4 = r"(?:[\w'\u2019-]{1,24} ){0,4}"
"""Up to so many words, for use inside a phrase's pattern."""


_SPACE = re.compile(r"\[[^\]]*\]| \?| ")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A way to say something.

    Attributes:
        value: What it means.
        anchors: Lower-case pieces; the pattern is tried only near one of them.
        pattern: Matched against lower-case text. Every repetition is bounded.
    """

    value: JsonValue
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]


def phrase(value: JsonValue, anchors: str, pattern: str) -> Phrase:
    """Return a phrase.

    Args:
        value: What it means.
        anchors: Lower-case pieces, separated by ``|``; one occurs in whatever the pattern matches.
        pattern: A regular expression over lower-case text, in which a space stands for one to
            three characters of white space, and a space with a question mark for none to three.
    """
    return Phrase(value, tuple(anchors.split("|")), re.compile(_SPACE.sub(_white_space, pattern)))


def occurrences(lower: str, sought: Phrase) -> Iterator[re.Match[str]]:
    """Yield where a phrase occurs in lower-case text, first to last.

    Only the surroundings of its anchors are searched, each once, so that a long text costs little
    more than looking for the anchors.
    """
    for start, end in _windows(lower, sought.anchors):
        yield from sought.pattern.finditer(lower, start, end)


def _white_space(match: re.Match[str]) -> str:
    if match[0].startswith("["):
        return match[0].replace(" ", r"\s")
    return r"\s{0,3}" if match[0].endswith("?") else r"\s{1,3}"


def _windows(lower: str, anchors: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    hits = sorted(hit for anchor in anchors if anchor in lower for hit in _hits(lower, anchor))
    if not hits:
        return
    start, end = hits[0] - REACH, hits[0] + REACH
    for hit in hits[1:]:
        if hit - REACH > end:
            yield max(0, start), _word_end(lower, end)
            start = hit - REACH
        end = hit + REACH
    yield max(0, start), _word_end(lower, end)


def _hits(lower: str, anchor: str) -> Iterator[int]:
    hit = lower.find(anchor)
    while hit >= 0:
        yield hit
        hit = lower.find(anchor, hit + REACH)


def _word_end(lower: str, end: int) -> int:
    """Move the end of a window past the word it cuts, so that no half word matches."""
    space = lower.find(" ", end, end + REACH)
    return space if space >= 0 else end
