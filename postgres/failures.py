"""What asyncpg and the network raise, in the words of the domain; no address, no password."""

import socket
import ssl

import asyncpg

from domain.errors import ConfigurationError, DatabaseUnavailableError

READ_ONLY = "25006"
"""``read_only_sql_transaction``: the server became a standby under us."""

LEADER_CHANGES_S = 1.0
"""How soon another try is worth it while the database changes its leader or restarts."""

WRONG_ADDRESS_S = 5.0
"""How soon where a person has to do something first."""

LOGIN_CODES = frozenset({"28000", "28P01", "3D000"})
"""Login refused, wrong password, no such database."""

BROKEN_CODES = frozenset({READ_ONLY, "57P01", "57P02", "57P03"})
"""Standby, shutdown, crash, start-up: this server is no use, on any connection."""

ENDED_CODES = frozenset({"57P05", "25P03", "25P04"})
"""The server ended this one session at a time limit."""

BUSY_CODES = frozenset({"53000", "53100", "53200", "53300", "53400", "57014", "55P03"})
"""The server lacks something, or ended a statement at a time limit or in wait for a lock."""

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""All that a connection raises; the third where its server ended it between two statements."""

Failure = tuple[str, float]

BY_CLASS: tuple[tuple[type[BaseException], Failure], ...] = (
    (TimeoutError, ("the database did not answer in time", LEADER_CHANGES_S)),
    (socket.gaierror, ("the database's host name is unknown", WRONG_ADDRESS_S)),
    (ssl.SSLError, ("no TLS connection to the database", WRONG_ADDRESS_S)),
    (
        asyncpg.TargetServerAttributeNotMatched,
        ("the database has no writable server", LEADER_CHANGES_S),
    ),
)

BY_CODE: tuple[tuple[frozenset[str], Failure], ...] = (
    (LOGIN_CODES, ("the database refuses the login", WRONG_ADDRESS_S)),
    (BUSY_CODES, ("the database is overloaded", LEADER_CHANGES_S)),
    (BROKEN_CODES, ("the database restarts or changes its leader", LEADER_CHANGES_S)),
)


def sqlstate_of(error: BaseException) -> str:
    """Return the error's SQLSTATE, or an empty string."""
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) else ""


def breaks_connection(error: BaseException) -> bool:
    """Tell whether the connection that raised this must not be used again."""
    state = sqlstate_of(error)
    return (
        state in BROKEN_CODES | ENDED_CODES
        or state.startswith("08")
        or isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError)
    )


def breaks_pool(error: BaseException) -> bool:
    """Tell whether every other open connection is likely to be worth nothing either.

    asyncpg reports a shutdown in the middle of a statement as 08003. A server that is silent for
    the whole time limit of a statement is most likely silent on all connections.
    """
    state = sqlstate_of(error)
    is_lost = isinstance(error, ConnectionError | TimeoutError)
    return is_lost or state in BROKEN_CODES or state.startswith("08")


def translated(error: BaseException) -> DatabaseUnavailableError | None:
    """Return our error for a foreign one that means "not now", or None.

    Errors about data (a constraint, a deadlock, a wrong value) are the store's own business.
    """
    for kind, (sentence, wait_s) in BY_CLASS:
        if isinstance(error, kind):
            return DatabaseUnavailableError(sentence, wait_s)
    state = sqlstate_of(error)
    for codes, (sentence, wait_s) in BY_CODE:
        if state in codes:
            return DatabaseUnavailableError(f"{sentence} (SQLSTATE {state})", wait_s)
    if breaks_connection(error):
        return DatabaseUnavailableError("no connection to the database", LEADER_CHANGES_S)
    return None


def configuration_error(error: BaseException, field: str) -> ConfigurationError | None:
    """Return the error for a first connection that no waiting can help, or None.

    Args:
        error: What the first connection raised.
        field: Name of the setting that holds the address.
    """
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return ConfigurationError(
            field, "<hidden>", "a URL such as postgresql://user@host:5432/database"
        )
    state = sqlstate_of(error)
    if state in LOGIN_CODES | {"42501"}:
        return ConfigurationError(
            field,
            f"<hidden>, and the server refuses the login (SQLSTATE {state})",
            "the URL of a database that exists, with a user and password it accepts",
        )
    return None
