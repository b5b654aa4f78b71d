"""Options and output that commands share."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from serve_app.local import address_of
from serve_app.settings import Settings, load_settings

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")

_COMMANDS_TO_A_TERMINAL = dict.fromkeys(
    [
        *(code for code in range(0x20) if chr(code) not in "\t\n"),
        *range(0x7F, 0xA0),
        *(0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    ]
)
"""Control characters, and those that turn the direction of writing: nobody sees them."""


class PlainConsole(Console):
    """A console that prints what others wrote as text, whatever commands to a terminal it holds.

    A lead's name or a draft could else rename the window, clear it, or show another text than the
    one that is approved.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Yield the segments of a renderable; those that rich itself commands stay."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(segment.text.translate(_COMMANDS_TO_A_TERMINAL), segment.style)


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
    """Add ``--address`` for what calls a running service."""
    option = click.option(
        "--address",
        "--url",
        "url",
        metavar="URL",
        callback=check_address,
        help="Address of the service; default from the settings.",
    )
    return option(command)


def check_address(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return an address that can be called.

    Raises:
        click.BadParameter: It is none.
    """
    del ctx, parameter
    if value is not None and not _ADDRESS.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no address such as http://127.0.0.1:8000")
    return value


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
    return PlainConsole(stderr=True, highlight=False)


def teller(console: Console) -> Callable[[str], None]:
    """Return what prints a line as it is."""

    def tell(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    return tell


def printer() -> Console:
    """Return the console for results; wide where nobody watches, so that nothing is cut."""
    console = PlainConsole(highlight=False)
    return console if console.is_terminal else PlainConsole(highlight=False, width=140)
