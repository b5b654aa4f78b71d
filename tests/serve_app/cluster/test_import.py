"""Claims about ``gardenos postgres import``, from a real older server into a real new one."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from domain.errors import ConfigurationError, ConflictError, UnavailableError
from postgres.binaries import find_binaries
from postgres.bootstrap import APPLICATION, OWNER
from postgres.import_schema import apply_section, password_of, run_program, without_password
from postgres.importing import LOCK_KEY, Endpoints, Imported, import_database
from serve_app.exit_codes import ExitCode
from tests.database import run_sql, with_database
from tests.postgres.cluster_world import start_cluster
from tests.serve_app.cluster.conftest import Command

CONSTRAINTS = (
    "select count(*) from pg_constraint where contype <> 'n'"
    " and connamespace::regnamespace::text ~ 'public|Old'"
)
MINE = "insert into alike values ('mine') returning 1"
ORDER = '"Old ones"."Order ""x"""'


def run(old: str, target: str) -> Imported:
    """Import."""
    return asyncio.run(import_database(Endpoints(old, target, 60.0), lambda _: None))


def one(url: str, query: str) -> object:
    """Return a query's first value."""
    return asyncio.run(run_sql(url, query))


def test_everything_arrives_and_is_compared(
    old: str, target: str, gardenos: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARDENOS_IMPORT_URL", old)
    monkeypatch.setenv("GARDENOS_DATABASE_URL", target)

    told = gardenos("import", "--batch-rows", "37")

    assert told.code == ExitCode.DONE, told
    rows = {name: tally["rows"] for name, tally in told.document["tables"].items()}
    assert rows == {
        ORDER: 500,
        "public.alike": 100,
        "public.by_domain": 60,
        "public.calls_2024": 213,
        "public.calls_2025": 187,
        "public.customers": 3000,
        "public.keyed": 400,
        "public.nothing": 0,
    }
    for query in (
        "select md5(string_agg(c::text, '|' order by id)) from customers as c",
        f"select md5(string_agg(o::text, '|' order by id)) from {ORDER} as o",  # noqa: S608 - ours
        "select md5(string_agg(k::text, '|' order by note)) from keyed as k",
        "select n from counted",
        "select count(*) from glad",
        CONSTRAINTS,
        "select count(*) from pg_indexes where schemaname in ('public', 'Old ones')",
        "select last_value from customers_id_seq",
    ):
        assert one(target, query) == one(old, query), query


def test_a_second_run_copies_nothing(old: str, target: str) -> None:
    run(old, target)
    assert run(old, target).copied == ()


def test_a_row_that_changed_on_the_way_is_found(old: str, target: str) -> None:
    run(old, target)
    one(target, "update customers set weight = weight + 1e-12 where id = 77 returning 1")
    with pytest.raises(ConflictError, match=r"public\.customers"):
        run(old, target)


@pytest.mark.slow
def test_a_missing_row_that_a_double_hides_from_a_count_is_found(old: str, target: str) -> None:
    run(old, target)
    one(target, "update calls_2024 set at = '2024-06-03' where at = '2024-06-02' returning 1")
    with pytest.raises(ConflictError, match="calls_2024"):
        run(old, target)


def test_a_database_with_such_tables_is_left_alone(old: str, target: str) -> None:
    asyncio.run(run_sql(target, "create table alike (word text)", MINE))
    with pytest.raises(ConflictError, match=r"public\.alike"):
        run(old, target)
    assert one(target, "select word from alike") == "mine"


@pytest.mark.slow
def test_a_table_written_to_while_unfinished_is_copied_anew(old: str, target: str) -> None:
    run(old, target)
    one(target, "delete from gardenos_import.steps where name = 'indexes' returning 1")
    one(target, "delete from alike returning 1")
    with psycopg.connect(target, autocommit=True) as at:
        drop = (
            "select format('alter table %s drop constraint %I', conrelid::regclass, conname)"
            " from pg_constraint where contype in ('f', 'p', 'u') and conparentid = 0"
            " and connamespace in ('public'::regnamespace, '\"Old ones\"'::regnamespace)"
            " order by contype"
        )
        for (statement,) in at.execute(drop.encode()).fetchall():
            at.execute(statement.encode())
    assert run(old, target).copied == ("public.alike",)


def test_two_imports_into_one_database_do_not_meet(old: str, target: str) -> None:
    with psycopg.connect(target) as other:
        other.execute(f"select pg_advisory_lock({LOCK_KEY})".encode())
        with pytest.raises(ConflictError, match="another import"):
            run(old, target)


def test_a_table_that_others_inherit_from_takes_no_row_of_theirs_along(
    old: str, target: str
) -> None:
    with psycopg.connect(old, autocommit=True) as connection:
        connection.execute("create table zoo (animal text)")
        connection.execute("create table ape (arms int) inherits (zoo)")
        connection.execute("insert into zoo values ('cat'); insert into ape values ('a', 2)")
        try:
            done = run(old, target)
        finally:
            connection.execute("drop table zoo cascade")

    assert (done.tallies["public.zoo"].rows, done.tallies["public.ape"].rows) == (1, 1)
    assert one(target, "select count(*) from zoo") == 2


def test_large_objects_are_refused_and_not_lost(old: str, target: str) -> None:
    oid = one(old, "select lo_create(0)")
    try:
        with pytest.raises(Exception, match="large objects"):
            run(old, target)
    finally:
        one(old, f"select lo_unlink({oid})")


def test_no_address_is_one_line_without_a_secret(
    gardenos: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARDENOS_IMPORT_URL", "postgresql://u:hunter2@127.0.0.1:1/none")
    monkeypatch.setenv("GARDENOS_DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/none")
    told = gardenos("import")
    assert told.code == ExitCode.UNAVAILABLE
    assert "hunter2" not in str(told.document)


def test_another_encoding_changes_no_checksum(old: str, target: str) -> None:
    asyncio.run(
        run_sql(
            old, "create database latin template template0 encoding 'LATIN1' locale 'C'", "select 1"
        )
    )
    latin = with_database(old, "latin")
    try:
        word = "create table words as select 1 as n, 'Gr\u00fc\u00dfe' as word"
        asyncio.run(run_sql(latin, word, "select 1"))
        run(latin, target)
        assert one(target, "select word from words") == "Gr\u00fc\u00dfe"
    finally:
        asyncio.run(run_sql(old, "drop database latin with (force)", "select 1"))


def test_a_refused_index_shows_no_row(target: str) -> None:
    """Postgres tells in its details which row it is."""
    psql = find_binaries(None, major=None).folder / "psql"
    asyncio.run(run_sql(target, "create table d as select 'ada@example.com' as w", "select 1"))
    asyncio.run(run_sql(target, "insert into d table d", "select 1"))
    with pytest.raises(UnavailableError, match="could not create unique index") as refused:
        asyncio.run(
            apply_section(psql, target, "create unique index i on d (w);", step="x", limit_s=30)
        )
    assert "ada" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "argument", "password"),
    [
        (
            "postgresql://u:p%40ss@h:5/d?sslmode=require",
            "postgresql://u@h:5/d?sslmode=require",
            "p@ss",
        ),
        ("postgresql:///d?host=/run/pg&password=s%20x", "postgresql:///d?host=/run/pg", "s x"),
        ("postgresql://h1:1,h2:2/d", "postgresql://h1:1,h2:2/d", ""),
    ],
)
def test_no_password_of_an_address_becomes_an_argument(
    url: str, argument: str, password: str
) -> None:
    assert (without_password(url), password_of(url)) == (argument, password)


