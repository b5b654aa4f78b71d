"""``gardenos webhooks``: who is told of events, and what became of each message."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import click
from rich.table import Table
from rich.text import Text

from domain.events import EventType
from domain.webhooks import DeliveryState
from serve_app.client import ServiceClient
from serve_app.commands.options import (
    address_from,
    json_option,
    print_json,
    printer,
    speaker,
    url_option,
)
from serve_app.exit_codes import EPILOG
from serve_app.times import local_time

PATH = "/v1/webhooks"
Json = Mapping[str, Any]

id_argument = click.argument("webhook_id", metavar="ID", type=click.UUID)
state_option = click.option("--state", type=click.Choice([one.value for one in DeliveryState]))


@click.group(epilog=EPILOG)
def webhooks() -> None:
    """Have a receiver of yours told of what happens to tasks. Needs a running service.

    Messages are signed by Standard Webhooks and sent until they are accepted, at least once. The
    secret to verify them is shown when it is made, and never again.
    """


@webhooks.command(epilog=EPILOG)
@click.argument("receiver", metavar="URL")
@click.option("--type", "types", multiple=True, type=click.Choice([one.value for one in EventType]))
@click.option("--kind", "kinds", multiple=True, help="Only tasks of this kind of agent.")
@click.option("--description", default="", help="What it is for.")
@url_option
@json_option
def create(
    *,
    receiver: str,
    types: Sequence[str],
    kinds: Sequence[str],
    description: str,
    url: str | None,
    as_json: bool,
) -> None:
    """Tell URL of events: of the ends of tasks where no --type is given."""
    asked: dict[str, Any] = {"url": receiver, "kinds": kinds, "description": description}
    with ServiceClient(address_from(url)) as service:
        made = service.post(PATH, {**asked, "types": types} if types else asked)
    _show_secret(made, as_json=as_json)


@webhooks.command(epilog=EPILOG)
@id_argument
@url_option
@json_option
def rotate(*, webhook_id: UUID, url: str | None, as_json: bool) -> None:
    """Make a new secret; the one before signs as well for a day."""
    with ServiceClient(address_from(url)) as service:
        _show_secret(service.post(f"{PATH}/{webhook_id}/rotate", {}), as_json=as_json)


@webhooks.command("list", epilog=EPILOG)
@url_option
@json_option
def list_webhooks(*, url: str | None, as_json: bool) -> None:
    """List receivers, without secrets."""
    with ServiceClient(address_from(url)) as service:
        found = service.get(PATH)
    if as_json:
        print_json(found)
    else:
        printer().print(webhook_table(found["items"]))


@webhooks.command(epilog=EPILOG)
@id_argument
@url_option
@json_option
def delete(*, webhook_id: UUID, url: str | None, as_json: bool) -> None:
    """Delete a receiver with its deliveries."""
    with ServiceClient(address_from(url)) as service:
        service.delete(f"{PATH}/{webhook_id}")
    if as_json:
        print_json({"deleted": str(webhook_id)})
    else:
        printer().print(f"{webhook_id} is deleted.")


@webhooks.command("test", epilog=EPILOG)
@id_argument
@url_option
@json_option
def send_test(*, webhook_id: UUID, url: str | None, as_json: bool) -> None:
    """Send a message that tells of no task; see what came of it with deliveries."""
    with ServiceClient(address_from(url)) as service:
        delivery = service.post(f"{PATH}/{webhook_id}/test", {})
    if as_json:
        print_json(delivery)
    else:
        printer().print(f"Queued: {delivery['delivery_id']}")


@webhooks.command(epilog=EPILOG)
@id_argument
@state_option
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@url_option
@json_option
def deliveries(
    *, webhook_id: UUID, state: str | None, limit: int, url: str | None, as_json: bool
) -> None:
    """Show what became of each message, newest first."""
    wanted = {"limit": limit} if state is None else {"limit": limit, "state": state}
    with ServiceClient(address_from(url)) as service:
        page = service.get(f"{PATH}/{webhook_id}/deliveries", wanted)
    if as_json:
        print_json(page)
    else:
        printer().print(delivery_table(page["items"]))


@webhooks.command(epilog=EPILOG)
@id_argument
@state_option
@click.option("--delivery", "delivery_id", type=click.UUID, help="This message alone.")
@url_option
@json_option
def replay(
    *,
    webhook_id: UUID,
    state: str | None,
    delivery_id: UUID | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Send finished messages again, under the ids they had (at most 1000)."""
    if state is None and delivery_id is None:
        raise click.UsageError("name a message by --delivery, or many by --state")
    asked: dict[str, Any] = {"limit": 1000}
    if state is not None:
        asked["state"] = state
    if delivery_id is not None:
        asked["delivery_id"] = str(delivery_id)
    with ServiceClient(address_from(url)) as service:
        done = service.post(f"{PATH}/{webhook_id}/deliveries/replay", asked)
    if as_json:
        print_json(done)
    else:
        printer().print(f"{done['count']} messages are sent again.")


def _show_secret(made: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    click.echo(made["secret"])
    webhook = made["webhook"]
    line = f"The secret of {webhook['webhook_id']}; it is not shown again."
    speaker().print(line, markup=False, soft_wrap=True)


def webhook_table(found: Sequence[Json]) -> Table:
    """Return a table of receivers."""
    table = Table(title="Webhooks", title_justify="left", show_lines=True)
    for column in ("Webhook", "Told of", "State"):
        table.add_column(column, overflow="fold")
    for one in found:
        state = "enabled" if one["enabled"] else one["disabled_reason"] or "disabled"
        told = ", ".join(one["types"]) + (f" of {', '.join(one['kinds'])}" if one["kinds"] else "")
        where = f"{one['webhook_id']}\n{one['url']}\n{one['description']}".rstrip()
        table.add_row(Text(where), Text(told), Text(state))
    return table


def delivery_table(found: Sequence[Json]) -> Table:
    """Return a table of deliveries."""
    table = Table(title="Deliveries", title_justify="left", show_lines=True)
    for column in ("Message", "Of", "State", "Last answer"):
        table.add_column(column, overflow="fold")
    for one in found:
        state = f"{one['state']}, {one['attempt']} sent"
        answer = one["error"] or (f"status {one['status']}" if one["status"] else "none yet")
        about = f"{one['type']}\n{one['task_id'] or 'no task'}"
        when = f"{one['delivery_id']}\n{local_time(one['occurred_at'])}"
        table.add_row(Text(when), Text(about), Text(state), Text(answer))
    return table
