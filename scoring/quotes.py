"""Finds where a quote stands in a message, verbatim but for spaces, capitals and typography."""

import re
from collections.abc import Iterator
from itertools import islice

from scoring.clauses import lowered

MOST_QUOTE_CHARS = 500
"""A longer quote shows nothing: the value could follow from any part of it."""

_FEWEST_SIGNS = 2
_MOST_PLACES = 20
_PLAIN = str.maketrans({
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\u00a0\u202f\u2007\u2009", " "),
})  # fmt: skip
"""Letter for letter, so that places stay those of the message."""
_EDGES = " \t\r\n\u2026.\"'"
_LONGEST_WORD = 40


class Quoted:
    """A message in which quotes are looked up."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._plain = _folded(message)

    def places(self, quote: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of each place where a quote stands, whole words, in order.

        Runs of white space, capitals, and the form of quotation marks and dashes make no
        difference; ellipses and full stops at its ends are passed over.
        """
        words = _folded(quote).strip(_EDGES).split()
        if sum(char.isalnum() for word in words for char in word) < _FEWEST_SIGNS:
            return
        sought = re.compile(r"\s{1,20}".join(map(re.escape, words)))
        for match in islice(sought.finditer(self._plain), _MOST_PLACES):
            yield self._whole_words(match.start(), match.end())

    def _whole_words(self, start: int, end: int) -> tuple[int, int]:
        text = self._message
        first, last = max(0, start - _LONGEST_WORD), min(len(text), end + _LONGEST_WORD)
        while start > first and text[start].isalnum() and text[start - 1].isalnum():
            start -= 1
        while end < last and text[end].isalnum() and text[end - 1].isalnum():
            end += 1
        return start, end


def _folded(text: str) -> str:
    return lowered(text.translate(_PLAIN))
