"""``gardenos follow-ups``: drafts for leads, and a person's word on each."""

from enum import StrEnum
from typing import Any, TextIO
from uuid import UUID

import click

from domain.errors import InvalidInputError
from domain.follow_up import DraftState, Language, Stage, Tone
from domain.lead import Channel
from serve_app.client import ServiceClient
from serve_app.commands.options import address_from, json_option, print_json, printer, url_option
from serve_app.draft_tables import draft_table, next_words, whole_draft, words
from serve_app.exit_codes import EPILOG

PATH = "/v1/follow-ups"
EVERY = "all"
MAX_TEXT_CHARACTERS = 100_000
"""Read of a file at most; the service refuses far less."""


def values(names: type[StrEnum]) -> list[str]:
    """Return the values of an enumeration: click itself would offer the names of its members."""
    return [one.value for one in names]


by_option = click.option("--by", required=True, metavar="NAME", help="Who decides; it is kept.")
seen_option = click.option(
    "--version",
    type=click.IntRange(1),
    help="The version you saw; refused where the draft has changed since.",
)
id_argument = click.argument("follow_up_id", metavar="ID", type=click.UUID)


@click.group("follow-ups", epilog=EPILOG)
def follow_ups() -> None:
    """Draft messages to leads, and approve, reject or edit them.

    Nothing is sent: a draft waits until a person approves it, and what was approved, by whom and
    when is kept with every edit. Needs a running service (gardenos serve, gardenos demo).
    """


@follow_ups.command("list", epilog=EPILOG)
@click.option(
    "--state",
    type=click.Choice([*values(DraftState), EVERY]),
    default=DraftState.AWAITING_APPROVAL.value,
    show_default=True,
)
@click.option("--lead", "lead_id", metavar="LEAD_ID", help="Only drafts for this lead.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@url_option
@json_option
def list_drafts(
    *, state: str, lead_id: str | None, limit: int, url: str | None, as_json: bool
) -> None:
    """Show the drafts that wait for a person, newest first."""
    wanted: dict[str, Any] = {"limit": limit}
    if state != EVERY:
        wanted["state"] = state
    if lead_id is not None:
        wanted["lead_id"] = lead_id
    with ServiceClient(address_from(url)) as service:
        page = service.get(PATH, wanted)
    if as_json:
        print_json(page)
    elif page["items"]:
        printer().print(draft_table(page["items"], title=f"Drafts, {words(state)}"))
    else:
        printer().print("No drafts.")


@follow_ups.command("draft", epilog=EPILOG)
@click.argument("lead_id", metavar="LEAD_ID")
@click.option("--channel", type=click.Choice(values(Channel)), help="Default: the best open one.")
@click.option("--stage", type=click.Choice(values(Stage)), help="Default: first_reply.")
@click.option("--tone", type=click.Choice(values(Tone)), help="Default: as the lead writes.")
@click.option("--language", type=click.Choice(values(Language)), help="Default: the lead's.")
@url_option
@json_option
def draft(*, lead_id: str, url: str | None, as_json: bool, **chosen: str | None) -> None:
    """Draft a message to a stored lead and show it.

    Refused where the person closed the channel, or where the lead is disqualified.
    """
    asked = {name: value for name, value in chosen.items() if value is not None}
    with ServiceClient(address_from(url)) as service:
        show_record(service.post(PATH, {"lead_id": lead_id, **asked}), as_json=as_json)


@follow_ups.command("show", epilog=EPILOG)
@id_argument
@url_option
@json_option
def show(*, follow_up_id: UUID, url: str | None, as_json: bool) -> None:
    """Show a draft whole: its text, what the checks saw, what people did."""
    with ServiceClient(address_from(url)) as service:
        show_record(service.get(f"{PATH}/{follow_up_id}"), as_json=as_json)


@follow_ups.command("approve", epilog=EPILOG)
@id_argument
@by_option
@seen_option
@click.option("--reason", help="Kept with the approval.")
@click.option(
    "--despite-findings", is_flag=True, help="Approve although the checks saw something blocking."
)
@url_option
@json_option
def approve(*, follow_up_id: UUID, url: str | None, as_json: bool, **word: Any) -> None:
    """Approve a draft's text as it stands; final.

    Refused where the person closed the channel since, and where the checks saw something blocking
    that you do not mention.
    """
    say(follow_up_id, "approve", word, url=url, as_json=as_json)


@follow_ups.command("reject", epilog=EPILOG)
@id_argument
@by_option
@click.option("--reason", required=True, help="Kept with the rejection.")
@seen_option
@url_option
@json_option
def reject(*, follow_up_id: UUID, url: str | None, as_json: bool, **word: Any) -> None:
    """Reject a draft, with the reason; final."""
    say(follow_up_id, "reject", word, url=url, as_json=as_json)


@follow_ups.command("edit", epilog=EPILOG)
@id_argument
@by_option
@click.option("--body", help="The new text.")
@click.option(
    "--file",
    "source",
    type=click.File("r", encoding="utf-8"),
    help="File that holds the new text; - reads standard input.",
)
@click.option("--subject", help="The new subject of an e-mail; it stays where this is absent.")
@seen_option
@url_option
@json_option
def edit(
    *,
    follow_up_id: UUID,
    body: str | None,
    source: TextIO | None,
    url: str | None,
    as_json: bool,
    **word: Any,
) -> None:
    """Change a draft's text; the text before is kept, and the checks look again."""
    say(follow_up_id, "edit", {**word, "body": text_from(body, source)}, url=url, as_json=as_json)


def text_from(body: str | None, source: TextIO | None) -> str:
    """Return the text that one of the two options gives.

    Raises:
        click.UsageError: Both or neither are given.
        InvalidInputError: The file is no text in UTF-8.
    """
    if (body is None) == (source is None):
        raise click.UsageError("give the text by --body or by --file, one of them")
    if source is None:
        return body or ""
    try:
        return source.read(MAX_TEXT_CHARACTERS).rstrip("\n")
    except UnicodeDecodeError as error:
        raise InvalidInputError("--file", f"{source.name}", "text in UTF-8") from error


def say(
    follow_up_id: UUID, verb: str, word: dict[str, Any], *, url: str | None, as_json: bool
) -> None:
    """Post a person's word and show the draft after it."""
    body = {name: value for name, value in word.items() if value is not None}
    with ServiceClient(address_from(url)) as service:
        show_record(service.post(f"{PATH}/{follow_up_id}/{verb}", body), as_json=as_json)


def show_record(record: dict[str, Any], *, as_json: bool) -> None:
    """Print a draft as JSON, or whole for people with how to go on."""
    if as_json:
        print_json(record)
        return
    console = printer()
    console.print(whole_draft(record))
    if told := next_words(record):
        console.print(told, markup=False, soft_wrap=True)
