"""``gardenos serve``: run the service on this machine until it is stopped."""

from dataclasses import asdict

import click

from serve_app.business import business_line
from serve_app.commands.options import (
    json_option,
    port_option,
    print_json,
    settings_with_port,
    speaker,
    teller,
)
from serve_app.exit_codes import EPILOG
from serve_app.local import local_service, stop_signals, terminable


@click.command(epilog=EPILOG)
@port_option
@json_option
def serve(*, port: int | None, as_json: bool) -> None:
    """Run the service on this machine until Ctrl-C.

    Uses the database that GARDENOS_DATABASE_URL names, else an embedded one.
    """
    settings = settings_with_port(port)
    voice = speaker()
    voice.print("Starting …")
    with terminable(), local_service(settings, teller(voice)) as running, stop_signals() as stop:
        if as_json:
            print_json(asdict(running))
        else:
            voice.print(f"Serving at {running.address}, docs at {running.docs}. Ctrl-C stops it.")
        voice.print(business_line(settings.scoring.profile.name, settings.writing.postal_address))
        voice.print(f"log: {running.log}; Ray at {running.ray}", soft_wrap=True, markup=False)
        stop.wait()
        voice.print("Stopping …")
