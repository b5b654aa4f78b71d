"""Group commit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from deployments.completer import GroupCommit
from deployments.loops import end_all
from domain.errors import DatabaseUnavailableError, OverloadedError, UnavailableError
from tests.fakes.simulation import simulated


class Database:
    """Doubles numbers, slowly; 13 breaks the statement."""

    def __init__(self) -> None:
        self.statements: list[list[int]] = []
        self.away = 0

    async def double(self, items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0.01)
        if self.away:
            self.away -= 1
            raise DatabaseUnavailableError("away", 1.0)
        self.statements.append(list(items))
        if 13 in items:
            raise ValueError("13")
        return [item * 2 for item in items]


@asynccontextmanager
async def commits(
    database: Database, *, patient: bool = True, group_bound: int = 100, waiting_bound: int = 1000
) -> AsyncIterator[GroupCommit[int, int]]:
    group: GroupCommit[int, int] = GroupCommit(
        database.double,
        key=lambda item: item % 1000,
        group_bound=group_bound,
        waiting_bound=waiting_bound,
        patient=patient,
    )
    run = asyncio.create_task(group.run())
    try:
        yield group
    finally:
        await end_all([run])


@simulated
async def test_what_arrives_during_a_statement_shares_the_next() -> None:
    database = Database()
    async with commits(database) as group:
        first = group.put(1)
        await asyncio.sleep(0.001)
        others = [group.put(n) for n in range(20, 68)]
        assert await first == 2
        assert await asyncio.gather(*others) == [n * 2 for n in range(20, 68)]
    assert [len(items) for items in database.statements] == [1, 48]


@simulated
async def test_a_statement_takes_no_more_than_its_bound() -> None:
    database = Database()
    async with commits(database, group_bound=10) as group:
        await asyncio.gather(*(group.put(n) for n in range(20, 45)))
    assert [len(items) for items in database.statements] == [10, 10, 5]


@simulated
async def test_items_of_one_key_never_share_a_statement() -> None:
    database = Database()
    async with commits(database) as group:
        await asyncio.gather(group.put(1), group.put(2), group.put(1001), group.put(3))
    assert database.statements == [[1, 2], [1001, 3]]


@simulated
async def test_one_bad_item_fails_alone() -> None:
    database = Database()
    async with commits(database) as group:
        answers = await asyncio.gather(
            *(group.put(n) for n in range(10, 20)), return_exceptions=True
        )
    assert isinstance(answers.pop(3), ValueError)
    assert answers == [n * 2 for n in range(10, 20) if n != 13]


@simulated
async def test_a_patient_item_waits_for_the_database() -> None:
    database = Database()
    database.away = 5
    async with commits(database) as group:
        assert await group.put(1) == 2


@simulated
async def test_an_impatient_item_fails_with_what_the_database_said() -> None:
    database = Database()
    database.away = 1
    async with commits(database, patient=False) as group:
        with pytest.raises(DatabaseUnavailableError):
            await group.put(1)
        assert await group.put(1) == 2


@simulated
async def test_the_line_is_bounded() -> None:
    async with commits(Database(), waiting_bound=2) as group:
        futures = [group.put(1), group.put(2)]
        with pytest.raises(OverloadedError):
            group.put(3)
        assert await asyncio.gather(*futures) == [2, 4]


@simulated
async def test_an_item_cancelled_in_the_line_is_not_sent() -> None:
    database = Database()
    async with commits(database) as group:
        group.put(1).cancel()
        assert await group.put(2) == 4
    assert database.statements == [[2]]


@simulated
async def test_flush_returns_when_everything_is_answered() -> None:
    async with commits(Database()) as group:
        future = group.put(1)
        await group.flush()
        assert future.done()
        assert group.waiting == 0


@simulated
async def test_what_waits_at_the_end_is_told_so() -> None:
    async with commits(Database()) as group:
        future = group.put(1)
        await asyncio.sleep(0.001)
        later = group.put(2)
    for waited in (future, later):
        with pytest.raises(UnavailableError):
            await waited
