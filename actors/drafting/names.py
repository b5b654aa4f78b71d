"""How a person may be addressed by what stands in a form's name field."""

import re
import unicodedata
from dataclasses import dataclass

from domain.follow_up import Language
from scoring.injection import injected_spans

MOST_CHARACTERS = 60
MOST_WORDS = 5


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FAMILY = frozenset({"familie", "family", "fam"})
TITLES = _set(
    "frau herr familie family fam dr prof mr mrs ms miss mx sir madam dame lord lady dipl ing"
)
_PARTICLES = _set("von van de der den di da del la le zu zur vom ten ter")
_JOINING = frozenset({"and", "und", "&", "+"})
_NO_PERSON = _set(
    "gmbh ag kg ohg gbr ug ev mbh ltd llc inc plc corp co hoa sa sarl bv team verein hausverwaltung"
    " verwaltung weg eigentümergemeinschaft gemeinde stadt schule kita praxis kanzlei hotel"
    " restaurant council school church club association committee management properties property"
    " services service solutions agency group growth seo company firma office board admin info test"
    " unknown unbekannt anonymous anonym customer kunde none null website form click here free"
    " kostenlos gratis discount rabatt offer angebot winner lead user guest gast the off sale"
)
"""Words by which a name field names an organisation, nobody, or an offer."""

_CARE_OF = re.compile(r"\b(?:c/o|z\.\s?hd\.?|attn:?|attention:?)\s*", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\s*\([^)]*\)")
_NEVER = re.compile(r"[\d@:/\\<>{}\[\]%$€£#=|*_~^\"!?;\n\r\t]|\w\.\w{2}")
_WORD = re.compile(r"[^\W\d_][^\W\d_'\u2019.-]*(?:['\u2019.-][^\W\d_]*)*|[&+]")


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name that can stand in a greeting.

    Attributes:
        full: As people write it, for example ``Dana Whitfield`` or ``Familie Krüger``.
        first: What a friendly greeting uses; None where no word is surely a first name.
        is_complete: Whether ``full`` can stand in a formal greeting: it has a title, or a first
            and a last name.
        family: The last name where a whole family is named, else None.
    """

    full: str
    first: str | None
    is_complete: bool
    family: str | None = None

    def spoken(self, language: Language) -> str:
        """Return the name as it is called in a language: a family by its own word there."""
        if self.family is None:
            return self.full
        if language is Language.GERMAN:
            return f"Familie {self.family}"
        return f"the {self.family} family"


def read_name(field: str) -> PersonName | None:
    """Return how to address somebody, or None where the field names no person.

    The field comes from outside: what looks like a link, an order, an offer or an organisation
    is no name.
    """
    text = _plain(field)
    if not text or len(text) > MOST_CHARACTERS or _NEVER.search(text) or _is_odd(text):
        return None
    words = _WORD.findall(text)
    of_family = len(words) > 1 and _family(words) is not None
    named = words[1:] if of_family and _bare(words[0]) == "the" else words
    if not 1 <= len(words) <= MOST_WORDS or any(_bare(word) in _NO_PERSON for word in named):
        return None
    words = [_cased(word, whole=text) for word in words]
    words[0] = "Herr" if words[0] == "Herrn" else words[0]
    if family := _family(words):
        return PersonName(" ".join(words), first=None, is_complete=True, family=family)
    titled = _bare(words[0]) in TITLES
    joined = any(word.lower() in _JOINING for word in words)
    first = words[0]
    usable = not titled and not joined and first[-1] != "." and len(_bare(first)) > 1
    return PersonName(
        full=" ".join(words),
        first=first if usable else None,
        is_complete=len(words) > 1,
    )


def name_words(name: PersonName) -> frozenset[str]:
    """Return the words of a name in lower case, without marks: what a greeting may hold."""
    return frozenset(_bare(part) for word in name.full.split() for part in (word, *word.split("-")))


def _family(words: list[str]) -> str | None:
    """Return the last name of "Familie Krüger" or "The Krüger Family", else None."""
    rest = words[1:] if _bare(words[0]) == "the" else words
    if len(rest) > 1 and _bare(rest[0]) in _FAMILY:
        return " ".join(rest[1:])
    if len(rest) > 1 and _bare(rest[-1]) == "family":
        return " ".join(rest[:-1])
    return None


def _plain(field: str) -> str:
    text = unicodedata.normalize("NFC", field)
    if care := list(_CARE_OF.finditer(text)):
        text = text[care[-1].end() :]
    text = _IN_BRACKETS.sub("", text)
    text = "".join(
        char for char in text if unicodedata.category(char)[0] not in "SC" or char in "&+"
    )
    text = " ".join(text.split())
    last, comma, first = text.partition(",")
    if comma and "," not in first and len(first.split()) <= 2 and len(last.split()) <= 2:  # noqa: PLR2004 - "Last, First"
        text = f"{first.strip()} {last.strip()}"
    return text.replace(",", " ").strip()


def _is_odd(text: str) -> bool:
    return any(char.isnumeric() for char in text) or bool(injected_spans(text))


def _cased(word: str, *, whole: str) -> str:
    """Return the word as names are written, where the whole name is in one case."""
    if not (whole.isupper() or whole.islower()) or len(whole) < 3:  # noqa: PLR2004 - initials
        return word
    if word.lower() in _PARTICLES or word.lower() in _JOINING:
        return word.lower()
    parts = re.split(r"([-'\u2019])", word)
    return "".join(part[:1].upper() + part[1:].lower() for part in parts)


def _bare(word: str) -> str:
    return word.casefold().strip(".'\u2019-")
