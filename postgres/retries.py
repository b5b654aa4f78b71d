"""Run a transaction again where it lost a race against another one."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from domain.errors import DatabaseUnavailableError
from postgres.pool import Connection, Database

TRIES = 8
"""A race is lost cheaply; a deadlock, which the order of locks makes rare, costs a second."""

RETRY_AFTER_S = 1.0

ResultT = TypeVar("ResultT")


class RaceLostError(Exception):
    """Another transaction changed in between what this one had read; run it again."""


RACES = (
    RaceLostError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    # A row that this transaction had read and refers to was deleted meanwhile.
    asyncpg.ForeignKeyViolationError,
)


async def in_transaction(
    database: Database, work: Callable[[Connection], Awaitable[ResultT]], *, what: str
) -> ResultT:
    """Return what ``work`` returns, committed; it runs again after a lost race.

    Args:
        database: Where to run.
        work: Uses the connection only; called up to :data:`TRIES` times.
        what: Names the work in the error, for example ``admission``.

    Raises:
        DatabaseUnavailableError: It lost every time.
    """

    async def run() -> ResultT:
        async with database.transaction() as connection:
            return await work(connection)

    return await again(run, what=what)


async def again(run: Callable[[], Awaitable[ResultT]], *, what: str) -> ResultT:
    """Return what ``run`` returns, which is one statement or transaction; else as above."""
    for _ in range(TRIES):
        try:
            return await run()
        except RACES:
            continue
    raise DatabaseUnavailableError(f"the {what} lost its race too often", RETRY_AFTER_S)
