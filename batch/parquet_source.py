"""Parquet: rows read in batches, values as JSON has them."""

import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from batch.rows import Column, Reading, Row, Unreadable
from domain.errors import InvalidInputError

BATCH_ROWS = 500


class ParquetSource:
    """A Parquet file; its rows are numbered from 1."""

    def __init__(self, reading: Reading) -> None:
        """Read the schema.

        Raises:
            InvalidInputError: It is no sound Parquet file.
        """
        self._reading = reading
        try:
            with pq.ParquetFile(reading.path) as file:
                schema = file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise self._unsound(error) from error
        self._columns = tuple(Column(one.name, pa.types.is_nested(one.type)) for one in schema)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the schema."""
        return self._columns

    def rows(self) -> Iterator[Row | Unreadable]:
        """Yield every row.

        Raises:
            InvalidInputError: A part of the file cannot be read.
        """
        number = 0
        try:
            with pq.ParquetFile(self._reading.path) as file:
                for batch in file.iter_batches(batch_size=BATCH_ROWS):
                    for values in batch.to_pylist():
                        number += 1
                        yield Row(number, {name: plain(one) for name, one in values.items()})
        except (pa.ArrowException, OSError) as error:
            raise self._unsound(error) from error

    def _unsound(self, error: Exception) -> InvalidInputError:
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else "no reason"
        got = f"what cannot be read as Parquet ({reason})"
        return InvalidInputError(str(self._reading.path), got, "a sound Parquet file")


def plain(value: object) -> object:
    """Return a value of Arrow as JSON has it: times in ISO 8601, decimals as numbers, no NaN."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    match value:
        case float():
            plain_value: object = value if math.isfinite(value) else None
        case datetime() | date() | time():
            plain_value = value.isoformat()
        case timedelta():
            plain_value = value.total_seconds()
        case Decimal():
            whole = value == value.to_integral_value()
            plain_value = int(value) if whole else float(value)
        case bytes():
            plain_value = value.decode("utf-8", errors="replace")
        case _:
            plain_value = value
    return plain_value
