"""``gardenos leads``: whom to call first, why, and by when."""

import click

from serve_app.client import ServiceClient
from serve_app.commands.options import address_from, json_option, print_json, printer, url_option
from serve_app.exit_codes import EPILOG
from serve_app.tables import lead_table


@click.command(epilog=EPILOG)
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--grade", type=click.Choice(["A", "B", "C", "D"]), help="Only this grade.")
@click.option("--all", "every", is_flag=True, help="Newest first, with those nobody should call.")
@url_option
@json_option
def leads(*, limit: int, grade: str | None, every: bool, url: str | None, as_json: bool) -> None:
    """Show whom to call first, why, and by when."""
    wanted = {"sort": "newest" if every else "call_first", "limit": limit}
    if grade is not None:
        wanted["grade"] = grade
    with ServiceClient(address_from(url)) as service:
        page = service.get("/v1/leads", wanted)
    if as_json:
        print_json(page)
    elif page["items"]:
        printer().print(lead_table(page["items"], title="Leads" if every else "Call first"))
    else:
        printer().print("No leads.")
