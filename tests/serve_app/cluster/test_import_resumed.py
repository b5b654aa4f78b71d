"""Claims about an import that is killed or cut off in the middle of a table, and run again."""

import asyncio
import os
import signal
import subprocess
import sys

import psycopg
import pytest

from domain.errors import DatabaseUnavailableError
from postgres.importing import Endpoints, Imported, import_database
from tests.serve_app.cluster.broken_wire import broken_wire

STEP_LIMIT_S = 30.0
KILLED = """
import asyncio, os, sys
from postgres.importing import Endpoints, import_database
def tell(line):
    print(line, flush=True)
    if line == sys.argv[1]:
        sys.stdin.readline()
ends = Endpoints(os.environ["OLD"], os.environ["NEW"], 60.0, batch_rows=100)
asyncio.run(import_database(ends, tell))
"""


def again(old: str, target: str) -> tuple[Imported, list[str]]:
    """Run an import to its end; return what came of it and what it told."""
    lines: list[str] = []
    ends = Endpoints(old, target, STEP_LIMIT_S, batch_rows=100)
    return asyncio.run(import_database(ends, lines.append)), lines


@pytest.mark.parametrize(
    "at",
    [
        "public.customers: 1,700 rows",
        pytest.param("schema", marks=pytest.mark.slow),
        pytest.param("public.calls_2025", marks=pytest.mark.slow),
        pytest.param("public.keyed: 300 rows", marks=pytest.mark.slow),
        pytest.param("indexes and constraints", marks=pytest.mark.slow),
        pytest.param("compare", marks=pytest.mark.slow),
    ],
)
def test_an_import_that_was_killed_goes_on_behind_its_last_commit(
    old: str, target: str, at: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, at],
        env={**os.environ, "OLD": old, "NEW": target},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        before = [line.strip() for line in lines if line.strip() != at or stop(process)]
    assert before[-1] == at

    done, after = again(old, target)

    batches = {line for line in before + after if line.endswith(" rows")}
    assert sorted(batches) == sorted(line for line in before + after if line.endswith(" rows"))
    assert "public.customers: 2,900 rows" in batches
    assert sum(tally.rows for tally in done.tallies.values()) == 4460


@pytest.mark.slow
def test_what_changed_since_the_break_is_copied_anew(old: str, target: str) -> None:
    def break_off(line: str) -> None:
        if line == "public.customers: 1,700 rows":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(
            import_database(Endpoints(old, target, STEP_LIMIT_S, batch_rows=100), break_off)
        )
    with psycopg.connect(target, autocommit=True) as other:
        other.execute("update customers set weight = 0 where id = 5")

    done, lines = again(old, target)

    assert "public.customers: 100 rows" in lines
    assert done.tallies["public.customers"].rows == 3000


def stop(process: "subprocess.Popen[str]") -> bool:
    """Kill a process where it stands."""
    process.send_signal(signal.SIGKILL)
    return True


@pytest.mark.parametrize(
    ("is_silent", "limit_s"),
    [(False, STEP_LIMIT_S), pytest.param(True, 2.0, marks=pytest.mark.slow)],
)
def test_a_wire_that_breaks_among_the_rows_loses_and_doubles_none(
    old: str, target: str, *, is_silent: bool, limit_s: float
) -> None:
    async def cut_off() -> None:
        async with broken_wire(old, after_bytes=5000, is_silent=is_silent) as wire:
            ends = Endpoints(wire, target, limit_s, batch_rows=1000)
            await import_database(ends, lambda _: None)

    with pytest.raises(DatabaseUnavailableError) as told:
        asyncio.run(cut_off())
    assert "hunter2" not in str(told.value)
    with psycopg.connect(target) as other:
        (rows,) = other.execute('select count(*) from "Old ones"."Order ""x"""').fetchone() or (1,)
    assert rows == 0

    done, _ = again(old, target)

    assert done.tallies["public.customers"].rows == 3000


@pytest.mark.slow
def test_a_target_that_goes_away_among_the_rows_loses_and_doubles_none(
    old: str, target: str
) -> None:
    def end_target(line: str) -> None:
        if line == "public.customers: 1,000 rows":
            with psycopg.connect(target, autocommit=True) as other:
                other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where application_name = 'gardenos import' and datname = current_database()"
                )

    with pytest.raises(DatabaseUnavailableError):
        asyncio.run(
            import_database(Endpoints(old, target, STEP_LIMIT_S, batch_rows=100), end_target)
        )

    done, lines = again(old, target)

    assert "public.customers: 1,000 rows" not in lines
    assert done.tallies["public.customers"].rows == 3000
