"""Options and output that commands share."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console

from serve_app.local import address_of
from serve_app.settings import Settings, load_settings

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def json_option(command: CommandT) -> CommandT:
    """Add ``--json``."""
    option = click.option(
        "--json", "as_json", is_flag=True, help="Print JSON on standard output, nothing else."
    )
    return option(command)


def port_option(command: CommandT) -> CommandT:
    """Add ``--port`` for what listens."""
    option = click.option(
        "--port", type=click.IntRange(1, 65535), help="Port of the HTTP face; default 8000."
    )
    return option(command)


def url_option(command: CommandT) -> CommandT:
    """Add ``--url`` for what calls a running service."""
    option = click.option("--url", help="Address of the service; default from the settings.")
    return option(command)


def settings_with_port(port: int | None) -> Settings:
    """Return the settings, the port overridden where one is given."""
    return load_settings({"http": {"port": port}} if port is not None else None)


def address_from(url: str | None) -> str:
    """Return the address of the service to call."""
    return url.rstrip("/") if url else address_of(load_settings().http)


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def speaker() -> Console:
    """Return the console for what is no result: standard error."""
    return Console(stderr=True, highlight=False)


def printer() -> Console:
    """Return the console for results; wide where nobody watches, so that nothing is cut."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)
