"""Decide what an import has to do: what both servers hold and what is done, in; steps, out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.errors import ConfigurationError, ConflictError

OLDEST_MAJOR = 12
"""The first whose catalogs say what the queries ask: computed columns came with it."""

SCHEMA, INDEXES, SOURCE = "schema", "indexes", "source"
TABLE = "table "


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of a primary key, quoted, and its type as a statement names it."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class TableName:
    """A table: ``name`` is quoted and whole, all else as it is; only columns that are stored.

    Attributes:
        key: By which it is copied batch by batch; empty where it goes in one piece.
    """

    name: str
    schema: str
    relation: str
    columns: tuple[str, ...]
    key: tuple[KeyColumn, ...] = ()

    @property
    def selected(self) -> str:
        """Return the columns, quoted, as a statement takes them."""
        return ", ".join('"' + one.replace('"', '""') + '"' for one in self.columns)

    @property
    def step(self) -> str:
        """Return the name of the step that copies it."""
        return TABLE + self.name


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a table is copied: the last key as texts, and the rows up to it."""

    last_key: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of a table and a checksum that does not depend on their order."""

    rows: int
    checksum: str


def check_source(version: int, large_objects: int) -> None:
    """Let only a source go on that can be copied whole.

    Args:
        version: ``server_version_num``, such as 140011.
        large_objects: How many it holds; they are not copied.

    Raises:
        ConfigurationError: It is too old, or holds what would be lost.
    """
    if version // 10_000 < OLDEST_MAJOR:
        allowed = f"PostgreSQL {OLDEST_MAJOR} or newer; upgrade it in place first"
        raise ConfigurationError("source", f"PostgreSQL {version // 10_000}", allowed)
    if large_objects:
        allowed = "a database without large objects; move them into bytea columns first"
        raise ConfigurationError("source", f"{large_objects} large objects", allowed)


def check_target(done: Mapping[str, str], present: Sequence[str], *, source: str) -> None:
    """Let an import go on only where it began, or into a database without its tables.

    Args:
        done: Steps done, with their notes.
        present: Tables of the source that the target has.
        source: Fingerprint of the source's schema.

    Raises:
        ConflictError: The target has such tables of its own, or was filled from another schema.
    """
    if SOURCE in done and done[SOURCE] != source:
        why = "an import from another schema began here; drop its tables and gardenos_import"
        raise ConflictError("target", "database", why)
    if SCHEMA not in done and present:
        why = f"it has tables of its own, such as {present[0]}; import into an empty database"
        raise ConflictError("target", "database", why)


def to_copy(
    tables: Sequence[TableName], done: Mapping[str, str], stale: Sequence[str] = ()
) -> list[TableName]:
    """Return tables that are not copied yet, or differ."""
    return [one for one in tables if one.step not in done or one.name in stale]


def fingerprint(script: str) -> str:
    """Return a digest of a dump's statements, without what changes from run to run."""
    kept = [
        line
        for line in script.splitlines()
        if line.strip() and not line.startswith(("--", "\\restrict", "\\unrestrict"))
    ]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def differing(source: Mapping[str, Tally], target: Mapping[str, Tally]) -> list[str]:
    """Return the tables whose rows are not the same, in order."""
    return sorted(name for name, tally in source.items() if target.get(name) != tally)


def tally_query(table: TableName) -> str:
    """Return the statement that counts and sums a table, the same on both servers.

    The sum of the first 60 bits of each row's SHA-256 does not depend on order, and two equal rows
    do not cancel each other out. The session fixes how values become text, and the text is hashed
    as UTF-8: neither the version nor the encoding of a server shows in it.
    """
    rows = f"select row({table.selected})::text as row_text from only {table.name}"  # noqa: S608 - quoted
    digest = "encode(sha256(convert_to(row_text, 'UTF8')), 'hex')"
    bits = f"('x' || substr({digest}, 1, 15))::bit(60)::bigint::numeric"
    return f"select count(*), coalesce(sum({bits}), 0) from ({rows}) as each_row"  # noqa: S608 - quoted


def next_key_query(table: TableName, *, is_first: bool) -> str:
    """Return the statement for the last key of the next batch; no row where that is the last one.

    Its parameters are the last key copied, unless this is the first batch, then the rows of a
    batch less one.
    """
    names = ", ".join(one.name for one in table.key)
    texts = ", ".join(f"{one.name}::text" for one in table.key)
    after = "" if is_first else f" where ({names}) > ({parameters(table.key, 1)})"
    place = 1 if is_first else len(table.key) + 1
    return (
        f"select array[{texts}] from only {table.name}{after}"  # noqa: S608 - quoted
        f" order by {names} offset ${place}::bigint limit 1"
    )


def batch_query(table: TableName, *, is_first: bool, is_last: bool) -> str:
    """Return the statement for the rows behind a key, unless first, up to one, unless last."""
    names = ", ".join(one.name for one in table.key)
    bounds = []
    if not is_first:
        bounds.append(f"({names}) > ({parameters(table.key, 1)})")
    if not is_last:
        start = 1 if is_first else len(table.key) + 1
        bounds.append(f"({names}) <= ({parameters(table.key, start)})")
    where = f" where {' and '.join(bounds)}" if bounds else ""
    return f"select {table.selected} from only {table.name}{where}"  # noqa: S608 - quoted


def parameters(key: Sequence[KeyColumn], start: int) -> str:
    """Return the places of a key's texts, as values of the key's types."""
    return ", ".join(f"${start + n}::text::{one.kind}" for n, one in enumerate(key))
