"""``gardenos postgres configure-backups`` and ``check-backups``: before the first backup."""

import asyncio
import shlex
from pathlib import Path

import click

from postgres.backup import PgBackRest
from postgres.backup_config import write_config
from postgres.backup_settings import LocalServer
from serve_app.commands.options import json_option, print_json, printer, teller
from serve_app.exit_codes import EPILOG, ExitCode
from serve_app.settings import load_settings

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("configure-backups", epilog=EPILOG)
@click.option("--data-folder", type=FOLDER, required=True, help="PGDATA of the server here.")
@click.option(
    "--socket-folder",
    type=FOLDER,
    default=Path("/var/run/postgresql"),
    show_default=True,
    help="Folder of its socket.",
)
@click.option(
    "--postgres-port",
    type=click.IntRange(1, 65535),
    default=5432,
    show_default=True,
    help="Its port.",
)
@json_option
def configure_command(
    *, data_folder: Path, socket_folder: Path, postgres_port: int, as_json: bool
) -> int:
    """Write pgBackRest's configuration beside a server, and show what the server is to be told.

    Run it as the server's user. Repository, retention, compression and the file of the pass phrase
    are said in the settings (backups.repository). In Kubernetes the manifests bring all of it.
    """
    backups = load_settings().backups
    server = LocalServer(
        data_folder=data_folder.absolute(),
        socket_folder=socket_folder.absolute(),
        port=postgres_port,
    )
    write_config(backups, server)
    command = shlex.join(PgBackRest(backups).command(["archive-push"])).replace("%", "%%")
    document = {
        "config_file": str(backups.config_file),
        "archive_mode": "on",
        "archive_command": f'{command} "%p"',
    }
    if as_json:
        print_json(document)
    else:
        tell = teller(printer())
        tell(f"Written: {document['config_file']}. The server is to be told:")
        for name in ("archive_mode", "archive_command"):
            tell(f"{name} = '{document[name]}'")
    return ExitCode.DONE


@click.command("check-backups", epilog=EPILOG)
@json_option
def check_command(*, as_json: bool) -> int:
    """Make the stanza if there is none, and prove that the server's log reaches the repository."""
    tool = PgBackRest(load_settings().backups)

    async def check() -> tuple[int, int]:
        version = await tool.require_version()
        await tool.create_stanza()
        await tool.check()
        return version

    version = ".".join(map(str, asyncio.run(check())))
    if as_json:
        print_json({"stanza": tool.settings.stanza, "pgbackrest": version, "archived": True})
    else:
        teller(printer())("The log reaches the repository.")
    return ExitCode.DONE
