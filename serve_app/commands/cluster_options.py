"""Options that the commands about the cluster share, and the settings that come of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from postgres.cluster_settings import ClusterSettings
from serve_app.cluster.observe import Places, Secrets
from serve_app.settings import database_url, load_settings, secret_of

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def with_options(command: CommandT, *options: Callable[[CommandT], CommandT]) -> CommandT:
    """Add options in the order in which the help shows them."""
    for option in reversed(options):
        command = option(command)
    return command


def cluster_options(command: CommandT) -> CommandT:
    """Add what says which cluster is meant, and how long one question may take."""
    return with_options(
        command,
        click.option(
            "--etcd", multiple=True, metavar="URL", help="Address of etcd; again for more members."
        ),
        click.option(
            "--member",
            "members",
            multiple=True,
            metavar="URL",
            help="Address of a member's REST API, beside those that etcd lists.",
        ),
        click.option("--scope", metavar="NAME", help="Name of the cluster in etcd."),
        click.option(
            "--answer-limit-s",
            type=click.FloatRange(0.1, 60),
            metavar="S",
            help="Seconds for one question to one server; default 3.",
        ),
    )


def place_options(command: CommandT) -> CommandT:
    """Add what else is to be looked at."""
    return with_options(
        command,
        click.option(
            "--kubeconfig", type=FILE, help="Look at Kubernetes too, with what this file allows."
        ),
        click.option(
            "--namespace",
            "kubernetes_namespace",
            default="gardenos",
            show_default=True,
            help="Namespace of the cluster in Kubernetes.",
        ),
    )


def settings_of(
    etcd: tuple[str, ...],
    members: tuple[str, ...],
    scope: str | None,
    answer_limit_s: float | None,
) -> tuple[ClusterSettings, Secrets]:
    """Return settings and secrets, options before environment before file.

    Raises:
        ConfigurationError: A value cannot be used.
    """
    given = {
        "etcd": etcd or None,
        "members": members or None,
        "scope": scope,
        "answer_limit_s": answer_limit_s,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = load_settings({"cluster": chosen} if chosen else None)
    cluster = settings.cluster
    secrets = Secrets(
        etcd=secret_of(cluster.etcd_password_variable),
        patroni=secret_of(cluster.patroni_password_variable),
        database_url=database_url(settings.database),
    )
    return cluster, secrets


def places_of(kubeconfig: Path | None, namespace: str) -> Places:
    """Return where else to look."""
    return Places(kubeconfig=kubeconfig, namespace=namespace)
