"""Which of the languages we write in a text is in, by its small words."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from domain.follow_up import Language


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SMALL_WORDS: Mapping[Language, frozenset[str]] = MappingProxyType(
    {
        Language.ENGLISH: _set(
            "the a and to of for is are you your we our with have this that it would could please"
            " thank thanks hi hello not be can if as at from any what when how about or by just us"
            " i my there here they has had do does did but up out all who which some more no"
            " yes need want like looking get call know let he she its been were"
        ),
        Language.GERMAN: _set(
            "der die das und zu von für ist sind sie ihr ihre ihren ihrem ihrer ihnen wir unser"
            " unsere unseren unserem mit haben hat dieser diese dieses es im würden könnten bitte"
            " danke dank vielen guten nicht sein kann können werden wird wenn als bei oder ein eine"
            " einen einem einer auf den dem des sich auch noch uns du dir dich dein deine deinem"
            " deinen deiner ich um nach aus zur zum wann wie gern gerne über hallo möchten möchte"
            " suchen brauchen hätten hätte sehr mehr schon aber nur euch eure unter welche welches"
            " dass damit vor"
        ),
    }
)
"""Words that one of the languages uses all the time and the other does not have."""

_OTHER_SMALL_WORDS = _set(
    "le les et est nous vous votre notre pour avec une dans que qui sur merci bonjour pas sont"
    " el los las es por para con su sus una nos hola gracias usted muy"
    " il gli che di del della per con sono grazie buongiorno ciao"
    " het een voor uw dank op met wij"
)
"""Of languages we do not write: only to see that a sentence is in one of them."""

_GARDEN_WORDS: Mapping[Language, frozenset[str]] = MappingProxyType(
    {
        Language.ENGLISH: _set(
            "hedge hedges lawn grass tree trees yard backyard patio fence shrubs bushes weeds mow"
            " mowing cut cutting trim trimming prune pruning planting landscaping paving quote"
            " estimate needed wanted"
        ),
        Language.GERMAN: _set(
            "hecke hecken rasen wiese baum bäume garten terrasse zaun strauch sträucher unkraut"
            " mähen schneiden heckenschnitt baumschnitt fällen pflanzen pflege gartenpflege"
            " pflastern angebot kostenvoranschlag gesucht meter quadratmeter"
        ),
    }
)
"""Words of which a note without small words is made; English ones that Germans use are left out."""

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_SENTENCE = re.compile(r"[.!?]\s|\n")

LEAST_HITS = 3
LEAST_LEANING = 2
LEAST_SHARE = 0.1
"""Share of small words below which a text is in neither language; German and English have 0.3."""

LEAST_WORDS = 12
"""Shorter texts may well hold no small word at all."""

_FOREIGN_SENTENCE = 4


def small_words(text: str) -> Mapping[Language, int]:
    """Return how many small words of each language a text has."""
    words = _words(text)
    return {
        language: sum(word in known for word in words) for language, known in _SMALL_WORDS.items()
    }


def detect(text: str) -> Language | None:
    """Return the language of a text, or None where it is too short or mixed to say."""
    hits = small_words(text)
    best = max(hits, key=lambda language: hits[language])
    rest = max(count for language, count in hits.items() if language is not best)
    return best if hits[best] >= LEAST_HITS and hits[best] >= 2 * rest else None


def leaning(text: str) -> Language | None:
    """Return the language a short note leans to, or None; for want of anything surer."""
    words = _words(text)
    hits = {
        language: sum(word in known or word in _GARDEN_WORDS[language] for word in words)
        for language, known in _SMALL_WORDS.items()
    }
    best = max(hits, key=lambda language: hits[language])
    rest = max(count for language, count in hits.items() if language is not best)
    return best if hits[best] >= LEAST_LEANING and not rest else None


def reads_as(text: str, language: Language) -> bool:
    """Return whether a text is in a language as far as can be told; short texts pass."""
    hits = small_words(text)
    own, others = hits[language], sum(hits.values()) - hits[language]
    words = len(_words(text))
    if others >= LEAST_HITS and others > own:
        return False
    return words < LEAST_WORDS or own / words >= LEAST_SHARE


def foreign_sentence(text: str, language: Language) -> str | None:
    """Return the first sentence that is clearly in another language, or None."""
    for sentence in _SENTENCE.split(text):
        hits = small_words(sentence)
        others = sum(hits.values()) - hits[language]
        unknown = sum(word in _OTHER_SMALL_WORDS for word in _words(sentence))
        if hits[language] == 0 and (others >= _FOREIGN_SENTENCE or unknown >= LEAST_HITS):
            return sentence.strip()
    return None


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
