"""The command line ``gardenos``: finds the command, turns every error into one line and a code."""

import importlib
import json
import logging
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import ClassVar

import click

from domain.errors import (
    ConfigurationError,
    DeadlineExceededError,
    GardenosError,
    InvalidInputError,
    UnavailableError,
)
from serve_app.exit_codes import EPILOG, ExitCode

logger = logging.getLogger(__name__)


class Commands(click.Group):
    """The commands, each imported only when it is asked for: Ray takes two seconds."""

    places: ClassVar[dict[str, str]] = {
        "dead-letters": "serve_app.commands.dead_letters:dead_letters",
        "demo": "serve_app.commands.demo:demo",
        "deploy-config": "serve_app.commands.deploy_config:deploy_config_command",
        "events": "serve_app.commands.events:events",
        "follow-ups": "serve_app.commands.follow_ups:follow_ups",
        "keys": "serve_app.commands.keys:keys",
        "leads": "serve_app.commands.leads:leads",
        "migrate": "serve_app.commands.migrate:migrate",
        "postgres": "serve_app.commands.postgres:postgres",
        "score": "serve_app.commands.score:score_command",
        "serve": "serve_app.commands.serve:serve",
        "status": "serve_app.commands.status:status",
        "tenants": "serve_app.commands.tenants:tenants",
        "usage": "serve_app.commands.usage:usage",
        "webhooks": "serve_app.commands.webhooks:webhooks",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it, or None where there is none of that name."""
        del ctx
        place = self.places.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("gardenos"), prog_name="gardenos")
def gardenos() -> None:
    """Lead analysis and follow-up drafts for a garden and landscaping business."""


def code_of(error: Exception) -> ExitCode:
    """Return the exit code that tells of an error."""
    if isinstance(error, ConfigurationError):
        return ExitCode.CONFIGURATION
    if isinstance(error, (UnavailableError, DeadlineExceededError)):
        return ExitCode.UNAVAILABLE
    if isinstance(error, click.UsageError | InvalidInputError):
        return ExitCode.USAGE
    return ExitCode.REFUSED if isinstance(error, GardenosError) else ExitCode.FAULT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; every error is one line on standard error."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = gardenos.main(args=given, prog_name="gardenos", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        return tell(error, error.format_message(), as_json="--json" in given)
    except (click.Abort, KeyboardInterrupt):
        click.echo("gardenos: interrupted", err=True)
        return ExitCode.INTERRUPTED
    except GardenosError as error:
        return tell(error, str(error), as_json="--json" in given)
    except Exception as error:  # the outermost loop: a traceback helps no user
        logger.debug("command_crashed", exc_info=True)
        message = f"a fault of ours ({type(error).__name__}): {error}"
        return tell(error, message, as_json="--json" in given)
    return int(code or ExitCode.DONE)


def tell(error: Exception, message: str, *, as_json: bool) -> int:
    """Say what went wrong in one line and return the exit code."""
    code = code_of(error)
    line = " ".join(message.split())
    if as_json:
        document = {"error": {"code": int(code), "name": code.name.lower(), "detail": line}}
        click.echo(json.dumps(document, ensure_ascii=False))
    click.echo(f"gardenos: {line}", err=True)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
