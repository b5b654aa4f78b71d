"""From rows to what is sent: each is a lead that intake takes, or a reject that says why not."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import orjson

from batch.conversion import by_column, lead_of
from batch.csv_source import lines_like_rows
from batch.mapping import ColumnTarget
from batch.rows import FileFormat, Reading, Row, Source, Unreadable
from domain.errors import InvalidInputError
from domain.intake import CountriesOf, no_countries, read_lead
from domain.lead import Lead

MADE_ID_DIGITS = 10
"""Hexadecimal digits of the file's digest that begin the id of a lead without one."""

MAX_GOT_CHARACTERS = 80
MAX_SUSPECTS = 5
"""Records named, at most, whose cells seem to hold rows."""

_PRIVATE = ("contact", "message", "attributes", "external_ids")
_PERSONAL = re.compile(r"@|\d(?:[\s/().-]*\d){5}")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a row is about, as intake reads it; what it cannot read stands as it came."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row whose lead can be sent.

    Attributes:
        lead: JSON of the lead, always the same for the same row and mapping.
    """

    line: int
    lead_id: str
    lead: bytes
    person: Person = NOBODY


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that gives no lead; ``got`` never repeats a person's data."""

    line: int
    lead_id: str
    field: str
    got: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where people are who do not say it.

    Attributes:
        country: ISO 3166-1 alpha-2, put into rows that name none; None puts nothing.
        countries: What the service reads phone numbers by where a row names none; rows are judged
            as it will.
    """

    country: str | None = None
    countries: CountriesOf = no_countries


NOWHERE = Home()


class Preparation:
    """Prepares the rows of one file; remembers their ids, 8 bytes each, to find repeated ones."""

    def __init__(
        self,
        targets: Sequence[ColumnTarget],
        file_digest: str,
        received_at: datetime,
        home: Home = NOWHERE,
    ) -> None:
        """Start with no row seen.

        Args:
            targets: Where each column goes.
            file_digest: SHA-256 of the file, in hexadecimal.
            received_at: Stands in for a missing ``created_at`` while a lead is tried; never sent.
            home: Where people are who do not say it.
        """
        self._home = home
        self._targets = by_column(targets)
        self._names_leads = any(target.field == "lead_id" for target in targets)
        self._file_digest = file_digest
        self._received_at = received_at
        self._first_lines: dict[int, int] = {}

    def prepare(self, row: Row | Unreadable) -> Prepared | Reject:
        """Return what becomes of a row; of two rows with one id the later is a reject."""
        if isinstance(row, Unreadable):
            return Reject(row.line, "", "line", row.got, row.allowed)
        lead = lead_of(row.values, self._targets)
        given = str(lead.get("lead_id") or "")
        lead_id = given or f"{self._file_digest[:MADE_ID_DIGITS]}-{row.line}"
        lead["lead_id"] = lead_id
        if len(lead) == 1:
            return Reject(row.line, lead_id, "lead", "nothing but an id", "a row that says more")
        _place(lead, self._home.country)
        try:
            read = read_lead(
                lead,
                received_at=self._received_at,
                new_lead_id=lead_id,
                countries=self._home.countries,
            )
            body = orjson.dumps(lead)
        except InvalidInputError as error:
            got = described(error.field, error.got)
            return Reject(row.line, named(given), error.field, got, error.allowed)
        except (TypeError, ValueError):
            return Reject(row.line, named(given), "lead", "a value JSON cannot hold", "JSON values")
        return self._repeated(row.line, given) or Prepared(
            row.line, lead_id, body, _person(read, lead)
        )

    def _repeated(self, line: int, given: str) -> Reject | None:
        if not self._names_leads or not given:
            return None
        digest = hashlib.blake2b(given.encode(), digest_size=8).digest()
        first = self._first_lines.setdefault(int.from_bytes(digest), line)
        if first == line:
            return None
        return Reject(line, given, "lead_id", f"the id of line {first}", "an id of its own")


def prepared_rows(
    source: Source, preparation: Preparation, limit: int | None = None
) -> Iterator[Prepared | Reject]:
    """Yield what becomes of each row of a file, at most ``limit`` of them."""
    for row in islice(source.rows(), limit):
        yield preparation.prepare(row)


def _place(lead: dict[str, object], country: str | None) -> None:
    """Put a country into a lead that names none."""
    location = lead.get("location") or {}
    if country is not None and isinstance(location, Mapping) and not location.get("country"):
        lead["location"] = {**location, "country": country}


def _person(read: Lead, lead: Mapping[str, object]) -> Person:
    contact = lead.get("contact")
    came = contact if isinstance(contact, Mapping) else {}

    def text(name: str) -> str | None:
        value = getattr(read.contact, name) or came.get(name)
        return None if value is None else str(value)

    return Person(text("full_name"), text("phone"), text("email"))


def named(lead_id: str) -> str:
    """Return an id that was refused, where it is short and no person's data."""
    return "" if len(lead_id) > MAX_GOT_CHARACTERS or _PERSONAL.search(lead_id) else lead_id


def described(field: str, got: str) -> str:
    """Return what came in few words; what may be a person's data is not repeated."""
    private = re.split(r"[.\[]", field, maxsplit=1)[0] in _PRIVATE
    if _PERSONAL.search(got) or (private and not _speaks_of_size(got)):
        return f"a text of {len(got)} characters"
    return got if len(got) <= MAX_GOT_CHARACTERS else got[: MAX_GOT_CHARACTERS - 1] + "…"


def _speaks_of_size(got: str) -> bool:
    return re.fullmatch(r"(?:an? |more|half |deeper |\d+ )[A-Za-z \d]*|null", got) is not None


@dataclass(slots=True)
class Count:
    """What one look at every row finds.

    Attributes:
        rows: How many there are, faulty ones included.
        suspects: Lines of the first records of CSV whose cells hold what looks like rows.
    """

    rows: int = 0
    suspects: list[int] = field(default_factory=list)


def count_rows(source: Source, reading: Reading, limit: int | None = None) -> Count:
    """Look at every row, reading the file once.

    Raises:
        InvalidInputError: A part of the file cannot be read.
    """
    count = Count()
    width = len(source.columns)
    for row in islice(source.rows(), limit):
        count.rows += 1
        if reading.format is not FileFormat.CSV or isinstance(row, Unreadable):
            continue
        if len(count.suspects) < MAX_SUSPECTS and lines_like_rows(
            row.values.values(), reading.delimiter, width
        ):
            count.suspects.append(row.line)
    return count