@pytest.mark.parametrize(
    ("url", "password"), [("postgresql://u@h/d", "kept"), ("postgresql://u:said@h/d", "said")]
)
async def test_a_password_that_no_address_holds_comes_from_the_variable(
    monkeypatch: pytest.MonkeyPatch, url: str, password: str
) -> None:
    monkeypatch.setenv("PGPASSWORD", "kept")
    told = await run_program(["/usr/bin/env"], url, limit_s=10.0)
    assert f"PGPASSWORD={password}" in told.splitlines()


def test_a_pass_phrase_that_would_be_an_argument_is_refused() -> None:
    with pytest.raises(ConfigurationError) as refused:
        without_password("postgresql://u@h/d?sslkey=k&sslpassword=hunter2")
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_not_there_is_a_wrong_setting(gardenos: Command, tmp_path: Path) -> None:
    told = gardenos("import", "--from-file", str(tmp_path / "none"))
    assert told.code == ExitCode.CONFIGURATION


@pytest.mark.slow
def test_what_was_taken_over_is_guarded_by_the_next_bootstrap(old: str, short_folder: Path) -> None:
    ours = start_cluster(short_folder / "taken-over")
    with ours.server:
        asyncio.run(ours.bootstrap())
        run(old, ours.url(OWNER))
        asyncio.run(ours.bootstrap())

        with psycopg.connect(ours.url(OWNER)) as owner:
            unguarded = owner.execute(
                "select relname from pg_class where relnamespace = 'public'::regnamespace"
                " and relkind in ('r', 'p') and not relrowsecurity"
            ).fetchall()
        assert unguarded == []
        assert one(ours.url(APPLICATION), "select count(*) from customers") == 3000
        with psycopg.connect(ours.url("authenticator")) as browser:
            browser.execute("set role authenticated")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                browser.execute("select from public.customers")
