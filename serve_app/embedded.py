"""The database of a local start: the one that is named, or an embedded server of our own."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import ConfigurationError, DatabaseUnavailableError
from postgres import migrate
from postgres.embedded import running_dsn, start_embedded
from serve_app.settings import DATABASE_URL_VARIABLE, Settings, database_url, migration_url

MIGRATE_LIMIT_S = 120.0
"""Longest wait for the first connection and all migrations of a local start together."""


@contextmanager
def local_database(settings: Settings, *, share: bool = False) -> Iterator[str]:
    """Give the address of the database for the length of a ``with``.

    Where the settings refer to none, start an embedded server in ``data_folder`` and put its
    address into the environment, so that every process started from here finds it by reference.

    Args:
        settings: Say where the database is, and in which folder an embedded one lives.
        share: Use the embedded server of another process, where one runs on the folder; it goes
            away with that process.

    Raises:
        ConfigurationError: The folder cannot be used, or only an address for migrations is named.
        DatabaseUnavailableError: The embedded server did not start.
    """
    named = database_url(settings.database)
    if named is not None:
        yield named
        return
    if migration_url(settings.database) is not None:
        raise ConfigurationError(
            settings.database.migration_url_variable or "migration_url_file",
            "<hidden>, and no database is named for the application",
            f"{DATABASE_URL_VARIABLE} beside it, or neither for the embedded database",
        )
    folder = settings.data_folder / "postgres"
    running = running_dsn(folder) if share else None
    if running is not None:
        yield running
        return
    variable = settings.database.url_variable or DATABASE_URL_VARIABLE
    with start_embedded(folder) as server:
        os.environ[variable] = server.dsn
        try:
            yield server.dsn
        finally:
            os.environ.pop(variable, None)


def migrate_database(url: str, settings: Settings) -> tuple[str, ...]:
    """Bring the database's tables to this version; return the names of what was applied.

    Over the address for migrations where the settings name one, else over ``url``.

    Raises:
        ConfigurationError: The address is none, or the database is of another version.
        DatabaseUnavailableError: The database does not answer.
    """

    async def bounded() -> tuple[str, ...]:
        async with asyncio.timeout(MIGRATE_LIMIT_S):
            return await migrate.migrate(migration_url(settings.database) or url, settings.database)

    try:
        return asyncio.run(bounded())
    except TimeoutError as error:
        raise DatabaseUnavailableError("the database does not answer", 5.0) from error
