"""Gathers what many tasks ask of the database into few statements."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from domain.errors import (
    DatabaseUnavailableError,
    GardenosError,
    OverloadedError,
    UnavailableError,
)

logger = logging.getLogger(__name__)

ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")

Commit = Callable[[Sequence[ItemT]], Awaitable[Sequence[AnswerT]]]
"""Does the work for all items in one transaction; answers one per item, same order."""

FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 1.0
"""Waits between tries while the database is away, doubling from the first to the longest."""


class GroupCommit(Generic[ItemT, AnswerT]):
    """One statement in flight while the next gathers.

    An item that makes its statement fail is found by halving and fails alone. Lives in one event
    loop; :meth:`run` does the work.

    Args:
        commit: The statement.
        key: Items of the same key never share a statement; they keep their order.
        group_bound: Items in one statement.
        waiting_bound: Items that may wait; one more is refused with OverloadedError.
        patient: Whether items wait for a database that is away, or fail with what it raised.
    """

    def __init__(
        self,
        commit: Commit[ItemT, AnswerT],
        *,
        key: Callable[[ItemT], Hashable],
        group_bound: int,
        waiting_bound: int,
        patient: bool,
    ) -> None:
        self._commit = commit
        self._key = key
        self._group_bound = group_bound
        self._waiting_bound = waiting_bound
        self._patient = patient
        self._line: deque[tuple[ItemT, asyncio.Future[AnswerT]]] = deque()
        self._in_flight: Sequence[ItemT] = ()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting(self) -> int:
        """Items put and not answered."""
        return len(self._line) + len(self._in_flight)

    def items(self) -> list[ItemT]:
        """Return what is put and not answered."""
        return [*self._in_flight, *(item for item, _ in self._line)]

    def put(self, item: ItemT) -> "asyncio.Future[AnswerT]":
        """Return the future answer to an item; cancelling it withdraws what is not yet sent.

        Raises:
            OverloadedError: Too many items wait.
        """
        if len(self._line) >= self._waiting_bound:
            raise OverloadedError("too many requests wait for the database", 1.0)
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._line.append((item, future))
        self._idle.clear()
        self._news.set()
        return future

    async def run(self) -> None:
        """Commit groups until cancelled; what waits then fails with UnavailableError."""
        try:
            while True:
                await self._news.wait()
                while group := self._take_group():
                    await self._settle(group)
                self._news.clear()
                if not self._line:
                    self._idle.set()
        finally:
            while self._line:
                _fail(self._line.popleft()[1], UnavailableError("the service is stopping", 1.0))
            self._idle.set()

    async def flush(self) -> None:
        """Wait until every item put so far has been answered; :meth:`run` must run."""
        await self._idle.wait()

    def _take_group(self) -> list[tuple[ItemT, "asyncio.Future[AnswerT]"]]:
        group: list[tuple[ItemT, asyncio.Future[AnswerT]]] = []
        keys: set[Hashable] = set()
        while self._line and len(group) < self._group_bound:
            key = self._key(self._line[0][0])
            if key in keys:
                break
            entry = self._line.popleft()
            if not entry[1].done():
                group.append(entry)
                keys.add(key)
        return group

    async def _settle(self, group: Sequence[tuple[ItemT, "asyncio.Future[AnswerT]"]]) -> None:
        self._in_flight = [item for item, _ in group]
        try:
            await self._commit_or_halve(group)
        except asyncio.CancelledError:
            for _, future in group:
                _fail(future, UnavailableError("the service is stopping", 1.0))
            raise
        finally:
            self._in_flight = ()

    async def _commit_or_halve(
        self, group: Sequence[tuple[ItemT, "asyncio.Future[AnswerT]"]]
    ) -> None:
        try:
            answers = await self._commit_patiently([item for item, _ in group])
        except UnavailableError as error:
            for _, future in group:
                _fail(future, error)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the item
            if len(group) > 1:
                middle = len(group) // 2
                await self._commit_or_halve(group[:middle])
                await self._commit_or_halve(group[middle:])
            else:
                _fail(group[0][1], error)
        else:
            for (_, future), answer in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    async def _commit_patiently(self, items: Sequence[ItemT]) -> Sequence[AnswerT]:
        wait_s = FIRST_WAIT_S
        while True:
            try:
                return await self._commit(items)
            except DatabaseUnavailableError:
                if not self._patient:
                    raise
            await asyncio.sleep(wait_s)
            wait_s = min(LONGEST_WAIT_S, wait_s * 2)


async def answer_or_error(
    future: "asyncio.Future[AnswerT | GardenosError]",
) -> AnswerT | GardenosError:
    """Return an item's answer, or what went wrong with it: the items beside it have theirs.

    A foreign error is a fault of ours. It is logged by its name, since its words may repeat what
    the item says of a person, and becomes the error at the root of our tree.
    """
    try:
        return await future
    except GardenosError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever it is, it is of this item alone
        logger.error("item_not_committed", extra={"fault": type(error).__name__})  # noqa: TRY400 - above
        return GardenosError("the item could not be stored")


def _fail(future: "asyncio.Future[AnswerT]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()
