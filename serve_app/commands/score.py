"""``gardenos score FILE``: score a file of leads, on this machine or at a running service."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from batch.job import Order, Place, Plan, make_plan, rehearse, reject_all, score
from batch.outputs import Outputs
from batch.progress import watcher_on
from batch.rows import FileFormat
from batch.run_book import Round, RunBook, next_round, run_key
from batch.tally import Tally
from domain.errors import GardenosError, UnavailableError
from serve_app.client import ServiceClient
from serve_app.commands.options import json_option, print_json, speaker
from serve_app.exit_codes import EPILOG
from serve_app.local import address_of, free_port, local_service, terminable, wait_until_ready
from serve_app.score_report import (
    document,
    show_mapping,
    show_rehearsal,
    show_starting,
    show_summary,
)
from serve_app.settings import DashboardSettings, Settings, caller_key, load_settings

ROUNDS_FOLDER = "score"
"""Below the data folder; remembers which round of a file is the present one."""

OVERTAKEN = (
    "This file was last scored under another mapping: its leads are replaced, and all rows are"
    " analysed anew."
)

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
PLACE = click.Path(path_type=Path)


@click.command("score", epilog=EPILOG)
@click.argument("file", type=FILE)
@click.option("--out", type=PLACE, help="Where the results go; default beside FILE.")
@click.option(
    "--format",
    "out_format",
    type=click.Choice([one.value for one in FileFormat]),
    help="Format of the results; default by the name of --out, else that of FILE.",
)
@click.option(
    "--map",
    "named",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="Which field a column is, such as Mail=contact.email; COLUMN=- leaves it out.",
)
@click.option("--address", help="Service to use; default that of the settings, else a new one.")
@click.option("--rejects", type=PLACE, help="Where rows go that are no leads; default beside FILE.")
@click.option("--encoding", help="Encoding of a text file, such as cp1252; default UTF-8.")
@click.option("--country", help="Country of rows that name none, such as DE.")
@click.option("--limit", type=click.IntRange(1), help="Only so many rows from the beginning.")
@click.option("--again", is_flag=True, help="Analyse anew, and pay anew, what is analysed already.")
@click.option("--dry-run", is_flag=True, help="Show the mapping and check the rows; send nothing.")
@json_option
def score_command(
    *, again: bool, dry_run: bool, as_json: bool, address: str | None, **order: Any
) -> None:
    """Score a file of leads: CSV, JSON Lines or Parquet.

    Columns are matched to a lead's fields by their names; the match is shown before anything is
    sent. Each row becomes a stored task of low priority: the same command again goes on where a
    run was stopped or killed, and pays for no row twice. Uses a running service, or starts one on
    this machine for the length of the run.
    """
    voice = speaker()
    settings = load_settings()
    plan = make_plan(_order(countries=settings.scoring.profile.countries_for, **order))
    show_mapping(voice, plan)
    if dry_run:
        tally = rehearse(plan)
        show_rehearsal(voice, plan, tally)
        told = document(plan, tally, 0.0, dry_run=True)
    else:
        if plan.first_reject is not None:
            reject_all(plan)
            raise plan.no_lead()
        told = _score(plan, settings, address, again=again)
    if as_json:
        print_json(told)


def _order(*, out_format: str | None, **given: Any) -> Order:
    return Order(out_format=FileFormat(out_format) if out_format else None, **given)


def _score(plan: Plan, settings: Settings, address: str | None, *, again: bool) -> dict[str, Any]:
    """Run the plan; return the summary's document."""
    voice = speaker()
    folder = settings.data_folder / ROUNDS_FOLDER
    book = RunBook(folder, plan.survey.digest, plan.mapping_digest)
    overtaken = book.is_overtaken()
    current = next_round(book.present(), again=again, overtaken=overtaken)
    if overtaken:
        voice.print(OVERTAKEN, soft_wrap=True)
    key = run_key(plan.survey.digest, plan.mapping_digest, current.number)
    with (
        terminable(),
        plan.outputs() as outputs,
        service_for(address, settings, voice) as serving,
    ):
        book.begin(current)
        began_s = time.monotonic()
        tally = _run(plan, outputs, Place(serving, key, key=caller_key()), voice)
        seconds = time.monotonic() - began_s
    book.keep(Round(current.number, finished=True))
    show_summary(voice, plan, tally, seconds)
    kept = plan.rejects if tally.rejected or plan.order.rejects else None
    return document(
        plan,
        tally,
        seconds,
        address=serving,
        round=current.number,
        out=str(plan.out),
        rejects=None if kept is None else str(kept),
    )


def _run(plan: Plan, outputs: Outputs, place: Place, voice: Console) -> Tally:
    try:
        with watcher_on(voice, time.monotonic()) as watcher:
            return asyncio.run(score(plan, outputs, place=place, watcher=watcher))
    except KeyboardInterrupt:
        voice.print(
            "Stopped. What was sent stays stored: the same command again goes on from here,"
            " and pays for no row twice.",
            soft_wrap=True,
        )
        raise


@contextmanager
def service_for(address: str | None, settings: Settings, voice: Console) -> Iterator[str]:
    """Give the address of a service that is ready: the named one, a running one, or our own.

    Raises:
        UnavailableError: The named or running service does not become ready.
        ConfigurationError: Our own cannot start.
    """
    named = address.rstrip("/") if address else address_of(settings.http)
    if address or serves_ours(named):
        wait_until_ready(named)
        voice.print(f"Using the service at {named}.", soft_wrap=True)
        yield named
        return
    port = free_port(settings.http.host, settings.http.port)
    changes = {
        "http": settings.http.model_copy(update={"port": port}),
        "dashboard": DashboardSettings(enabled=False),
    }
    with ExitStack() as stack:
        with show_starting(voice, time.monotonic):
            running = stack.enter_context(local_service(settings.model_copy(update=changes)))
        yield running.address


def serves_ours(address: str) -> bool:
    """Tell whether a GardenOS service answers at an address, ready or not."""
    try:
        with ServiceClient(address) as service:
            return "agents" in service.ready()
    except (UnavailableError, GardenosError):
        return False
