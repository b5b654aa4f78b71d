"""``gardenos postgres``: the group of commands about the cluster, each imported when asked for."""

from typing import ClassVar

import click

from serve_app.cli import Commands
from serve_app.exit_codes import EPILOG


class PostgresCommands(Commands):
    """Commands about the cluster."""

    places: ClassVar[dict[str, str]] = {
        "backup": "serve_app.commands.postgres_backup:backup_command",
        "backups": "serve_app.commands.postgres_backup:backups_command",
        "bootstrap": "serve_app.commands.postgres_bootstrap:bootstrap_command",
        "check-backups": "serve_app.commands.postgres_backup_set_up:check_command",
        "configure-backups": "serve_app.commands.postgres_backup_set_up:configure_command",
        "doctor": "serve_app.commands.postgres_look:doctor",
        "drill": "serve_app.commands.postgres_backup:drill_command",
        "export-config": "serve_app.commands.postgres_config:export_config",
        "import": "serve_app.commands.postgres_import:import_command",
        "make-key": "serve_app.commands.postgres_config:make_key",
        "metrics": "serve_app.commands.postgres_metrics:metrics_command",
        "repair-dcs": "serve_app.commands.postgres_change:repair_dcs",
        "restore": "serve_app.commands.postgres_backup:restore_command",
        "restore-config": "serve_app.commands.postgres_config:restore_config",
        "status": "serve_app.commands.postgres_look:status",
        "switchover": "serve_app.commands.postgres_change:switchover",
    }


@click.group(cls=PostgresCommands, epilog=EPILOG)
def postgres() -> None:
    """Look after the Postgres cluster: see, explain, repair, move, save.

    Begin with status; where it is not well, doctor names what is wrong and what mends it. Addresses
    come from the settings (section cluster, such as GARDENOS_CLUSTER__ETCD) or from options;
    passwords only from variables: GARDENOS_ETCD_PASSWORD, GARDENOS_PATRONI_PASSWORD and, for what
    Postgres itself says, GARDENOS_DATABASE_URL.
    """
