"""Marks that programs write and customers do not: turns of a talk, tags, data with quoted keys."""

import re
from collections.abc import Iterator

from scoring.word_classes import ACCENTS, class_of

Span = tuple[int, int]

_ROLE = re.compile(
    r"(?:^|\n)[ \t#>*\[(\"'<-]{0,8}"
    r"(?:(?P<machine>assistant|system|ai|bot|model|llm|gpt|chatgpt|agent|tool|developer|dev|"
    r"ki|assistent|entwickler|modell|systeme|syst\u00e8me|mod\u00e8le|ia|asistente|sistema|modelo|"
    r"desarrollador|d\u00e9veloppeur|assistente|modello|asystent|model ai)|"
    r"(?P<human>human|user|benutzer|nutzer|mensch|anwender|utilisateur|humain|usuario|humano|utente|"
    r"umano|u\u017cytkownik|cz\u0142owiek))"
    r"[ \t]{0,2}[\])*]{0,3}(?:\([^)\n]{0,20}\))?[ \t]{0,2}:"
)
_TAG = re.compile(
    r"<\|[^|>\n]{1,40}\|>|</(?!(?:a|b|i|u|p|br|em|div|span|font|html|body|head|style|table|tbody|tr|"
    r"td|th|ul|ol|li|h[1-6]|strong|pre|code|blockquote|center|small|img|o:p)\s?>)[a-z][\w:-]{0,30}>|"
    r"\[/?(?:system|assistant|user|inst|/?sys)\]"
)
_KEY = re.compile(r"[\"\u201c']([a-z]\w{1,23})[\"\u201d'] ?:")
_KEYS = 300
_OF_A_PERSON = frozenset({
    "name", "first_name", "last_name", "firstname", "lastname", "phone", "tel", "email", "mail",
    "message", "address", "street", "city", "zip", "telefon", "nachricht", "vorname", "nachname",
    "nom", "nombre", "nome", "telephone", "telefono", "correo",
})  # fmt: skip
_OF_A_PROGRAM = frozenset({
    "facts", "fact", "quote", "value", "score", "grade", "rating", "rank", "qualification", "label",
    "confidence", "decision_role", "role_name", "lead", "lead_score", "probability", "result",
    "output", "system", "instructions", "override", "content", "punktzahl", "bewertung",
})  # fmt: skip
_OWN_LABEL = re.compile(
    r"(?:^|[\n\"\u201c'<,;&|{(\t ])"
    r"(name|full[ _-]?name|first[ _-]?name|last[ _-]?name|e-?mail|phone|tel|telephone|mobile|"
    r"address|telefon|vorname|nachname|adresse|nom|t\u00e9l|t\u00e9l\u00e9phone|nombre|tel\u00e9fono|"
    r"correo|nome|telefono|imi\u0119|contact|customer_name)[\"\u201d']?\s?[:=>]"
)
_PROGRAMS_OWN = re.compile(
    r"<\||</?(?:system|assistant|facts?|lead|instructions?)\b|"
    r"\b(?:score|grade|decision_role|lead_score|quote|confidence|override|instructions?)"
    r"[\"\u201d']?\s?[:=>]"
)
_OF_PROGRAMS = str.maketrans({"_": "-", "=": ":", '"': " ", "<": " ", ">": " ", "|": ",", "&": ","})
_PERSONAL_KEYS = 2
_HEADING = re.compile(
    r"(?:^|\n)([^\W\d]\w{0,24}(?:[;,|\t][^\W\d]\w{0,24}){2,30})"
    r"[ \t\r]{0,3}(?=\n|$)"
)
_COLUMNS = frozenset("FOUPKj_")
_FEWEST_COLUMNS = 2


def as_form(lower: str) -> str:
    """Return a text as it is searched: a person's own form without the marks of programs.

    Autofill and web pages write names as programs do. A form with two labels of a person (a name,
    a telephone, an address) is read as if it had been typed, unless it names what only a program
    has.
    """
    labels = {match[1] for match in _OWN_LABEL.finditer(lower)}
    if len(labels) < _PERSONAL_KEYS or _PROGRAMS_OWN.search(lower):
        return lower
    return lower.translate(_OF_PROGRAMS)


def find_turns(lower: str) -> Iterator[Span]:
    """Yield the openings of turns of a talk: two roles, or a tag of a chat's format."""
    roles = list(_ROLE.finditer(lower)) if ":" in lower else []
    machine = [match for match in roles if match["machine"]]
    if len(roles) > 1 and machine:
        yield from (_trimmed(lower, match) for match in roles)
    if "<" in lower or "[" in lower:
        yield from (match.span() for match in _TAG.finditer(lower))


def find_data(lower: str) -> Iterator[Span]:
    """Yield the quoted keys of data, unless it is a person's own form: a name, a telephone."""
    found = []
    for match in _KEY.finditer(lower):
        found.append(match)
        if len(found) == _KEYS:
            break
    keys = {match[1] for match in found}
    if len(keys & _OF_A_PERSON) >= _PERSONAL_KEYS and keys.isdisjoint(_OF_A_PROGRAM):
        return
    yield from (match.span() for match in found)


def find_headings(lower: str) -> Iterator[Span]:
    """Yield the first lines of tables whose columns are what we look for in a lead."""
    for match in _HEADING.finditer(lower):
        words = re.split(r"[;,|\t]", match[1].translate(ACCENTS))
        classes = ["_" if "_" in word else class_of(word) for word in words]
        if classes.count("C") < _PERSONAL_KEYS and (
            sum(letter in _COLUMNS for letter in classes) >= _FEWEST_COLUMNS
        ):
            yield match.span(1)


def _trimmed(lower: str, match: re.Match[str]) -> Span:
    start = match.start() + (lower[match.start()] == "\n")
    return start, match.end()
