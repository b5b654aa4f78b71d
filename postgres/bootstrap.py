"""Make a cluster ours: roles, database, extensions, schemas, grants and row-level security.

Everything is asked for before it is changed, so a second run changes nothing and takes no lock on
a table. The statements stand in ``sql/cluster/``; passwords never do, see :mod:`postgres.scram`.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from domain.errors import ConfigurationError
from postgres import scram
from postgres.failures import DRIVER_ERRORS, configuration_error, translated
from postgres.migrate import secure_tables, take_lock
from postgres.pool import connect_once
from postgres.queries import load_cluster
from postgres.settings import DatabaseSettings

logger = logging.getLogger(__name__)

OWNER = "gardenos_owner"
APPLICATION = "gardenos_app"
DRILL = "gardenos_drill"
DATABASE = "gardenos"
DRILL_DATABASE = "postgres"
WITH_PASSWORD = (
    *(OWNER, APPLICATION, DRILL),
    *("authenticator", "supabase_auth_admin", "supabase_storage_admin"),
)
"""Roles that log in; of each, a file of that name may hold the password."""

EXTENSIONS = ("pgcrypto", "uuid-ossp", "pg_stat_statements")
"""What Supabase's services use, and what tells slow statements."""

SALT_BYTES = 16
BOOTSTRAP_LIMIT_S = 120.0
MOST_PASSWORD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class BootstrapOptions:
    """What to make.

    Attributes:
        database: Name of our database.
        extensions: Names of extensions; what the server does not bring is reported, not refused.
        password_folder: Holds a file for each role that logs in, named like it: its password or
            its verifier, in one line. A role without a file keeps what it has. None sets none.
    """

    database: str = DATABASE
    extensions: tuple[str, ...] = EXTENSIONS
    password_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class BootstrapReport:
    """What was done.

    Attributes:
        database_created: Whether the database is new.
        passwords_set: Roles whose password differed from the file's.
        passwords_missing: Roles that log in and have no password now.
        extensions_missing: Extensions that the server does not bring.
    """

    database_created: bool
    passwords_set: tuple[str, ...]
    passwords_missing: tuple[str, ...]
    extensions_missing: tuple[str, ...]


async def bootstrap(
    url: str, settings: DatabaseSettings, options: BootstrapOptions = BootstrapOptions()
) -> BootstrapReport:
    """Make the cluster ours; safe to repeat, beside an application, a migration and itself.

    Args:
        url: Address of the primary for a superuser; a secret. Its database is used for what
            belongs to no database.
        settings: Time limits.
        options: What to make.

    Raises:
        ConfigurationError: The login is refused or no superuser's, or a password's file is none.
        DatabaseUnavailableError: The server does not answer, or a table is held by somebody.
    """
    passwords = read_passwords(options.password_folder)
    patient = settings.model_copy(
        update={
            "command_limit_s": BOOTSTRAP_LIMIT_S,
            "transaction_limit_s": BOOTSTRAP_LIMIT_S,
            "idle_in_transaction_limit_s": BOOTSTRAP_LIMIT_S,
        }
    )
    try:
        connection = await connect_once(url, patient)
        try:
            await take_lock(connection)
            return await make_cluster(connection, url, patient, options=options, known=passwords)
        finally:
            await connection.close(timeout=settings.connect_limit_s)
    except (*DRIVER_ERRORS, ValueError) as error:
        ours = configuration_error(error, "admin_url") or translated(error)
        if ours is None:
            raise
        raise ours from error


async def make_cluster(
    connection: "asyncpg.Connection[asyncpg.Record]",
    url: str,
    settings: DatabaseSettings,
    *,
    options: BootstrapOptions,
    known: Mapping[str, str],
) -> BootstrapReport:
    """Make what belongs to the server, then what belongs to our database; holds the lock."""
    if not await connection.fetchval(load_cluster("is_superuser")):
        raise ConfigurationError(
            "admin_url", "<hidden>, whose role is no superuser", "the URL of a superuser"
        )
    await connection.execute(load_cluster("quiet"))
    async with connection.transaction():
        await connection.execute(load_cluster("roles"))
    passwords_set, passwords_missing = await set_passwords(connection, known)
    created = not await connection.fetchval(load_cluster("database_exists"), options.database)
    if created:
        await connection.execute(await formatted(connection, "database_create", options.database))
    inner = await connect_once(url, settings, database=options.database)
    try:
        # The lock is of a database: a migration holds this one, and replaces functions as we do.
        await take_lock(inner)
        missing = await make_schemas(inner, options.extensions)
        async with inner.transaction():
            await inner.execute(f"set local role {OWNER}")
            await secure_tables(inner)
    finally:
        await inner.close(timeout=settings.connect_limit_s)
    first = await connect_once(url, settings, database=DRILL_DATABASE)
    try:
        await first.execute(load_cluster("drill_rights"))
    finally:
        await first.close(timeout=settings.connect_limit_s)
    logger.info("cluster_bootstrapped", extra={"database_created": created})
    return BootstrapReport(created, passwords_set, passwords_missing, missing)


async def make_schemas(
    connection: "asyncpg.Connection[asyncpg.Record]", extensions: tuple[str, ...]
) -> tuple[str, ...]:
    """Make schemas and extensions in our database; return the extensions that are not there."""
    names = list(extensions)
    missing = await connection.fetch(load_cluster("extensions_missing"), names)
    async with connection.transaction():
        await connection.execute(
            "select set_config('gardenos.extensions', $1, true)", ",".join(names)
        )
        await connection.execute(load_cluster("schemas"))
    return tuple(row["name"] for row in missing)


async def set_passwords(
    connection: "asyncpg.Connection[asyncpg.Record]", known: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Set what differs; return the roles it was set for, and those that have none."""
    changed, missing = [], []
    for role in WITH_PASSWORD:
        stored = await connection.fetchval(load_cluster("password_now"), role)
        password = known.get(role)
        if password is None:
            missing += [] if stored else [role]
        elif not scram.fits(stored, password):
            verifier = password
            if not scram.is_verifier(password):
                verifier = scram.make_verifier(password, os.urandom(SALT_BYTES))
            await connection.execute(await formatted(connection, "password_set", role, verifier))
            changed.append(role)
    return tuple(changed), tuple(missing)


async def formatted(
    connection: "asyncpg.Connection[asyncpg.Record]", name: str, first: str, second: str = ""
) -> str:
    """Return a statement with names filled in, quoted by the server itself."""
    text = await connection.fetchval(
        load_cluster("format"), load_cluster(name).strip(), first, second
    )
    return str(text)


def read_passwords(folder: Path | None) -> Mapping[str, str]:
    """Return the password of each role that has a file; secrets.

    Raises:
        ConfigurationError: A file is empty, too long, no text or cannot be read.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise ConfigurationError("password_folder", str(folder), "a folder")
    found = {}
    for role in WITH_PASSWORD:
        file = folder / role
        if not file.exists():
            continue
        try:
            text = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                "password_folder", f"{file}, which cannot be read", "a readable file"
            ) from error
        if not text or len(text.encode()) > MOST_PASSWORD_BYTES or "\n" in text or "\0" in text:
            allowed = f"one line of at most {MOST_PASSWORD_BYTES} bytes"
            raise ConfigurationError("password_folder", f"{file} <hidden>", allowed)
        found[role] = text
    return found
