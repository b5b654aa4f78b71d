"""The search for the server that takes writes: silence, refusals and moves do not stop it."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import asyncpg
import pytest

from postgres import primary
from postgres.primary import Place, PrimarySearch, places_of

A, B, C = (Place(f"h{number}", 5432) for number in (1, 2, 3))
ALL = (A, B, C)
LIMIT_S = 5.0
SHORT_S = 0.5
STANDBY = asyncpg.TargetServerAttributeNotMatched("standby")


class FakeConnection:
    """A connection that remembers whose it is and whether it was closed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.is_closed = False

    def terminate(self) -> None:
        """Note it."""
        self.is_closed = True


class Servers:
    """Servers of which each does what it is told: None gives, an error refuses, ``...`` is silent.

    Attributes:
        asked: Every question so far, by place.
        opened: Every connection given.
    """

    def __init__(self, **mood: BaseException | type(...) | None) -> None:  # type: ignore[valid-type]
        self.mood: dict[str, Any] = {"h1": STANDBY, "h2": STANDBY, "h3": STANDBY, **mood}
        self.asked: list[Place] = []
        self.opened: list[FakeConnection] = []

    async def open_at(self, place: Place) -> "asyncpg.Connection[asyncpg.Record]":
        """Do it."""
        self.asked.append(place)
        mood = self.mood[place.host]
        if mood is ...:
            await asyncio.Event().wait()
        if mood is not None:
            raise mood
        self.opened.append(FakeConnection(place))
        return cast("asyncpg.Connection[asyncpg.Record]", self.opened[-1])

    async def find(self, search: PrimarySearch, limit_s: float = LIMIT_S) -> Place:
        """Search, and return where it led."""
        found = await search.connect(ALL, self.open_at, limit_s=limit_s)
        return cast(FakeConnection, found).place


@pytest.mark.parametrize("elsewhere", [STANDBY, OSError("refused"), ...])
@pytest.mark.parametrize("writable", ["h1", "h2", "h3"])
async def test_the_one_that_takes_writes_is_found_whatever_the_others_do(
    writable: str, elsewhere: Any
) -> None:
    servers = Servers(**{"h1": elsewhere, "h2": elsewhere, "h3": elsewhere, writable: None})

    assert (await servers.find(PrimarySearch())).host == writable


async def test_a_server_found_once_is_asked_alone() -> None:
    servers, search = Servers(h2=None), PrimarySearch()
    await servers.find(search)
    servers.asked.clear()

    await servers.find(search)

    assert servers.asked == [B]


@pytest.mark.parametrize("before", [STANDBY, ConnectionRefusedError(), ...])
async def test_a_primary_that_moved_is_found_and_told_once(before: Any) -> None:
    told: list[Place | None] = []

    async def moved() -> None:
        told.append(search.known)

    search = PrimarySearch(moved)
    servers = Servers(h1=None)
    await servers.find(search)
    servers.mood |= {"h1": before, "h3": None}

    found = await asyncio.gather(*(servers.find(search) for _ in range(5)))

    assert found == [C] * 5
    assert told == [C]


async def test_it_waits_for_a_promotion() -> None:
    servers = Servers(h1=OSError("gone"))
    searching = asyncio.create_task(servers.find(PrimarySearch()))
    await until(lambda: servers.asked.count(C) >= 3)

    servers.mood["h3"] = None

    assert await searching == C


async def until(is_so: Callable[[], bool]) -> None:
    """Wait by looking."""
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - looking is what it does
            await asyncio.sleep(0.01)


async def test_many_who_wait_ask_no_more_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(primary, "AGAIN_S", 3600.0)
    servers, search = Servers(), PrimarySearch()

    ends = await asyncio.gather(
        *(servers.find(search, SHORT_S) for _ in range(50)), return_exceptions=True
    )

    assert len(servers.asked) == 3
    assert {type(end) for end in ends} == {asyncpg.TargetServerAttributeNotMatched, TimeoutError}


