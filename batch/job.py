"""One run over one file, from its bytes to its results: asked for, planned, done."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from batch.headers import normalised
from batch.mapping import ColumnTarget, check, guess, mapping_digest, read_named
from batch.output_file import OutputFile
from batch.outputs import SUFFIXES, Outputs, check_apart, open_outputs, remove_stale
from batch.pace import DEFAULT_PACE, Pace
from batch.preparation import Home, Preparation, Prepared, Reject, count_rows, prepared_rows
from batch.progress import Watcher
from batch.readers import format_by_name, open_source
from batch.rejects import RejectsFile, rejects_format
from batch.results import RowResult
from batch.rows import FileFormat, Reading, Source
from batch.service import Service
from batch.submitter import Submitter
from batch.survey import Survey, version_of
from batch.tally import Tally, rows_in_words
from batch.words import COUNTRIES
from batch.writers import PLAIN, CsvStyle
from domain.errors import InvalidInputError
from domain.intake import CountriesOf, no_countries
from domain.intake_fields import Faults, read_country

_ANY_TEXT = ".txt"
"""Read as CSV, but as a name for results it tells nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asks for; None leaves the choice to us.

    Attributes:
        country: Of rows that name none: a code, or a name such as ``Deutschland``.
        countries: By which the service reads phone numbers of rows that name none.
    """

    file: Path
    out: Path | None = None
    out_format: FileFormat | None = None
    rejects: Path | None = None
    named: tuple[str, ...] = ()
    encoding: str | None = None
    limit: int | None = None
    country: str | None = None
    countries: CountriesOf = no_countries


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done; made by reading the whole file once, without sending anything.

    Attributes:
        targets: Where each column goes.
        mapping_digest: SHA-256 of all that decides which lead a row gives.
        total: Rows that will be read.
        suspects: Lines of records in which a lost quote may have swallowed rows.
        first_reject: The first row that is no lead, where none of them is one; else None.
    """

    order: Order
    source: Source
    reading: Reading
    survey: Survey
    targets: tuple[ColumnTarget, ...]
    mapping_digest: str
    home: Home
    total: int
    suspects: tuple[int, ...]
    out: Path
    out_format: FileFormat
    rejects: Path
    first_reject: Reject | None

    def rows(self) -> Iterator[Prepared | Reject]:
        """Yield what becomes of each row; every call reads the file anew."""
        now = datetime.now(UTC)
        preparation = Preparation(self.targets, self.survey.digest, now, self.home)
        return prepared_rows(self.source, preparation, self.order.limit)

    @property
    def style(self) -> CsvStyle:
        """How CSV is written: as it was read."""
        if self.reading.format is not FileFormat.CSV:
            return PLAIN
        return CsvStyle(self.reading.delimiter, self.reading.marked)

    def outputs(self) -> AbstractContextManager[Outputs]:
        """Open the files to write; see :func:`batch.outputs.open_outputs`."""
        return open_outputs(
            self.out,
            self.out_format,
            self.rejects,
            always_rejects=self.order.rejects is not None,
            style=self.style,
        )

    def check_unchanged(self) -> None:
        """Refuse a file that is not the one that was planned with.

        Raises:
            InvalidInputError: Somebody wrote to it meanwhile.
        """
        if version_of(self.order.file) != self.survey.version:
            got = "a file that changed while it was read"
            raise InvalidInputError(str(self.order.file), got, "a file nobody writes to")

    def no_lead(self) -> InvalidInputError:
        """Return the error of a file without any lead."""
        first = self.first_reject
        if first is None:
            return InvalidInputError(str(self.order.file), "no lead", "at least one lead")
        why = f"line {first.line}, {first.field}: {first.got}"
        got = f"{rows_in_words(self.total)} without a lead; {why}"
        return InvalidInputError(str(self.order.file), got, first.allowed)

    def document(self) -> dict[str, Any]:
        """Return the plan's part of the summary."""
        return {
            "file": str(self.order.file),
            "file_digest": self.survey.digest,
            "format": self.reading.format.value,
            "mapping": [
                {"column": one.column, "field": one.field, "guessed": one.guessed}
                for one in self.targets
            ],
        }


