"""Text that gives orders to the machine instead of asking for garden work.

Three readers look at a message without its disguises (:mod:`scoring.disguises`): tables of phrases
that nobody says to a gardener, the marks of programs (:mod:`scoring.machine_marks`), and the shape
of each sentence (:mod:`scoring.machine_talk`), which knows classes of words and no wording, in
English and German well, in French, Spanish, Italian and Polish less. Signals add up in a sentence
and in a paragraph. Where a message gives one order, its other sentences are read with suspicion.

What passes gains what the same words would gain as a plain lie, and no more: the parsers read it
in either case, and a model that obeys it adds at most :data:`scoring.additive.UNCHECKED_CAP`.

Measured on 2026-11-23 on texts by an author who saw none of the tables and that are not kept here:
of 80 texts that give orders 24 still move a weak or a middling lead's logit by more than that cap
at one of two places (51 before sentences were read by their shape); of 80 honest ones in words much
like theirs 3 are flagged, and lose facts; of 3,410 ordinary text messages none. What passes most
is an order cut in pieces, and one without any word of a machine, of a mark or of a field.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scoring.clauses import SENTENCE_END
from scoring.disguises import FIGURE_IN_A_WORD, undisguise, with_letters_for_figures
from scoring.machine_marks import as_form, find_data, find_headings, find_turns
from scoring.machine_talk import Sentence, sentences
from scoring.phrases.machine_grammar import ENOUGH
from scoring.phrases.orders import ORDER, ORDERS
from scoring.phrases.phrase import occurrences
from scoring.phrases.pretences import PRETENCES

_MARKERS = re.compile(
    r"<!--|\{ ?\"|(?:note|message|hint) (?:to|for) |(?:internal )?crm note|internal note|"
    r"end of message|ende der nachricht|<\||\[/?inst|<<sys|</?(?:system|assistant|developer)|"
    r"\[(?:system|assistant)\]|#{2,6}\s{0,3}\w"
)
_TABLE = (*ORDERS, *PRETENCES)
_ANCHORS = tuple((anchor, at) for at, sought in enumerate(_TABLE) for anchor in sought.anchors)
_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n")
_BRACKETS = (("[", "]"), ("{", "}"))
_PER_HINT = ENOUGH // ORDER
_WORTH_ADDING = 2
"""A sentence that weighs less adds nothing to its paragraph."""
_IN_A_PARAGRAPH = 6
_IN_A_MESSAGE = 7
"""An order cut in pieces: what several sentences weigh together, none of them enough."""
_CALLS_FOR_FACTS = 2
_TELLS = re.compile(r"^[^ihC]*[XYDIPR][^ihC]*$")
"""A sentence that tells somebody to handle something, and neither its writer nor a garden."""
_BARE = re.compile(r"(?=.*O)(?=.*[nUF])[^ihCq?:]*")
"""An owner and a sum, a field or a haste that nobody says is his, in a sentence of their own."""
_LEAST_BEFORE = 2
_FACTS = frozenset("nFOUQ_")


@dataclass(frozen=True, slots=True)
class _Signal:
    start: int
    end: int
    weight: int
    opens_turn: bool = False
    is_hint: bool = False


def injected_spans(message: str) -> tuple[tuple[int, int], ...]:
    """Return the stretches of a message that speak to the machine, in order, not overlapping.

    A paragraph gives orders by one sentence or mark that weighs enough, or by several weaker ones.
    Between its first and its last order everything goes; what stands before and after stays,
    except that a paragraph which opens with an order, and whatever follows a role's marker up to
    the paragraph's end, goes whole. Of the rest of such a message goes every sentence with a sign
    of its own, and after the first order every one that lists facts without saying whose.

    Returns:
        Pairs of start and end, in characters of the message.
    """
    plain = undisguise(message)
    lower, places = as_form(plain.text), plain.places
    said = list(sentences(lower))
    signals = [_Signal(start, end, ENOUGH) for start, end in plain.tricks]
    signals.extend(_signals(lower, said))
    signals.sort(key=lambda signal: signal.start)
    spans = [(start, end) for start, end in _ordering(lower, signals) if start < end]
    if spans:
        spans = _joined([*spans, *_suspect(said, spans)])
    return tuple((places[start], places[end - 1] + 1) for start, end in spans)


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


def _signals(lower: str, said: Sequence[Sentence]) -> Iterator[_Signal]:
    yield from _worded(lower)
    yield from _shaped(said)
    yield from (_Signal(*span, ENOUGH, opens_turn=True) for span in find_turns(lower))
    yield from (_Signal(*span, ENOUGH) for span in find_data(lower))
    yield from (_Signal(*span, ENOUGH) for span in find_headings(lower))
    if FIGURE_IN_A_WORD.search(lower):
        lettered = with_letters_for_figures(lower)
        found = (*_worded(lettered), *_shaped(sentences(lettered)))
        yield from (signal for signal in found if signal.weight >= ENOUGH)


def _ordering(lower: str, signals: Sequence[_Signal]) -> Iterator[tuple[int, int]]:
    """Yield what to blank of each paragraph that gives orders, or of a message that does in all."""
    starts = [signal.start for signal in signals]
    found = False
    for start, end in _paragraphs(lower) if signals else ():
        inside = signals[bisect_left(starts, start) : bisect_left(starts, end)]
        if _gives_orders(inside):
            found = True
            yield _stretch(lower, start, end, inside)
    if not found and sum(signal.weight for signal in signals) >= _IN_A_MESSAGE:
        yield from ((signal.start, signal.end) for signal in signals)


def _worded(lower: str) -> Iterator[_Signal]:
    """Yield the phrases of the tables."""
    heard = {at for anchor, at in _ANCHORS if anchor in lower}
    for sought in (_TABLE[at] for at in sorted(heard)):
        for match in occurrences(lower, sought):
            begin = match.start() + len(match[0]) - len(match[0].lstrip())
            marker = _MARKERS.match(match[0].lstrip()) is not None
            weight = int(str(sought.value)) * _PER_HINT
            yield _Signal(begin, match.end(), weight, opens_turn=marker, is_hint=True)


def _shaped(said: Iterable[Sentence]) -> Iterator[_Signal]:
    """Yield the sentences whose shape is that of talk to a machine."""
    before = ""
    told = 0
    for one in said:
        if one.weight >= _WORTH_ADDING:
            yield _Signal(one.start, one.end - 1, one.weight)
        elif (told >= _CALLS_FOR_FACTS or _TELLS.search(before)) and _is_bare(one.letters):
            yield _Signal(one.start, one.end - 1, ENOUGH)
        before, told = one.letters, one.weight


def _is_bare(letters: str) -> bool:
    """Return whether a sentence lists facts that nobody says of himself."""
    return _BARE.fullmatch(letters) is not None


def _gives_orders(signals: Sequence[_Signal]) -> bool:
    """Return whether the signals of a paragraph, in order, are enough."""
    total = hinted = spoken = reach = 0
    for signal in signals:
        spoken = spoken + signal.weight if signal.start < reach else signal.weight
        reach = max(reach, signal.end)
        total += signal.weight
        hinted += signal.weight if signal.is_hint else 0
        if max(spoken, hinted) >= ENOUGH:
            return True
    return total >= _IN_A_PARAGRAPH


def _suspect(
    said: Sequence[Sentence], spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    first = spans[0][0]
    starts = [start for start, _ in spans]
    for one in said:
        at = bisect_right(starts, one.start) - 1
        if at >= 0 and one.end <= spans[at][1]:
            continue
        if one.start < first:
            if one.weight >= _LEAST_BEFORE:
                yield one.start, one.end
        elif one.weight or ("i" not in one.letters and not _FACTS.isdisjoint(one.letters)):
            yield one.start, one.end


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _paragraphs(lower: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in _PARAGRAPH_END.finditer(lower):
        yield start, gap.start()
        start = gap.end()
    yield start, len(lower)


def _stretch(lower: str, start: int, end: int, signals: Sequence[_Signal]) -> tuple[int, int]:
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
