"""Files of leads as tests need them."""

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_parquet(folder: Path, name: str, columns: dict[str, list[object]]) -> Path:
    """Write a Parquet file and return its path."""
    path = folder / name
    pq.write_table(pa.table(columns), path)
    return path
