"""``gardenos postgres repair-dcs`` and ``switchover``: change a cluster, after looking at it."""

from pathlib import Path
from typing import Any

import click

from domain.errors import ConflictError
from postgres.dcs_repair import LifeSign, Removal, refuse_while_alive
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.cluster.kubernetes_life import running_pods
from serve_app.cluster.repair import Repair
from serve_app.cluster.switchover import Switch
from serve_app.commands.cluster_options import (
    cluster_options,
    place_options,
    places_of,
    settings_of,
)
from serve_app.commands.options import json_option, print_json, printer, speaker, teller
from serve_app.exit_codes import EPILOG, ExitCode


@click.command("repair-dcs", epilog=EPILOG)
@cluster_options
@place_options
@click.option("--yes", is_flag=True, help="Remove the listed keys; without it they are only shown.")
@click.option("--keep-config", is_flag=True, help="Leave Patroni's shared configuration there.")
@click.option(
    "--members-are-gone",
    "is_known_gone",
    is_flag=True,
    help="Go on where no address of a member is known; a sign of life still stops it.",
)
@json_option
def repair_dcs(
    *,
    kubeconfig: Path | None,
    kubernetes_namespace: str,
    yes: bool,
    keep_config: bool,
    is_known_gone: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Remove the stale keys of exactly one dead cluster from etcd; --scope is required.

    For data that belong to another system id than etcd remembers, or none that are left. Lists
    every key first and removes nothing without --yes. Refuses, with code 5, while a member lives:
    its lease runs, its Patroni answers, its Postgres listens, or (with --kubeconfig) its pod runs;
    and while nobody can be asked, since a leader that lost etcd has no lease and may still write.
    Keys of other scopes are never in its range, and a key that appears after the listing stops it.
    Save first what may be wanted again: gardenos postgres export-config.
    """
    if not chosen["scope"]:
        raise click.UsageError("--scope is required: name the one cluster whose keys may go")
    settings, secrets = settings_of(**chosen)
    places = places_of(kubeconfig, kubernetes_namespace)
    with EtcdClient(settings, secrets.etcd) as client:
        repair = Repair(client, settings, secrets)
        is_known_gone = is_known_gone or places.kubeconfig is not None
        removal = repair.plan(
            keep_config=keep_config,
            is_known_gone=is_known_gone,
            show=no_list if as_json else list_keys,
        )
        pods = running_pods(places, settings.scope, limit_s=settings.answer_limit_s)
        refuse_while_alive(settings.scope, [LifeSign(one, "its pod runs") for one in pods])
        if yes:
            repair.run(removal)
    names = [one.name for one in removal.keys]
    if as_json:
        print_json({"scope": settings.scope, "keys": names, "removed": yes})
    elif not yes and names:
        speaker().print("Nothing removed; give --yes to remove them.")
    elif names:
        teller(printer())(f"Removed {len(names)} keys of {settings.scope}. Start the members now.")
    return ExitCode.DONE


def no_list(_: Removal) -> None:
    """Print nothing: JSON tells of the keys in the end."""


def list_keys(removal: Removal) -> None:
    """Print each key that goes, with its revision."""
    tell = teller(printer())
    if not removal.keys:
        tell(f"No key of {removal.scope} in etcd.")
    for one in removal.keys:
        tell(f"{one.name} (revision {one.mod_revision})")


@click.command(epilog=EPILOG)
@cluster_options
@click.option("--to", "candidate", metavar="MEMBER", help="Who leads next; else Patroni chooses.")
@click.option(
    "--limit-s",
    type=click.FloatRange(1, 600),
    default=60.0,
    show_default=True,
    help="Seconds for all of it.",
)
@json_option
def switchover(*, candidate: str | None, limit_s: float, as_json: bool, **chosen: Any) -> int:
    """Hand the lead to another member and wait until the new leader accepts writes.

    Goes through Patroni's REST API, which refuses (code 5, in its own words) where no member may
    lead. With GARDENOS_DATABASE_URL a real commit on the new leader is waited for; else its own
    word that it runs as primary. Code 4: not seen to be done within the limit.
    """
    settings, secrets = settings_of(**chosen)
    done = Switch(settings, secrets, limit_s).run(candidate)
    if candidate and done.new != candidate:
        raise ConflictError("switchover", settings.scope, f"{done.new} leads, not {candidate}")
    if as_json:
        document = {"old": done.old, "new": done.new, "took_s": round(done.took_s, 3)}
        print_json({**document, "written": done.written})
        return ExitCode.DONE
    how = "accepts writes" if done.written else "runs as primary (no login to try a write)"
    teller(printer())(f"{done.new} {how} after {done.took_s:.1f} s; {done.old} follows.")
    return ExitCode.DONE
