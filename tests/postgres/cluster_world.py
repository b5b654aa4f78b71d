"""A server that was made ours: roles with passwords, a migrated database, rows of two tenants."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from postgres.bootstrap import (
    APPLICATION,
    DRILL,
    OWNER,
    BootstrapOptions,
    BootstrapReport,
    bootstrap,
)
from postgres.embedded import EmbeddedOptions, EmbeddedServer, start_embedded
from postgres.migrate import MIGRATIONS, migrate
from tests.database import NOT_DURABLE, SETTINGS, UNVISITED

DATABASE = "our_own"
"""Not the embedded server's own, which is there from the start."""

PASSWORDS = {
    OWNER: "owner's",
    APPLICATION: "pässwörd\u00ad²",
    DRILL: "drill's",
    "authenticator": "authenticator's",
    "supabase_auth_admin": "auth's",
    "supabase_storage_admin": "storage's",
}
HBA = "local all postgres trust\nlocal all all scram-sha-256\n"
EXTENSIONS = ("vector", "none_such")
"""One that the wheel's server brings, and one that nobody does."""


@dataclass(frozen=True)
class Cluster:
    """A server with passwords; the folder holds a file for each."""

    server: EmbeddedServer
    passwords: Path

    @property
    def admin(self) -> str:
        """Return the superuser's address."""
        return self.server.superuser_dsn

    @property
    def options(self) -> BootstrapOptions:
        """Return what to make."""
        return BootstrapOptions(DATABASE, extensions=EXTENSIONS, password_folder=self.passwords)

    def url(self, role: str, *, database: str = DATABASE, password: str | None = None) -> str:
        """Return a role's address, with its password."""
        secret = quote(PASSWORDS[role] if password is None else password, safe="")
        host = quote(str(self.server.run_folder), safe="")
        return f"postgresql://{role}:{secret}@/{database}?host={host}"

    async def bootstrap(self) -> BootstrapReport:
        """Make it ours."""
        return await bootstrap(self.admin, SETTINGS, self.options)

    async def admin_in(self, database: str = DATABASE) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a superuser's connection into a database."""
        return await asyncpg.connect(self.admin, database=database)


def start_cluster(folder: Path) -> Cluster:
    """Start a server that asks everybody but its superuser for a password."""
    passwords = folder / "passwords"
    passwords.mkdir(parents=True)
    folder.chmod(0o711)
    for role, password in PASSWORDS.items():
        (passwords / role).write_text(f"{password}\n", encoding="utf-8")
    hba = folder / "hba.conf"
    hba.write_text(HBA)
    settings = {
        **(NOT_DURABLE | UNVISITED),
        "hba_file": str(hba),
        "log_statement": "all",
        "log_min_duration_statement": "0",
    }
    server = start_embedded(folder / "postgres", EmbeddedOptions(server_settings=settings))
    return Cluster(server, passwords)


async def made_ours(folder: Path) -> AsyncIterator[Cluster]:
    """Give a cluster that was bootstrapped, migrated by its owner and bootstrapped again."""
    cluster = start_cluster(folder)
    with cluster.server:
        await cluster.bootstrap()
        assert len(await migrate(cluster.url(OWNER), SETTINGS)) == len(MIGRATIONS)
        yield cluster


def claims(tenant_id: object) -> str:
    """Return what PostgREST puts into its setting for a token of a tenant."""
    return json.dumps({"role": "authenticated", "app_metadata": {"tenant_id": tenant_id}})
