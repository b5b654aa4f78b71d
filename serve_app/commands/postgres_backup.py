"""``gardenos postgres backup``, ``backups``, ``restore`` and ``drill``: thin over pgBackRest."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from domain.errors import UnavailableError
from postgres.backup import PgBackRest
from postgres.backup_info import Backup, BackupKind
from postgres.drill import drill
from serve_app.commands.cluster_options import FOLDER
from serve_app.commands.options import json_option, print_json, printer, teller
from serve_app.exit_codes import EPILOG, ExitCode
from serve_app.settings import admin_url, load_settings

LATEST = "latest"
MOMENTS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]


def tool() -> PgBackRest:
    """Return pgBackRest with our settings."""
    return PgBackRest(load_settings().backups)


@click.command("backup", epilog=EPILOG)
@click.option(
    "--kind",
    type=click.Choice([str(kind) for kind in BackupKind]),
    default=str(BackupKind.DIFFERENTIAL),
    show_default=True,
    help="How much to copy; the first is always full.",
)
@json_option
def backup_command(*, kind: str, as_json: bool) -> int:
    """Make a backup with pgBackRest, and let go what is past its retention.

    Runs where pgBackRest is configured (section backups, such as GARDENOS_BACKUPS__CONFIG_FILE). A
    backup with damaged pages is kept and is code 5; a failure or a passed limit is code 4.
    """
    made = asyncio.run(tool().backup(BackupKind(kind)))
    if as_json:
        print_json(document_of(made))
    else:
        teller(printer())(f"{made.label}: {made.size_bytes:,} bytes, {made.stored_bytes:,} stored.")
    return ExitCode.DONE


@click.command("backups", epilog=EPILOG)
@json_option
def backups_command(*, as_json: bool) -> int:
    """List the backups, oldest first, and when a drill last proved one; 6 where none is good."""
    info = asyncio.run(tool().info())
    if as_json:
        items = [document_of(one) for one in info.backups]
        print_json({"sound": info.is_sound, "message": info.message, "items": items})
    else:
        table = Table(title="Backups", title_justify="left")
        for column in ("label", "kind", "complete", "good", "proved"):
            table.add_column(column, overflow="fold")
        for one in info.backups:
            proved = one.drilled_at.isoformat() if one.drilled_at else "-"
            good = "yes" if one.is_good else "NO"
            table.add_row(one.label, str(one.kind), one.stopped_at.isoformat(), good, proved)
        printer().print(table)
    return ExitCode.DONE if info.is_sound and info.last_good else ExitCode.ILL


def moment_or_latest(
    context: click.Context, parameter: click.Parameter, value: str
) -> datetime | None:
    """Return a moment in UTC, or None for the latest."""
    if value == LATEST:
        return None
    moment: datetime = click.DateTime(MOMENTS).convert(value, parameter, context)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command("restore", epilog=EPILOG)
@click.option(
    "--to",
    "moment",
    callback=moment_or_latest,
    required=True,
    metavar="TIME",
    help="Last moment to keep, such as 2026-11-26T02:00:00+0000, UTC where no zone is given; or"
    " latest, for all that is archived.",
)
@click.option("--data-folder", type=FOLDER, required=True, help="Empty PGDATA to restore into.")
@click.option("--no-archive", is_flag=True, help="The restored server must not archive (a trial).")
@json_option
def restore_command(
    *, moment: datetime | None, data_folder: Path, no_archive: bool, as_json: bool
) -> int:
    """Bring a backup back into an empty folder; the server that starts on it recovers to --to.

    Nothing is overwritten. To give a whole cluster back: stop every member, restore into the first
    one's data folder, start Postgres alone on it (Patroni would pass --to by and recover all that
    is archived) and stop it once it takes writes, gardenos postgres repair-dcs --scope SCOPE --yes,
    start that member, then the others with empty folders. Code 5 where no backup leads to that
    moment, or it has not come yet; where the archive ends before it, that server says so and does
    not start.
    """
    folder = data_folder.absolute()
    try:
        done = asyncio.run(tool().restore(folder, moment, keep_archiving=not no_archive))
    except UnavailableError as error:
        if not (folder.is_dir() and any(folder.iterdir())):
            raise
        what = f"{error.what}; what lies in {folder} is no whole copy, empty it first"
        raise UnavailableError(what, error.retry_after_s) from error
    document: dict[str, Any] = {
        "data_folder": str(done.data_folder),
        "backup": done.backup.label,
        "target": moment.isoformat() if moment else None,
    }
    if as_json:
        print_json(document)
    else:
        to = moment or "the end of the archive"
        line = f"{done.backup.label} is in {done.data_folder}; its server recovers to {to}"
        teller(printer())(f"{line}. Start it without Patroni, and look before others do.")
    return ExitCode.DONE


@click.command("drill", epilog=EPILOG)
@click.option(
    "--bin-folder",
    type=FOLDER,
    help="Programs of the throwaway server; else our own, or those of this machine.",
)
@json_option
def drill_command(*, bin_folder: Path | None, as_json: bool) -> int:
    """Prove the backups: restore to a moment on a throwaway server and compare every row.

    Needs GARDENOS_DATABASE_ADMIN_URL, the address of role gardenos_drill or of a superuser. What
    passed is noted at the backup. Code 6 where any table differs.
    """
    settings = load_settings()
    tool_of_settings = PgBackRest(settings.backups)
    url = admin_url(settings.database)
    report = asyncio.run(drill(url, tool_of_settings, bin_folder=bin_folder))
    document = {
        "passed": report.passed,
        "backup": report.backup,
        "target": report.target.isoformat(),
        "tables": report.tables,
        "rows": report.rows,
        "differing": [str(one) for one in report.differing],
        "restore_s": round(report.restore_s, 1),
        "finished_at": report.finished_at.isoformat(),
    }
    if as_json:
        print_json(document)
    else:
        end = "every row came back" if report.passed else f"differing: {document['differing']}"
        line = f"{report.backup} to {document['target']}: {report.tables} tables"
        teller(printer())(f"{line}, {report.rows:,} rows, {report.restore_s:.1f} s: {end}.")
    return ExitCode.DONE if report.passed else ExitCode.ILL


def document_of(one: Backup) -> dict[str, Any]:
    """Return a backup as JSON takes it."""
    return {
        "label": one.label,
        "kind": str(one.kind),
        "started_at": one.started_at.isoformat(),
        "stopped_at": one.stopped_at.isoformat(),
        "good": one.is_good,
        "size_bytes": one.size_bytes,
        "stored_bytes": one.stored_bytes,
        "drilled_at": one.drilled_at.isoformat() if one.drilled_at else None,
    }
