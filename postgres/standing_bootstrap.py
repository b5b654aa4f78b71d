"""Keep a cluster ours from beside one of its members, over the socket that no network reaches.

The superuser logs in nowhere else, so what needs one runs in the member's own pod. There it waits
until the server takes writes, makes the cluster ours, and makes it ours again with the files' new
passwords, and after each promotion.
"""

import asyncio
import hashlib
import logging
from dataclasses import dataclass

import asyncpg

from domain.errors import ConfigurationError, DatabaseUnavailableError
from postgres.bootstrap import BootstrapOptions, bootstrap, read_passwords
from postgres.failures import configuration_error, translated
from postgres.queries import load_cluster
from postgres.settings import DatabaseSettings

logger = logging.getLogger(__name__)

LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class Seen:
    """The member here, and what it is to be made with.

    Attributes:
        is_writable: Whether it takes writes.
        passwords: Digest of the files' passwords.
    """

    is_writable: bool
    passwords: str


def is_due(seen: Seen, last: Seen | None) -> bool:
    """Tell whether to make the cluster ours now; pure.

    Args:
        seen: As it is.
        last: As it was when the cluster was last made ours, or last seen as a standby.
    """
    return seen.is_writable and seen != last


async def look(url: str, settings: DatabaseSettings, options: BootstrapOptions) -> Seen:
    """Return how the member here is.

    Raises:
        ConfigurationError: The login is refused, or a password's file is none.
        DatabaseUnavailableError: The server does not answer.
    """
    known = sorted(read_passwords(options.password_folder).items())
    try:
        connection = await asyncpg.connect(
            url, timeout=settings.connect_limit_s, command_timeout=settings.command_limit_s
        )
        try:
            is_writable = await connection.fetchval(load_cluster("is_writable"))
        finally:
            await connection.close(timeout=settings.connect_limit_s)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        ours = configuration_error(error, "admin_url") or translated(error)
        if ours is None:
            raise
        raise ours from error
    digest = hashlib.sha256(repr(known).encode()).hexdigest()
    return Seen(bool(is_writable), digest)


async def stay(
    url: str,
    settings: DatabaseSettings,
    options: BootstrapOptions,
    *,
    stop: asyncio.Event,
    look_s: float = LOOK_S,
) -> None:
    """Make the cluster ours whenever it is due, until told to stop; what fails is tried again.

    Args:
        url: The member's socket, for the superuser; a secret.
        settings: Time limits.
        options: What to make.
        stop: Set by who wants the end.
        look_s: Seconds between two looks.
    """
    last: Seen | None = None
    told = ""
    while not stop.is_set():
        try:
            seen = await look(url, settings, options)
            if is_due(seen, last):
                await bootstrap(url, settings, options)
            last, told = seen, ""
        except (ConfigurationError, DatabaseUnavailableError) as error:
            # Once for each fault: a member may take minutes to come up.
            if str(error) != told:
                logger.warning("bootstrap_waits", extra={"error": str(error)})
            told = str(error)
        except Exception:
            # The loop's top: an end here would take the member out of service, for nothing.
            logger.exception("bootstrap_failed")
        await settle(stop, look_s)


async def settle(stop: asyncio.Event, wait_s: float) -> None:
    """Wait a while, or until the end."""
    try:
        async with asyncio.timeout(wait_s):
            await stop.wait()
    except TimeoutError:
        return
