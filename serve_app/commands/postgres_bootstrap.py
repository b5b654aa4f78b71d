"""``gardenos postgres bootstrap``: roles, database, schemas and row-level security."""

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from postgres.bootstrap import DATABASE, BootstrapOptions, bootstrap
from postgres.settings import DatabaseSettings
from postgres.standing_bootstrap import stay
from serve_app.commands.options import json_option, print_json, printer, teller
from serve_app.exit_codes import EPILOG, ExitCode
from serve_app.settings import admin_url, load_settings
from serve_app.termination import until_terminated


@click.command("bootstrap", epilog=EPILOG)
@click.option(
    "--database", default=DATABASE, show_default=True, metavar="NAME", help="Our database's name."
)
@click.option(
    "--password-folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Holds a file for each role that logs in, named like it, with its password in one line.",
)
@click.option(
    "--stay",
    "stays",
    is_flag=True,
    help="Stay beside this member, and do it whenever it begins to lead or a password changes.",
)
@json_option
def bootstrap_command(
    *, database: str, password_folder: Path | None, stays: bool, as_json: bool
) -> int:
    """Make a new cluster ours: roles, database, extensions, schemas, grants, row-level security.

    Safe to repeat: what is as it should be is not touched. Needs GARDENOS_DATABASE_ADMIN_URL, the
    address of a superuser. Then run gardenos migrate with GARDENOS_DATABASE_MIGRATION_URL, the
    address of gardenos_owner; the application itself gets that of gardenos_app.
    """
    settings = load_settings()
    options = BootstrapOptions(database=database, password_folder=password_folder)
    if stays:
        asyncio.run(stay_here(admin_url(settings.database), settings.database, options))
        return ExitCode.DONE
    report = asyncio.run(bootstrap(admin_url(settings.database), settings.database, options))
    if as_json:
        print_json(asdict(report))
        return ExitCode.DONE
    tell = teller(printer())
    tell(f"Database {database}: {'made' if report.database_created else 'was there'}.")
    for text, names in (
        ("Passwords set for", report.passwords_set),
        ("Without a password, so nobody can log in as", report.passwords_missing),
        ("Extensions that the server does not bring:", report.extensions_missing),
    ):
        if names:
            tell(f"{text} {', '.join(names)}.")
    return ExitCode.DONE


async def stay_here(url: str, database: DatabaseSettings, options: BootstrapOptions) -> None:
    """Keep the cluster ours until the process is told to end."""
    with until_terminated() as stop:
        await stay(url, database, options, stop=stop)
