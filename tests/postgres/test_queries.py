"""The named queries: each asked for, each there, each understood by the server."""

import re
from pathlib import Path

import asyncpg
import pytest

import postgres
from postgres.pool import Database
from postgres.queries import QUERIES, load_cluster, read_all

ROOM = Path(postgres.__file__).parent
LOADED = re.compile(r'queries\.load\(\s*"(\w+)"')
NAME = re.compile(r'"(\w+)"')


def texts() -> str:
    """Return the room's code as one text."""
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(ROOM.glob("*.py")))


def test_every_query_that_the_code_loads_exists() -> None:
    assert set(LOADED.findall(texts())) - QUERIES.keys() == set()


def test_every_query_is_used() -> None:
    assert QUERIES.keys() - set(NAME.findall(texts())) == set()


async def test_the_server_understands_every_query(database: Database) -> None:
    failures = {}
    async with database.connection() as connection:
        await connection.execute(load_cluster("import_prepare"))
        for name, text in QUERIES.items():
            try:
                await connection.prepare(text)
            except asyncpg.PostgresError as error:
                failures[name] = str(error)

    assert failures == {}


def test_a_query_without_a_statement_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nothing.sql").write_text("\n")

    with pytest.raises(ValueError, match="without a statement: nothing"):
        read_all(tmp_path)
