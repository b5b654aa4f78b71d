"""The class of a word in talk to a machine, and of the one word that needs its neighbours."""

from scoring.phrases.machine_words import CLASSES

ACCENTS = str.maketrans(
    "\u00e0\u00e1\u00e2\u00e3\u00e4\u00e5\u00e7\u00e8\u00e9\u00ea\u00eb\u00ec\u00ed\u00ee\u00ef\u00f1"
    "\u00f2\u00f3\u00f4\u00f5\u00f6\u00f9\u00fa\u00fb\u00fc\u0105\u0107\u0119\u0142\u0144\u015b\u017a\u017c",
    "aaaaaaceeeeiiiinooooouuuuacelnszz",
)
"""Letters without their accents, one for one."""

_FEWEST_BACKWARDS = 5
_BACKWARDS = frozenset("DRMFOK")
_STEM = 4
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")

LEAD = frozenset({"lead", "leads", "lead's"})
"""A seller's word for a customer, and ordinary English for much else: see :func:`is_lead`."""
_BEFORE_LEAD = frozenset(
    """
    all als any bad best better ce current den der die diesen dieser dieses each ein einen el
    este every good group hot il le my new next of other our previous questo real single tego
    ten that the these this those top vip your
    """.split()  # noqa: SIM905 - a list of words reads better so
)
_AFTER_LEAD = frozenset(
    """
    arborist architect contractor designer dog down flashing from gardener gardeners glass
    installer into landscaper man onto over paint person pipe pipes planter planters roof rope
    sheet surveyor tenant time times to up us weight weights
    """.split()  # noqa: SIM905 - a list of words reads better so
)


def is_lead(before: str, after: str) -> bool:
    """Return whether ``lead`` between two words is the seller's word for a customer."""
    return before in _BEFORE_LEAD and after not in _AFTER_LEAD


def class_of(word: str) -> str:
    """Return the letter of a word's class; ``.`` where it has none."""
    return _WORDS.get(word) or _by_stem(word)


def _by_stem(word: str) -> str:
    for stem, letter in _STEMS.get(word[:_STEM], ()):
        if word.startswith(stem):
            return letter
    return "."


def _tables() -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    """Return whole words and stems; of a word in two classes the first counts."""
    words: dict[str, str] = {}
    stems: dict[str, list[tuple[str, str]]] = {}
    for letter, said in CLASSES.items():
        for word in said.translate(ACCENTS).split():
            if word.endswith("*") and len(word) > _STEM:
                stems.setdefault(word[:_STEM], []).append((word[:-1], letter))
            words.setdefault(word.rstrip("*"), letter)
    for letter, word in [(letter, word) for word, letter in words.items()]:
        if letter in _BACKWARDS and len(word) >= _FEWEST_BACKWARDS:
            words.setdefault(word[::-1], "Z")
            words.setdefault(word.translate(_ROT13), "Z")
    return words, stems


_WORDS, _STEMS = _tables()
