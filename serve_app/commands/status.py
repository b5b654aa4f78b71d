"""``gardenos status``: is the service ready, and what do its agents do."""

import click

from serve_app.client import ServiceClient
from serve_app.commands.options import address_from, json_option, print_json, printer, url_option
from serve_app.exit_codes import EPILOG, ExitCode
from serve_app.tables import agent_table


@click.command(epilog=EPILOG)
@url_option
@json_option
def status(*, url: str | None, as_json: bool) -> int:
    """Show whether the service is ready, and what its agents do."""
    with ServiceClient(address_from(url)) as service:
        ready = service.ready()
        agents = service.get("/v1/agents")["items"] if ready["database"] else []
    if as_json:
        print_json({"address": service.address, **ready, "pools": agents})
    else:
        word = "ready" if ready["ready"] else "not ready"
        database = "answers" if ready["database"] else "does not answer"
        printer().print(f"{service.address} is {word}; the database {database}.")
        if ready.get("business"):
            printer().print(ready["business"], markup=False)
        printer().print(agent_table(agents))
    return ExitCode.DONE if ready["ready"] else ExitCode.UNAVAILABLE
