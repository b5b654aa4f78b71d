"""``gardenos migrate``: bring the database's tables to this version."""

import click

from serve_app.commands.options import json_option, print_json, printer
from serve_app.embedded import local_database, migrate_database
from serve_app.exit_codes import EPILOG
from serve_app.settings import load_settings


@click.command(epilog=EPILOG)
@json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database's tables to this version; safe to repeat, and while others run.

    Uses the database that GARDENOS_DATABASE_URL names, else the embedded one.
    """
    settings = load_settings()
    with local_database(settings, share=True) as url:
        applied = migrate_database(url, settings)
    if as_json:
        print_json({"applied": applied})
    else:
        printer().print(f"Applied: {', '.join(applied)}" if applied else "Nothing to apply.")
