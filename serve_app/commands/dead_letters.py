"""``gardenos dead-letters``: tasks that ended without a result, and their replay."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import click
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from domain.failures import FAILURES
from serve_app.client import RefusedError, ServiceClient
from serve_app.commands.options import (
    address_from,
    json_option,
    print_json,
    printer,
    speaker,
    url_option,
)
from serve_app.exit_codes import EPILOG, ExitCode
from serve_app.tables import shortened
from serve_app.times import local_time

PATH = "/v1/dead-letters"
STATES = ("dead", "failed", "expired")
STEP = 500
"""Tasks that one request replays."""

Json = Mapping[str, Any]
CommandT = TypeVar("CommandT", bound=Callable[..., Any])

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])


def choice_options(command: CommandT) -> CommandT:
    """Add the options that choose dead letters by what they have in common."""
    options = (
        click.option("--state", type=click.Choice(STATES)),
        click.option("--kind", metavar="KIND", help="Only of this kind of agent."),
        click.option("--code", metavar="CODE", help="First word of the error, such as poison."),
        click.option("--lead", "lead_id", metavar="LEAD_ID", help="Only about this lead."),
        click.option("--since", type=MOMENT, help="Ended then or later; UTC where no zone is."),
        click.option("--until", type=MOMENT, help="Ended before; UTC where no zone is."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group("dead-letters", epilog=EPILOG)
def dead_letters() -> None:
    """Find tasks that ended without a result, see why, and queue them again.

    Dead tasks used up their attempts or killed the process that ran them; failed ones met a fault
    that another attempt would meet again; expired ones came too late. Needs a running service.
    """


@dead_letters.command("list", epilog=EPILOG)
@choice_options
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@url_option
@json_option
def list_letters(*, limit: int, url: str | None, as_json: bool, **chosen: Any) -> None:
    """Show dead letters, newest first."""
    with ServiceClient(address_from(url)) as service:
        page = service.get(PATH, {**wanted(chosen), "limit": limit})
    if as_json:
        print_json(page)
    elif page["items"]:
        printer().print(letter_table(page["items"]))
    else:
        printer().print("No dead letters.")


@dead_letters.command("show", epilog=EPILOG)
@click.argument("task_id", metavar="ID", type=click.UUID)
@url_option
@json_option
def show(*, task_id: UUID, url: str | None, as_json: bool) -> None:
    """Show one task with every attempt, and what its error means."""
    with ServiceClient(address_from(url)) as service:
        task = service.get(f"/v1/tasks/{task_id}")
    if as_json:
        print_json(task)
        return
    printer().print(attempt_table(task))
    code = code_of(task)
    if code in FAILURES:
        printer().print(Text(f"{code}: {FAILURES[code].why}"))


@dead_letters.command("replay", epilog=EPILOG)
@click.argument("task_ids", metavar="[ID]...", nargs=-1, type=click.UUID)
@click.option("--all", "every", is_flag=True, help="All that match the options below.")
@choice_options
@click.option("--deadline-ms", type=click.IntRange(1), help="New deadline from now; else none.")
@click.option("--dry-run", is_flag=True, help="Say which, and replay none (at most 1000).")
@url_option
@json_option
def replay(
    *,
    task_ids: tuple[UUID, ...],
    every: bool,
    deadline_ms: int | None,
    dry_run: bool,
    url: str | None,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Queue dead letters again: the named ones, or with --all those that match.

    A task keeps its id and its attempts so far, and gets new ones. What dies again while --all
    runs is not taken twice.
    """
    choice = wanted(chosen)
    if bool(task_ids) == every:
        raise click.UsageError("name tasks, or give --all with what they have in common")
    if task_ids and (choice or dry_run):
        raise click.UsageError("named tasks are replayed as named: no other options choose them")
    asked = {} if deadline_ms is None else {"deadline_ms": deadline_ms}
    with ServiceClient(address_from(url)) as service:
        if task_ids:
            done, refused = replay_named(service, task_ids, asked)
        else:
            done, refused = replay_all(service, {**choice, **asked}, dry_run=dry_run), []
    if as_json:
        print_json({"dry_run": dry_run, "replayed": done, "refused": refused})
        return ExitCode.REFUSED if refused else ExitCode.DONE
    for one in refused:
        speaker().print(Text(f"{one['task_id']}: {one['detail']}"))
    verb = "would be queued again" if dry_run else "queued again"
    printer().print(f"{len(done)} {'task' if len(done) == 1 else 'tasks'} {verb}.")
    return ExitCode.REFUSED if refused else ExitCode.DONE


def wanted(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was chosen as the API takes it."""
    return {
        name: _zoned(value).isoformat() if isinstance(value, datetime) else value
        for name, value in chosen.items()
        if value is not None
    }


def _zoned(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def replay_named(
    service: ServiceClient, task_ids: Sequence[UUID], asked: Json
) -> tuple[list[str], list[dict[str, str]]]:
    """Replay tasks one by one; return those done, and those refused with the reason."""
    done, refused = [], []
    for task_id in task_ids:
        try:
            service.post(f"/v1/tasks/{task_id}/replay", asked)
        except RefusedError as error:
            refused.append({"task_id": str(task_id), "detail": str(error)})
        else:
            done.append(str(task_id))
    return done, refused


def replay_all(service: ServiceClient, choice: Json, *, dry_run: bool) -> list[str]:
    """Replay everything that matches and ended before now; return which, and show how many."""
    asked = {"until": datetime.now(UTC).isoformat(), **choice}
    if dry_run:
        found = service.post(f"{PATH}/replay", {**asked, "dry_run": True, "limit": 1000})
        return [task["task_id"] for task in found["tasks"]]
    done: list[str] = []
    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} queued again"))
    with Progress(*columns, console=speaker(), transient=True) as progress:
        bar = progress.add_task("replay", total=None)
        has_more = True
        while has_more:
            answer = service.post(f"{PATH}/replay", {**asked, "limit": STEP})
            done += [task["task_id"] for task in answer["tasks"]]
            progress.update(bar, completed=len(done))
            has_more = bool(answer["has_more"])
    return done


def code_of(task: Json) -> str:
    """Return the first word of a task's error."""
    return str(task.get("error") or "").partition(":")[0]


def letter_table(tasks: Sequence[Json]) -> Table:
    """Return a table of dead letters."""
    table = Table(title="Dead letters", title_justify="left", show_lines=True, expand=False)
    table.add_column("Task", no_wrap=True)
    table.add_column("Ended", overflow="fold", min_width=10)
    table.add_column("Why", overflow="fold", min_width=18, max_width=60)
    for task in tasks:
        about = task["lead_id"] or "no lead"
        table.add_row(
            Text(f"{task['task_id']}\n{task['kind']}, {about}"),
            Text(f"{local_time(task['finished_at'])}\n{task['state']}"),
            Text(shortened(task["error"] or "no reason was kept")),
        )
    return table


def attempt_table(task: Json) -> Table:
    """Return a table of a task's attempts, oldest first."""
    title = f"{task['kind']} {task['task_id']}: {task['state']}"
    table = Table(title=Text(title), title_justify="left", show_lines=True, expand=False)
    table.add_column("Attempt", justify="right")
    table.add_column("Ended", overflow="fold")
    table.add_column("Went to", overflow="fold")
    table.add_column("Why", overflow="fold", max_width=60)
    for one in task.get("attempts") or ():
        fell = f"{one['state']}, a process died" if one["crashed"] else one["state"]
        table.add_row(
            str(one["attempt"]),
            Text(local_time(one["ended_at"])),
            Text(fell),
            Text(one["error"] or ""),
        )
    return table
