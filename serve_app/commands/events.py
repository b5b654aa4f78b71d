"""``gardenos events``: what happens to tasks, as lines."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from domain.events import OLDEST_WORD, EventType
from serve_app.client import ServiceClient
from serve_app.commands.options import address_from, printer, speaker, teller, url_option
from serve_app.event_reader import EventReader, ReadEvent, StreamText
from serve_app.exit_codes import EPILOG


@click.command(epilog=EPILOG)
@click.option("--task", "task_id", metavar="ID", type=click.UUID, help="Of this task alone.")
@click.option(
    "--follow", is_flag=True, help="Go on with what happens from now on; a task until its end."
)
@click.option("--since", metavar="EVENT_ID", help="After this event; the last word of each line.")
@click.option(
    "--type",
    "types",
    metavar="TYPE",
    multiple=True,
    type=click.Choice([one.value for one in EventType]),
    help="Only these, such as task.dead; may be given again.",
)
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only of this kind of agent.")
@click.option(
    "--retry-for",
    "retry_for_s",
    metavar="SECONDS",
    type=click.FloatRange(0, 86_400),
    default=300.0,
    show_default=True,
    help="Give up after so many seconds without a word of the service.",
)
@url_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, no more.")
def events(
    *,
    task_id: UUID | None,
    follow: bool,
    since: str | None,
    url: str | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    r"""Show what happened to tasks: time, event, task, kind, attempt, failure, and the event's id.

    Ends when all that is kept has been told. With --follow it starts at present and goes on; a
    stream that is cut is resumed after its last event, so that each is told once. With --task it
    starts at the task's first event, and --follow ends with the task.

    An event `reset` says that the id given by --since is too old, or of a database before a
    fail-over: some events may be missing, so read the tasks anew.

    \b
    gardenos events --follow --type task.dead --type task.failed
    gardenos events --task ID --follow && gardenos dead-letters show ID
    """
    types, kinds = list(chosen["types"]), list(chosen["kinds"])
    if task_id is not None and kinds:
        raise click.UsageError("a task has one kind: leave --kind out, or --task")
    start = since
    if start is None and not follow and task_id is None:
        start = OLDEST_WORD
    path = "/v1/events" if task_id is None else f"/v1/tasks/{task_id}/events"
    params = {} if task_id is not None else {"type": types, "kind": kinds}
    with ServiceClient(address_from(url)) as service:
        text = StreamText(start)
        reader = EventReader(service, path, params, follow, chosen["retry_for_s"], text)
        try:
            _print_all(reader, frozenset(types), as_json=as_json)
        except KeyboardInterrupt:
            _say_where_to_go_on(text)
            raise


def _print_all(reader: EventReader, types: frozenset[str], *, as_json: bool) -> None:
    tell, warn = teller(printer()), teller(speaker())
    for event in reader.events():
        if types and event.type not in types and not event.is_reset:
            continue
        if as_json:
            click.echo(json.dumps({"type": event.type, "id": event.id, **event.data}))
        elif event.is_reset:
            warn(f"events may be missing here ({event.data.get('reason')}): read the tasks anew")
        else:
            tell(line_of(event))


def line_of(event: ReadEvent) -> str:
    """Return an event as a line for people; its id is the last word."""
    data = event.data
    at = datetime.fromisoformat(data["at"]).astimezone()
    fault = f"  {data['error_code']}" if data.get("error_code") else ""
    return (
        f"{at:%Y-%m-%d %H:%M:%S %Z}  {event.type:<14}  {data['task_id']}  {data['kind']}"
        f"  attempt {data['attempt']}{fault}  {event.id}"
    )


def _say_where_to_go_on(text: StreamText) -> None:
    if text.last_id is not None:
        teller(speaker())(f"go on with --since {text.last_id}")
