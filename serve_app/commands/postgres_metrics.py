"""``gardenos postgres metrics``: how old the last good backup and the last drill are."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from domain.errors import ConfigurationError
from postgres.backup import PgBackRest
from postgres.backup_metrics import read_metrics, write_textfile
from serve_app.backup_metrics import metrics_server
from serve_app.exit_codes import EPILOG, ExitCode
from serve_app.settings import load_settings
from serve_app.termination import until_terminated


@click.command("metrics", epilog=EPILOG)
@click.option("--listen", metavar="HOST", help="Answer GET /metrics on this address until stopped.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9187, show_default=True, help="TCP port."
)
@click.option(
    "--refresh-s",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="How often the repository is read at most, in seconds.",
)
@click.option(
    "--textfile",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write once to this file instead, for the textfile collector of the node exporter.",
)
def metrics_command(
    *, listen: str | None, port: int, refresh_s: float, textfile: Path | None
) -> int:
    """Tell Prometheus the age of the last good backup and of the last drill, in seconds.

    Read from the repository itself. Without --listen, print or write them once.
    """
    tool = PgBackRest(load_settings().backups)
    if listen is not None and textfile is not None:
        raise ConfigurationError("--textfile", "--listen beside it", "one of the two")
    if listen is not None:
        asyncio.run(serve(tool, listen, port=port, refresh_s=refresh_s))
        return ExitCode.DONE
    text = asyncio.run(read_metrics(tool, datetime.now(UTC)))
    if textfile is None:
        click.echo(text, nl=False)
    else:
        write_textfile(textfile, text)
    return ExitCode.DONE


async def serve(tool: PgBackRest, host: str, *, port: int, refresh_s: float) -> None:
    """Answer until the process is told to end."""
    with until_terminated() as stop:
        async with metrics_server(tool, host=host, port=port, refresh_s=refresh_s) as taken:
            click.echo(f"Metrics of backups on http://{host}:{taken}/metrics", err=True)
            await stop.wait()
