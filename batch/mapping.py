"""Which column is which field of a lead: guessed by the columns' names, overridden by the user."""

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import orjson

from batch.headers import (
    NOISE,
    SPELLINGS,
    currency_in,
    is_in_square_feet,
    normalised,
    without_unit,
)
from batch.rows import Column, Reading
from domain.errors import InvalidInputError
from domain.lead import MAX_ATTRIBUTES

MAPPING_VERSION = 1
"""To be raised when a value is read otherwise than before, since then other leads are sent."""

IGNORED = "-"
ATTRIBUTES = "attributes."
EXTERNAL_IDS = "external_ids."
NAMED_PARTS = (ATTRIBUTES, EXTERNAL_IDS)

OBJECT_FIELDS = (
    "contact",
    "budget",
    "location",
    "consent",
    "events",
    "attributes",
    "external_ids",
)
"""Fields that hold objects or lists; a nested column of that name passes as it is."""

FIELDS = (*SPELLINGS, *(field for field in OBJECT_FIELDS if field not in SPELLINGS))
"""Every field a column may be mapped to, besides attributes and external ids by name."""

JOINED = "message"
"""The one field that takes several columns, whose texts then follow each other."""

_SAYING = ("contact", "message", "attributes", "events")
_REACHING = ("contact", "contact.email", "contact.phone")
_SHOWN_COLUMNS = 12
_LOOKUP = {
    spelling: (field, rank)
    for field, spellings in SPELLINGS.items()
    for rank, spelling in enumerate(spellings)
}
_SECOND_LOOK = 1000
"""Added to the rank of a spelling that was only found after taking words away."""


@dataclass(frozen=True, slots=True)
class ColumnTarget:
    """Where one column goes.

    Attributes:
        column: Its name in the file.
        field: Dotted path in the lead's JSON, or a spelling of it that is converted
            (``contact.first_name``, ``area_ft2``, ``refusal.email``); ``-`` is left out.
        guessed: False where the user said so.
        currency: ISO 4217 code that the column's name tells; for budgets.
    """

    column: str
    field: str
    guessed: bool = True
    currency: str | None = None


def guess(columns: Sequence[Column], named: Mapping[str, str]) -> tuple[ColumnTarget, ...]:
    """Return the target of every column, in their order.

    A column that no table knows becomes an attribute of its own name. Of several columns for one
    field the one with the best known spelling is taken; the others become attributes.

    Args:
        columns: As the file has them.
        named: Field by column, as the user said; see :func:`read_named`.
    """
    taken = set(named.values())
    best: dict[str, tuple[int, str]] = {}
    for column in columns:
        spelled = None if column.name in named else _spelled(column)
        if spelled is None or spelled[0] in taken:
            continue
        field, rank = spelled
        if field not in best or rank < best[field][0]:
            best[field] = (rank, column.name)
    chosen = {name: field for field, (_, name) in best.items()}
    return tuple(_target(column, named, chosen) for column in columns)


def _target(column: Column, named: Mapping[str, str], chosen: Mapping[str, str]) -> ColumnTarget:
    name = column.name
    field = named.get(name) or chosen.get(name) or ATTRIBUTES + name
    currency = currency_in(name) if field.startswith("budget") else None
    return ColumnTarget(name, field, guessed=name not in named, currency=currency)


def _spelled(column: Column) -> tuple[str, int] | None:
    """Return the field that a column's name tells, and how surely: lower is surer."""
    name = column.name
    if column.nested:
        return (name, 0) if name in OBJECT_FIELDS else None
    if name in SPELLINGS or name.startswith(NAMED_PARTS):
        return name, -1
    bare = normalised(without_unit(name))
    found = _LOOKUP.get(normalised(name)) or _LOOKUP.get(bare) or _without_noise(bare)
    if found is not None and found[0] == "area_m2" and is_in_square_feet(name):
        return "area_ft2", found[1]
    return found


def _without_noise(bare: str) -> tuple[str, int] | None:
    first, _, rest = bare.partition(" ")
    found = _LOOKUP.get(rest) if first in NOISE and rest else None
    return (found[0], found[1] + _SECOND_LOOK) if found else None


def check(targets: Sequence[ColumnTarget], where: str) -> None:
    """Refuse a mapping with which no lead could be made.

    Args:
        targets: Of every column.
        where: The file's name, for the message.

    Raises:
        InvalidInputError: Nothing says anything of a person or a job, or too many columns became
            attributes.
    """
    if not any(target.field.split(".")[0] in _SAYING for target in targets):
        shown = ", ".join(target.column for target in targets[:_SHOWN_COLUMNS])
        allowed = "a column for contact, message or attributes; say which: --map column=field"
        raise InvalidInputError(where, f"only the columns {shown}", allowed)
    attributes = sum(target.field.startswith(ATTRIBUTES) for target in targets)
    if attributes > MAX_ATTRIBUTES:
        got = f"{attributes} columns that are no field of a lead"
        allowed = f"at most {MAX_ATTRIBUTES}; leave columns out: --map column=-"
        raise InvalidInputError(where, got, allowed)


def reaches_a_person(targets: Iterable[ColumnTarget]) -> bool:
    """Tell whether any column gives a way to reach the person; without one nobody can be called."""
    return any(target.field in _REACHING for target in targets)


def read_named(pairs: Iterable[str], columns: Sequence[Column]) -> dict[str, str]:
    """Return field by column from what the user wrote as ``column=field``.

    Raises:
        InvalidInputError: A pair has no equals sign, or names a column or a field that there is
            not; the closest is suggested.
    """
    names = [column.name for column in columns]
    named: dict[str, str] = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        column, field = column.strip(), field.strip()
        if not equals or not column or not field:
            raise InvalidInputError("--map", repr(pair[:80]), "column=field, or column=- to ignore")
        if column not in names:
            raise InvalidInputError("--map", f"the column {column!r}", _near(column, names))
        _check_field(field)
        if field in named.values() and field not in (JOINED, IGNORED):
            raise InvalidInputError("--map", f"{field} twice", f"one column; only {JOINED} joins")
        named[column] = field
    return named


def _check_field(field: str) -> None:
    part = next((part for part in NAMED_PARTS if field.startswith(part)), None)
    if field != IGNORED and field not in FIELDS and (part is None or field == part):
        allowed = _near(field, [*FIELDS, "attributes.NAME", "external_ids.NAME", IGNORED])
        raise InvalidInputError("--map", f"the field {field!r}", allowed)


def _near(word: str, known: Sequence[str]) -> str:
    """Return what is allowed, the closest first."""
    lower = {name.casefold(): name for name in reversed(known)}
    close = difflib.get_close_matches(word.casefold(), lower, n=1)
    listed = ", ".join(known)
    return f"{lower[close[0]]} (is it that?), {listed}" if close else listed


def mapping_digest(
    reading: Reading, targets: Sequence[ColumnTarget], country: str | None = None
) -> str:
    """Return SHA-256 of all that decides which lead a row gives, in hexadecimal.

    Args:
        reading: How the file is read.
        targets: Of every column.
        country: What is put into rows that name none.
    """
    parts: dict[str, object] = {
        "version": MAPPING_VERSION,
        "format": reading.format,
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "skipped_lines": reading.skipped_lines,
        "targets": [
            {name: value for name, value in asdict(target).items() if name != "guessed"}
            for target in targets
        ],
    }
    if country is not None:
        parts["country"] = country
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
