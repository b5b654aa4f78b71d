"""Nothing that others wrote commands the terminal of who reads it."""

from io import StringIO

import pytest
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from serve_app.commands.options import PlainConsole
from serve_app.draft_tables import draft_table, whole_draft
from tests.serve_app.specimens import a_record

SAID = "Hello\x1b]0;owned\x07 \x1b[2J\x9b31m\r\x08\u202edegder\u202c Dana"


def printed(what: RenderableType, *, in_colour: bool = False) -> str:
    """Return what reaches the terminal."""
    file = StringIO()
    console = PlainConsole(
        file=file,
        width=140,
        force_terminal=in_colour,
        color_system="standard" if in_colour else None,
    )
    console.print(what)
    return file.getvalue()


def a_cell(text: str) -> Table:
    """Return a table of one cell."""
    table = Table()
    table.add_column("Lead")
    table.add_row(Text(text))
    return table


@pytest.mark.parametrize(
    "what",
    [
        Text(SAID),
        Panel(Text(SAID)),
        a_cell(SAID),
        whole_draft(a_record(body=SAID, subject=SAID).model_dump(mode="json")),
        draft_table([a_record(subject=SAID).model_dump(mode="json")], title="Drafts"),
    ],
    ids=["text", "panel", "table", "draft", "drafts"],
)
def test_what_others_wrote_is_printed_without_commands_to_a_terminal(what: RenderableType) -> None:
    out = printed(what)
    assert "Hello]0;owned" in out
    assert "Dana" in out
    assert not set(SAID) - set("Hello]0;owned [2J31mdegder Dana") & set(out)


def test_colours_of_our_own_stay() -> None:
    assert "\x1b[31m" in printed(Text("red", style="red"), in_colour=True)
