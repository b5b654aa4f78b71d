"""The named queries: one statement a file, ``sql/queries/NAME.sql``, read once at import."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent / "sql" / "queries"
CLUSTER_FOLDER = Path(__file__).parent / "sql" / "cluster"


def read_all(folder: Path) -> Mapping[str, str]:
    """Return every query of a folder by name; an empty file is refused."""
    texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.sql"))}
    empty = [name for name, text in texts.items() if not text.strip()]
    if empty:
        raise ValueError(f"queries without a statement: {', '.join(empty)}")
    return MappingProxyType(texts)


QUERIES = read_all(FOLDER)
CLUSTER = read_all(CLUSTER_FOLDER)


def load(name: str) -> str:
    """Return a query's text. A test finds every name that the code asks for and no file holds."""
    return QUERIES[name]


def load_cluster(name: str) -> str:
    """Return a text that makes a cluster ours; several statements where it takes no arguments."""
    return CLUSTER[name]