async def test_the_last_refusal_is_told_when_the_time_is_up() -> None:
    servers = Servers(h1=OSError("refused"), h3=...)

    with pytest.raises(asyncpg.TargetServerAttributeNotMatched):
        await servers.find(PrimarySearch(), SHORT_S)


async def test_silence_everywhere_is_a_timeout() -> None:
    servers = Servers(h1=..., h2=..., h3=...)

    with pytest.raises(TimeoutError):
        await servers.find(PrimarySearch(), 0.05)


async def test_a_login_that_all_refuse_ends_the_search() -> None:
    refusal = asyncpg.InvalidPasswordError("no")
    servers = Servers(h1=refusal, h2=refusal, h3=refusal)

    with pytest.raises(asyncpg.InvalidPasswordError):
        await servers.find(PrimarySearch(), limit_s=3600.0)


async def test_a_standby_that_lags_and_knows_no_database_yet_ends_nothing() -> None:
    servers = Servers(h1=asyncpg.InvalidCatalogNameError("no"), h2=OSError("starts"))
    searching = asyncio.create_task(servers.find(PrimarySearch()))
    await until(lambda: servers.asked.count(C) >= 3)

    servers.mood["h3"] = None

    assert await searching == C


async def test_what_was_opened_and_is_not_wanted_is_closed() -> None:
    servers = Servers(h1=None, h2=None, h3=None)

    chosen = await servers.find(PrimarySearch())

    await until(lambda: len([one for one in servers.opened if not one.is_closed]) == 1)
    assert [one.place for one in servers.opened if not one.is_closed] == [chosen]


async def test_a_cancelled_search_leaves_no_task() -> None:
    servers = Servers(h1=..., h2=...)
    searching = asyncio.create_task(servers.find(PrimarySearch()))
    await until(lambda: len(servers.asked) >= 3)

    searching.cancel()
    await asyncio.wait([searching])

    names = [task.get_name() for task in asyncio.all_tasks()]
    assert "primary_search" not in names


async def test_what_was_found_at_the_moment_of_a_cancellation_is_closed() -> None:
    servers, ending = Servers(h1=None), asyncio.Event()

    async def open_at(place: Place) -> "asyncpg.Connection[asyncpg.Record]":
        if place == A:
            return await servers.open_at(place)
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await asyncio.Event().wait()
        raise AssertionError

    searching = asyncio.create_task(PrimarySearch().connect(ALL, open_at, limit_s=LIMIT_S))
    async with asyncio.timeout(LIMIT_S):
        await ending.wait()

    searching.cancel()
    await asyncio.wait([searching])

    assert searching.cancelled()
    assert [one.is_closed for one in servers.opened] == [True]


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("postgresql://u:p@h1/d", [("h1", None)]),
        ("postgresql://u:p@h1:1,h2:2,h3/d?sslmode=disable", [("h1", 1), ("h2", 2), ("h3", None)]),
        ("postgresql://u@[fd00::1]:5,[fd00::2]/d", [("fd00::1", 5), ("fd00::2", None)]),
        ("postgresql://u@/d?host=%2Frun%2Fa,%2Frun%2Fb&port=7,8", [("/run/a", 7), ("/run/b", 8)]),
        ("postgresql://u@/d?host=a,b&port=9", [("a", 9), ("b", 9)]),
        ("postgresql:///d", []),
    ],
)
def test_an_address_names_its_servers(url: str, places: list[tuple[str, int | None]]) -> None:
    assert [(place.host, place.port) for place in places_of(url)] == places


@pytest.mark.parametrize(
    "url", ["postgresql://u@h:port/d", "postgresql://u@/d?host=a,b&port=1,2,3"]
)
def test_an_address_that_is_none_is_a_value_error(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        places_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter/2@h/d",
        "postgresql://[::1]:hunter/2@h",
        "postgresql:///d?host=a&port=hunter",
    ],
)
def test_a_password_in_the_place_of_a_port_is_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="no number") as refused:
        places_of(url)
    assert "hunter" not in str(refused.value)
