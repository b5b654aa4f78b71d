"""``gardenos postgres import``: take over a database from an older server."""

import asyncio
from pathlib import Path

import click

from domain.errors import ConfigurationError
from postgres.importing import BATCH_ROWS, Endpoints, import_database
from serve_app.commands.cluster_options import FILE
from serve_app.commands.options import json_option, print_json, printer, speaker, teller
from serve_app.exit_codes import EPILOG, ExitCode
from serve_app.settings import (
    DATABASE_URL_VARIABLE,
    IMPORT_URL_VARIABLE,
    database_url,
    load_settings,
    secret_of,
)


@click.command("import", epilog=EPILOG)
@click.option(
    "--from-file",
    type=FILE,
    help=f"File that holds the old server's address; else {IMPORT_URL_VARIABLE} does.",
)
@click.option(
    "--step-limit-s",
    type=click.FloatRange(1, 86_400),
    default=3600.0,
    show_default=True,
    help="Seconds for one batch of rows, one comparison, or all indexes.",
)
@click.option(
    "--batch-rows",
    type=click.IntRange(1, 10_000_000),
    default=BATCH_ROWS,
    show_default=True,
    help="Rows of one commit.",
)
@json_option
def import_command(
    *, from_file: Path | None, step_limit_s: float, batch_rows: int, as_json: bool
) -> int:
    """Copy schema and rows from PostgreSQL 12 or newer into GARDENOS_DATABASE_URL, and compare.

    The target must be empty and its role must own the database. Stop the old server's writers
    first: in the end rows are counted and summed on both sides, and a difference is code 5. Killed
    or cut off (code 4), run it again: it goes on behind its last commit, in the middle of a table
    where that has a primary key. Addresses hold passwords, so they come from a variable or a file
    only. Owners and grants are not taken over; large objects are refused. Drop the schema
    gardenos_import when you are content.
    """
    source = address_in(from_file) if from_file else secret_of(IMPORT_URL_VARIABLE)
    target = database_url(load_settings().database)
    if not source:
        raise ConfigurationError(IMPORT_URL_VARIABLE, "nothing", "the old database's address")
    if not target:
        raise ConfigurationError(DATABASE_URL_VARIABLE, "nothing", "the new database's address")
    endpoints = Endpoints(source, target, step_limit_s, batch_rows)
    done = asyncio.run(import_database(endpoints, teller(speaker())))
    tables = {
        name: {"rows": tally.rows, "checksum": tally.checksum}
        for name, tally in done.tallies.items()
    }
    if as_json:
        print_json({"tables": tables, "copied": list(done.copied)})
        return ExitCode.DONE
    rows = sum(tally.rows for tally in done.tallies.values())
    line = f"{len(tables)} tables with {rows:,} rows are equal on both sides"
    teller(printer())(f"{line}; {len(done.copied)} were copied in this run.")
    return ExitCode.DONE


def address_in(file: Path) -> str:
    """Return the address in a file.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("--from-file", str(file), "a readable file") from error
