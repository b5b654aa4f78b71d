"""``gardenos deploy-config``: print the Serve config that ``serve deploy`` takes."""

import click

from serve_app.commands.options import json_option, print_json
from serve_app.deploy_config import deploy_config, to_yaml
from serve_app.exit_codes import EPILOG
from serve_app.settings import load_settings


@click.command("deploy-config", epilog=EPILOG)
@json_option
def deploy_config_command(*, as_json: bool) -> None:
    """Print the Serve config made from the settings; serve.yaml holds that of the defaults."""
    config = deploy_config(load_settings())
    if as_json:
        print_json(config)
    else:
        click.echo(to_yaml(config), nl=False)