def make_plan(order: Order) -> Plan:
    """Read the file once and decide everything.

    Raises:
        InvalidInputError: The file, its encoding, a mapping or a place for the output cannot be
            used; names it.
    """
    source, reading, found = open_source(order.file, order.encoding)
    targets = guess(source.columns, read_named(order.named, source.columns))
    check(targets, str(order.file))
    count = count_rows(source, reading, order.limit)
    if count.rows == 0:
        raise InvalidInputError(str(order.file), "no row", "a header line and at least one lead")
    out_format = _out_format(order, reading.format)
    out = order.out or order.file.with_name(f"{order.file.stem}.scored{SUFFIXES[out_format]}")
    rejects_name = f"{order.file.stem}.rejects{_reject_suffix(out_format)}"
    rejects = order.rejects or out.parent / rejects_name
    rejects_format(rejects)
    check_apart(order.file, out, rejects)
    home = Home(read_home(order.country), order.countries)
    preparation = Preparation(targets, found.digest, datetime.now(UTC), home)
    return Plan(
        order=order,
        source=source,
        reading=reading,
        survey=found,
        targets=targets,
        mapping_digest=mapping_digest(reading, targets, home.country),
        home=home,
        total=count.rows,
        suspects=tuple(count.suspects),
        out=out,
        out_format=out_format,
        rejects=rejects,
        first_reject=_first_of_rejects(prepared_rows(source, preparation, order.limit)),
    )


def read_home(country: str | None) -> str | None:
    """Return the code of a country that the user named, or None where none was.

    Raises:
        InvalidInputError: There is no such country.
    """
    if country is None:
        return None
    code = read_country(COUNTRIES.get(normalised(country), country), Faults([]))
    if code is None:
        allowed = "a country such as DE, US or Deutschland"
        raise InvalidInputError("--country", repr(country[:40]), allowed)
    return code


def _out_format(order: Order, read: FileFormat) -> FileFormat:
    """Return the format of the results.

    Raises:
        InvalidInputError: The name of ``--out`` tells none, or another than ``--format``.
    """
    if order.out is None:
        return order.out_format or read
    if order.out.is_dir():
        raise InvalidInputError("--out", f"{order.out}, a folder", "a file")
    named = format_by_name(order.out) if order.out.suffix.lower() != _ANY_TEXT else None
    if named is None and order.out_format is None:
        allowed = "a name that ends in .csv, .jsonl, .ndjson or .parquet, or the format: --format"
        raise InvalidInputError("--out", str(order.out), allowed)
    if named is not None and order.out_format not in (named, None):
        got = f"{order.out_format}, but --out {order.out}"
        raise InvalidInputError("--format", got, f"a name that fits, or --format {named}")
    return order.out_format or named or read


def _reject_suffix(out_format: FileFormat) -> str:
    return SUFFIXES[FileFormat.JSONL if out_format is FileFormat.JSONL else FileFormat.CSV]


def _first_of_rejects(rows: Iterator[Prepared | Reject]) -> Reject | None:
    """Return the first row where all are rejects; looks no further than the first lead."""
    first: Reject | None = None
    for row in rows:
        if isinstance(row, Prepared):
            return None
        first = first or row
    return first


def rehearse(plan: Plan) -> Tally:
    """Return what would become of the rows, as far as can be told without the service."""
    tally = Tally(plan.total)
    for row in plan.rows():
        if isinstance(row, Reject):
            tally.count(row)
    return tally


def reject_all(plan: Plan) -> None:
    """Write the rejects of a file without any lead, and nothing else.

    Raises:
        InvalidInputError: They cannot be written.
    """
    with OutputFile(plan.rejects, "--rejects") as output:
        try:
            rejects = RejectsFile(output, plan.style)
            for row in plan.rows():
                if isinstance(row, Reject):
                    rejects.write(row)
        except OSError as error:
            raise output.unwritable(error) from error
        if plan.order.rejects is None:
            remove_stale(plan.rejects)
        output.keep()


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how rows are sent.

    Attributes:
        address: Of a running service.
        run_key: What the idempotency keys of all rows begin with.
        key: What the service knows us by; a secret, or None.
    """

    address: str
    run_key: str
    pace: Pace = DEFAULT_PACE
    key: str | None = field(default=None, repr=False)


async def score(
    plan: Plan,
    outputs: Outputs,
    *,
    place: Place,
    watcher: Watcher,
    clock: Callable[[], float] = time.monotonic,
) -> Tally:
    """Bring every row to its result and write it.

    Args:
        plan: What to do.
        outputs: Opened files; the caller keeps or drops them.
        place: Where to send the rows.
        watcher: Is told after every row.
        clock: Seconds that only grow.

    Raises:
        UnavailableError: The service is away for longer than the pace allows.
        InvalidInputError: The file changed, the output has no room, or the address is wrong.
    """
    tally = Tally(plan.total)

    def take(result: RowResult) -> None:
        outputs.write(result)
        tally.count(result)
        watcher.show(tally, clock())

    async with Service(place.address, place.key) as service:
        # jitter spreads retries; nothing secret hangs on it
        rng = Random()  # noqa: S311
        submitter = Submitter(service, place.run_key, pace=place.pace, rng=rng)
        await submitter.run(plan.rows(), take)
    plan.check_unchanged()
    return tally
