"""``gardenos keys``: make, list and revoke the keys by which callers are known."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click
from rich.table import Table
from rich.text import Text

from domain.api_keys import ApiKey, ApiKeyStore
from domain.caller import TENANT_FORM, Scope, read_tenant
from domain.errors import InvalidInputError
from domain.ids import TenantId
from postgres.key_store import PostgresKeyStore
from postgres.pool import open_database
from serve_app.auth.key_text import ID_FORM, new_key
from serve_app.commands.options import json_option, print_json, printer, speaker
from serve_app.embedded import local_database, migrate_database
from serve_app.exit_codes import EPILOG
from serve_app.settings import Settings, load_settings
from serve_app.times import local_time

ResultT = TypeVar("ResultT")

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LIFETIME = re.compile(r"([1-9][0-9]{0,6})([smhd])", re.ASCII)
MAX_LIFETIME = timedelta(days=10 * 365)
NAME_CHARACTERS = 100


@click.group(epilog=EPILOG)
def keys() -> None:
    """Make, list and revoke API keys; needs the database, not the service.

    Uses the database that GARDENOS_DATABASE_URL names, else the embedded one. The service asks for
    keys where GARDENOS_AUTH__MODE is api_key.
    """


def read_tenant_option(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> TenantId | None:
    """Return the tenant that an option names.

    Raises:
        click.BadParameter: It cannot be a tenant's name.
    """
    del ctx, parameter
    tenant_id = read_tenant(value)
    if value is not None and tenant_id is None:
        raise click.BadParameter(f"allowed: {TENANT_FORM}")
    return tenant_id


def read_lifetime(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> timedelta | None:
    """Return a lifetime such as ``90d``.

    Raises:
        click.BadParameter: It is none.
    """
    del ctx, parameter
    if value is None:
        return None
    found = LIFETIME.fullmatch(value)
    lifetime = timedelta(seconds=int(found[1]) * UNITS[found[2]]) if found else timedelta()
    if not timedelta() < lifetime <= MAX_LIFETIME:
        raise click.BadParameter(f"{value!r} is no time such as 90d, 12h, 30m or 600s")
    return lifetime


@keys.command(epilog=EPILOG)
@click.option(
    "--tenant", required=True, callback=read_tenant_option, help="Whose rows the key opens."
)
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice([str(scope) for scope in Scope]),
    help="What the key may do; give it again for more. admin grants all.",
)
@click.option("--name", default="", help="What the key is for, shown in the list.")
@click.option(
    "--expires-in",
    "lifetime",
    metavar="TIME",
    callback=read_lifetime,
    help="Time after which it opens nothing, such as 90d or 12h; default never.",
)
@json_option
def create(
    *,
    tenant: TenantId,
    scopes: Sequence[str],
    name: str,
    lifetime: timedelta | None,
    as_json: bool,
) -> None:
    """Make a key and print it: this once, since only its SHA-256 is stored."""
    if len(name) > NAME_CHARACTERS or not name.isprintable():
        allowed = f"at most {NAME_CHARACTERS} characters in one line"
        raise InvalidInputError("--name", f"{len(name)} characters", allowed)
    text, parts = new_key()
    now = datetime.now(UTC)
    key = ApiKey(
        key_id=parts.key_id,
        tenant_id=tenant,
        name=name,
        scopes=frozenset(Scope(scope) for scope in scopes),
        digest=parts.digest,
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
    )
    with_store(load_settings(), lambda store: store.add(key))
    if as_json:
        print_json({"key": text, **document_of(key, now)})
        return
    click.echo(text)
    until = f"until {local_time(key.expires_at.isoformat())}" if key.expires_at else "for ever"
    line = f"Key {key.key_id} of {tenant} may {', '.join(sorted(key.scopes))}, {until}."
    speaker().print(f"{line} It is not shown again.", markup=False, soft_wrap=True)


@keys.command("list", epilog=EPILOG)
@click.option("--tenant", callback=read_tenant_option, help="Only this tenant's keys.")
@json_option
def list_keys(*, tenant: TenantId | None, as_json: bool) -> None:
    """List keys, newest first: what they may do, until when, and when they were last used."""
    found = with_store(load_settings(), lambda store: store.list(tenant))
    now = datetime.now(UTC)
    if as_json:
        print_json({"items": [document_of(key, now) for key in found]})
    else:
        printer().print(key_table(found, now))


@keys.command(epilog=EPILOG)
@click.argument("key_id")
@json_option
def revoke(*, key_id: str, as_json: bool) -> None:
    """Revoke a key for ever, by its id; every replica obeys within seconds."""
    if not ID_FORM.fullmatch(key_id):
        got = f"{len(key_id)} characters"  # somebody may give the key itself, which is a secret
        raise InvalidInputError("KEY_ID", got, "an id of gardenos keys list; never the key itself")
    settings = load_settings()
    key = with_store(settings, lambda store: store.revoke(key_id))
    if as_json:
        now = datetime.now(UTC)
        print_json({**document_of(key, now), "obeyed_within_s": settings.auth.cache_s})
    else:
        line = f"Key {key_id} of {key.tenant_id} is revoked, everywhere within"
        printer().print(f"{line} {settings.auth.cache_s:g} s.", markup=False)


def with_store(settings: Settings, work: Callable[[ApiKeyStore], Awaitable[ResultT]]) -> ResultT:
    """Do something with the keys of the database, whose tables are brought to this version."""

    async def do(url: str) -> ResultT:
        async with open_database(lambda: url, settings.database) as database:
            return await work(PostgresKeyStore(database))

    with local_database(settings, share=True) as url:
        migrate_database(url, settings)
        return asyncio.run(do(url))


def document_of(key: ApiKey, now: datetime) -> dict[str, Any]:
    """Return what may be shown of a key, as JSON."""
    times = {
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
    return {
        "key_id": key.key_id,
        "tenant": key.tenant_id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "state": str(key.state(now)),
        **{name: time.isoformat() if time else None for name, time in times.items()},
    }


def key_table(found: Sequence[ApiKey], now: datetime) -> Table:
    """Return a table of keys."""
    table = Table(title="API keys", title_justify="left")
    for column in ("Key", "Tenant", "Scopes", "State", "Last used", "Expires", "Name"):
        table.add_column(column, overflow="fold")
    for key in found:
        used = local_time(key.last_used_at.isoformat()) if key.last_used_at else "never"
        until = local_time(key.expires_at.isoformat()) if key.expires_at else "never"
        cells = (key.key_id, key.tenant_id, " ".join(sorted(key.scopes)), str(key.state(now)))
        table.add_row(*(Text(cell) for cell in (*cells, used, until, key.name)))
    return table
