"""``gardenos tenants``: how much of each claim a tenant may take beside others."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import click
from rich.table import Table
from rich.text import Text

from domain.ids import TenantId
from domain.ports import TenantStore
from postgres.pool import open_database
from postgres.tenant_store import PostgresTenantStore
from serve_app.commands.keys import read_tenant_option
from serve_app.commands.options import json_option, print_json, printer
from serve_app.embedded import local_database, migrate_database
from serve_app.exit_codes import EPILOG
from serve_app.settings import Settings, load_settings

ResultT = TypeVar("ResultT")

MAX_WEIGHT = 100


@click.group(epilog=EPILOG)
def tenants() -> None:
    """Say how tenants share what the agents can take; needs the database, not the service.

    Tasks are claimed round robin over the tenants that have some. A tenant of weight 3 takes three
    in a round where one of weight 1 takes one. Orchestrators obey with their next claim.
    """


@tenants.command(epilog=EPILOG)
@click.argument("tenant", callback=read_tenant_option)
@click.argument("weight", type=click.IntRange(1, MAX_WEIGHT))
@json_option
def weigh(*, tenant: TenantId, weight: int, as_json: bool) -> None:
    """Give TENANT a WEIGHT from 1 to 100; 1 is everybody's."""
    with_store(load_settings(), lambda store: store.weigh(tenant, weight))
    if as_json:
        print_json({"tenant": tenant, "weight": weight})
    else:
        printer().print(f"{tenant} has weight {weight}.", markup=False)


@tenants.command("list", epilog=EPILOG)
@json_option
def list_tenants(*, as_json: bool) -> None:
    """List the weights that were set; every other tenant has 1."""
    found = with_store(load_settings(), lambda store: store.weights())
    if as_json:
        items = [{"tenant": tenant, "weight": weight} for tenant, weight in found.items()]
        print_json({"items": items})
    else:
        printer().print(weight_table(found))


def with_store(settings: Settings, work: Callable[[TenantStore], Awaitable[ResultT]]) -> ResultT:
    """Do something with the tenants of the database, whose tables are brought to this version."""

    async def do(url: str) -> ResultT:
        async with open_database(lambda: url, settings.database) as database:
            return await work(PostgresTenantStore(database))

    with local_database(settings, share=True) as url:
        migrate_database(url, settings)
        return asyncio.run(do(url))


def weight_table(found: Mapping[TenantId, int]) -> Table:
    """Return a table of weights."""
    table = Table(title="Weights of tenants", title_justify="left", caption="All others: 1")
    table.add_column("Tenant", overflow="fold")
    table.add_column("Weight", justify="right")
    for tenant, weight in found.items():
        table.add_row(Text(tenant), str(weight))
    return table
