"""``gardenos postgres status`` and ``doctor``: look, and change nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from postgres.cluster_doctor import Finding, examine
from postgres.cluster_status import is_well, status_document
from postgres.remedies import Weight
from serve_app.cluster.observe import Places, observe
from serve_app.commands.cluster_options import (
    FILE,
    FOLDER,
    cluster_options,
    place_options,
    places_of,
    settings_of,
)
from serve_app.commands.options import json_option, print_json, printer, teller
from serve_app.exit_codes import EPILOG, ExitCode


@click.command(epilog=EPILOG)
@cluster_options
@place_options
@json_option
def status(
    *, kubeconfig: Path | None, kubernetes_namespace: str, as_json: bool, **chosen: Any
) -> int:
    """Show members, leader, lag and timeline, and where etcd, Patroni and Postgres disagree.

    Postgres itself is asked where GARDENOS_DATABASE_URL gives a login, the published leader where
    --kubeconfig is given. The code is 0 where all is well, 6 where a member is silent, nobody
    leads or two sources contradict each other, 4 where nothing answers.
    """
    settings, secrets = settings_of(**chosen)
    seen = observe(settings, secrets, places_of(kubeconfig, kubernetes_namespace))
    document = status_document(seen)
    if as_json:
        print_json(document)
    else:
        printer().print(member_table(document))
        tell = teller(printer())
        tell(summary(document))
        for one in document["disagreements"]:
            tell(f"disagreement: {one['seen']}")
        for address in document["silent"]:
            tell(f"silent: {address}")
    if not document["members"] and all(one["error"] for one in document["etcd"]):
        return ExitCode.UNAVAILABLE
    return ExitCode.DONE if is_well(document) else ExitCode.ILL


def summary(document: dict[str, Any]) -> str:
    """Return leader, synchronous standbys and published address in a line."""
    synchronous = ", ".join(document["synchronous"]) or "nobody"
    line = f"leader {document['leader'] or 'nobody'}; synchronous {synchronous}"
    if document["published"] is not None:
        line += f"; published {', '.join(document['published']) or 'nothing'}"
    return line + ("; fail-over is paused" if document["paused"] else "")


def member_table(document: dict[str, Any]) -> Table:
    """Return a table of members."""
    table = Table(title="Members", title_justify="left")
    columns = ("name", "role", "state", "timeline", "lag_bytes", "patroni_says", "postgres_says")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for one in document["members"]:
        cells = ("-" if one[column] is None else str(one[column]) for column in columns)
        table.add_row(*(Text(cell) for cell in cells))
    return table


@click.command(epilog=EPILOG)
@cluster_options
@place_options
@click.option(
    "--data-folder", type=FOLDER, help="Check this PGDATA: rights, disk, process 1 (in the pod)."
)
@click.option(
    "--log", "logs", type=FILE, multiple=True, help="Read a member's log for known lines."
)
@json_option
def doctor(
    *,
    kubeconfig: Path | None,
    kubernetes_namespace: str,
    data_folder: Path | None,
    logs: tuple[Path, ...],
    as_json: bool,
    **chosen: Any,
) -> int:
    """Name what is wrong, why that is bad, and what mends it. Changes nothing.

    Looks at etcd, its keys, Patroni and Postgres; with --kubeconfig at claims, storage classes,
    pods, their logs and events, Endpoints and slices; with --data-folder and --log at files of this
    machine. The code is 0 where nothing was found, 6 where something was.
    """
    settings, secrets = settings_of(**chosen)
    places = Places(kubeconfig, kubernetes_namespace, data_folder, logs)
    findings = examine(observe(settings, secrets, places))
    if as_json:
        print_json({"findings": [document_of(one, settings.scope) for one in findings]})
    else:
        show(findings, settings.scope)
    return ExitCode.ILL if findings else ExitCode.DONE


def document_of(one: Finding, scope: str) -> dict[str, str]:
    """Return a finding as JSON takes it."""
    weight, why, fix = one.remedy
    fix = fix.replace("SCOPE", scope)
    return {"code": one.code, "weight": str(weight), "seen": one.seen, "why": why, "fix": fix}


def show(findings: Sequence[Finding], scope: str) -> None:
    """Print findings for a person."""
    tell = teller(printer())
    if not findings:
        tell("Nothing found.")
    for one in findings:
        document = document_of(one, scope)
        mark = "BROKEN" if one.remedy.weight is Weight.BROKEN else "weak"
        tell(f"{mark} {one.code}: {document['seen']}")
        tell(f"  why: {document['why']}.")
        tell(f"  fix: {document['fix']}.")
