"""Many at once on the same rows: no deadlock reaches a caller, no write is lost."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random

import pytest

from domain.errors import ConflictError, LeadExistsError, NotFoundError
from domain.ids import DEFAULT_TENANT, LeadId, TaskId
from domain.lead import Contact
from domain.outcome import Outcome, OutcomeKind
from domain.ports import LeadRecord
from domain.task import FOLLOW_UP, LEAD_ANALYSIS, Admission, Release
from postgres.derived_stores import PostgresOutcomeStore
from postgres.follow_up_store import PostgresFollowUpStore
from postgres.pool import Database
from postgres.task_store import PostgresTaskStore
from tests.postgres.queue_world import (
    NOW,
    World,
    analyse,
    analyse_stored,
    analysis,
    call,
    draft,
    edit,
    lead,
    lead_store,
    write_to,
)
from tests.postgres.queue_world import success as succeeded

NAMES = ("a", "b", "c")
CONTACTS = ("dana@example.com", "kim@example.com")
EXPECTED = (ConflictError, NotFoundError)


async def test_of_two_new_leads_of_one_id_at_once_one_is_refused(database: Database) -> None:
    worlds = [World(database) for _ in range(8)]

    answers = await asyncio.gather(
        *(world.admit(analyse(lead("a", message=str(n)))) for n, world in enumerate(worlds))
    )

    kinds = Counter(type(answer) for some in answers for answer in some)
    assert kinds == {Admission: 1, LeadExistsError: 7}
    assert await worlds[0].rows("select count(*) from tasks") == [(1,)]


async def test_of_many_replacements_at_once_each_is_a_version(database: Database) -> None:
    worlds = [World(database) for _ in range(8)]

    await asyncio.gather(
        *(
            world.admit(analyse(lead("a", message=str(n)), replace=True))
            for n, world in enumerate(worlds)
        )
    )

    assert await worlds[0].rows("select version from leads") == [(8,)]


async def test_of_many_changes_at_once_none_is_lost(database: Database) -> None:
    world, leads = World(database), lead_store(database)
    await world.admit(analyse(lead("a")))

    def append(record: LeadRecord) -> LeadRecord:
        longer = record.lead.model_copy(update={"message": record.lead.message + "x"})
        return replace(record, lead=longer)

    await asyncio.gather(
        *(leads.change(DEFAULT_TENANT, LeadId("a"), append, analyse_stored("a")) for _ in range(10))
    )

    record = await leads.get(DEFAULT_TENANT, LeadId("a"))
    assert (record.lead.message, record.version) == ("x" * 10, 11)


@pytest.mark.parametrize("seed", range(3))
async def test_everything_at_once_on_few_leads_meets_no_deadlock(
    database: Database, seed: int
) -> None:
    storm = Storm(database, Random(seed))  # noqa: S311 - a seeded choice of what happens next

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(storm.rage(60))

    assert storm.stored == storm.believed
    orphans = "select count(*) from leads where duplicate_of = lead_id"
    assert await storm.world.rows(orphans) == [(0,)]


class Storm:
    """Random calls of every kind on a handful of leads and tasks.

    Attributes:
        believed: Tasks whose completion was accepted, as told to the caller.
    """

    def __init__(self, database: Database, rng: Random) -> None:
        self.world = World(database)
        self.believed: Counter[TaskId] = Counter()
        self._rng = rng
        self._leads = lead_store(database)
        self._tasks = PostgresTaskStore(database, [LEAD_ANALYSIS])
        self._outcomes = PostgresOutcomeStore(database)
        self._follow_ups = PostgresFollowUpStore(database)
        self._admitted: list[TaskId] = []
        self._drafted: list[TaskId] = []

    @property
    def stored(self) -> Counter[TaskId]:
        """Return each believed task once: none may be accepted twice."""
        return Counter(set(self.believed))

    async def rage(self, rounds: int) -> None:
        """Do something, again and again."""
        deeds: list[Callable[[], Awaitable[None]]] = [
            self._admit,
            self._admit,
            self._work,
            self._work,
            self._change,
            self._cancel,
            self._recover,
            self._close,
            self._delete,
            self._draft,
            self._edit,
        ]
        for _ in range(rounds):
            try:
                await self._rng.choice(deeds)()
            except EXPECTED:
                continue

    def _name(self) -> LeadId:
        return LeadId(self._rng.choice(NAMES))

    def _contact(self) -> str:
        return self._rng.choice(CONTACTS)

    async def _admit(self) -> None:
        many = [
            analyse(
                lead(name, contact={"email": self._contact()}, message=str(self._rng.random())),
                replace=True,
            )
            for name in self._rng.sample(NAMES, 2)
        ]
        answers = await self.world.admit(*many)
        self._admitted += [one.task_id for one in answers if isinstance(one, Admission)]

    async def _work(self) -> None:
        claimed = await self.world.claim(LEAD_ANALYSIS, limit=4)
        keep, back = claimed[::2], claimed[1::2]
        version = self._rng.randrange(1, 50)
        grade = self._rng.choice("ABCD")
        await self.world.queue.release(
            [Release(task.task_id, task.attempt, 0, "again") for task in reversed(back)]
        )
        self.believed.update(
            await self.world.queue.complete(
                [succeeded(task, analysis("x", version, grade=grade), call()) for task in keep]
            )
        )

    async def _change(self) -> None:
        contact = Contact(email=self._contact())

        def move(record: LeadRecord) -> LeadRecord:
            return replace(record, lead=record.lead.model_copy(update={"contact": contact}))

        name = self._name()
        await self._leads.change(DEFAULT_TENANT, name, move, analyse_stored(name))

    async def _cancel(self) -> None:
        if self._admitted:
            await self._tasks.cancel(DEFAULT_TENANT, self._rng.choice(self._admitted))

    async def _recover(self) -> None:
        await self.world.queue.recover(limit=10)

    async def _draft(self) -> None:
        await self.world.admit(*(write_to(name) for name in self._rng.sample(NAMES, 2)))
        claimed = await self.world.claim(FOLLOW_UP, limit=4)
        stored = await self.world.queue.complete(
            [succeeded(task, draft("x"), call()) for task in claimed]
        )
        self.believed.update(stored)
        self._drafted += stored

    async def _edit(self) -> None:
        if self._drafted:
            await self._follow_ups.change(DEFAULT_TENANT, self._rng.choice(self._drafted), edit)

    async def _close(self) -> None:
        outcome = Outcome(lead_id=self._name(), kind=OutcomeKind.WON, at=NOW)
        await self._outcomes.record(DEFAULT_TENANT, outcome)

    async def _delete(self) -> None:
        await self._leads.delete(DEFAULT_TENANT, self._name())
