"""Find the one server of several that takes writes, and find it again while the leader changes.

asyncpg asks the hosts of an address one after another, so a host that is silent (its machine is
gone, or frozen) takes the whole time limit, and one that breaks off ends the search. Here the
server that took writes before is asked first; where it does not at once, all are asked side by
side, again and again until one does or the time is up. An application that waits here goes on a
moment after the new leader does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from postgres.failures import LOGIN_CODES, sqlstate_of

HEAD_START_S = 0.5
"""How long the server that took writes before is asked alone."""

AGAIN_S = 0.1
"""Pause between two questions to one server."""

ATTEMPT_SHARE = 1 / 3
"""Part of the time limit that one question may take: a packet sent to a dead machine is lost."""

Opened: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class Place:
    """One server of an address; a host that begins with a slash is a socket's folder."""

    host: str
    port: int | None


Open: TypeAlias = Callable[[Place], Awaitable[Opened]]


def places_of(url: str) -> tuple[Place, ...]:
    """Return the servers of an address, in order; ValueError where a port is no number."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    hosts = parts.netloc.rpartition("@")[2] or query.get("host", [""])[-1]
    ports = query.get("port", [""])[-1].split(",")
    places = [place_of(text) for text in hosts.split(",") if text]
    if len(ports) not in (1, len(places)):
        raise ValueError("an address names as many ports as hosts, or one for all")
    given = ports if len(ports) == len(places) else ports * len(places)
    return tuple(
        Place(place.host, place.port or port_of(port))
        for place, port in zip(places, given, strict=True)
    )


def place_of(text: str) -> Place:
    """Return the server that ``host``, ``host:port``, ``[v6]:port`` or ``/folder`` names."""
    text = unquote(text)
    if text.startswith("/"):
        return Place(text, None)
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return Place(host, port_of(port[1:]))
    host, _, port = text.partition(":")
    return Place(host, port_of(port))


def port_of(text: str) -> int | None:
    """Return a port; the error does not show what stands there.

    With a slash in a password that nobody has quoted, it is the password's beginning.
    """
    try:
        return int(text) if text else None
    except ValueError:
        raise ValueError("a port of the address is no number") from None


def is_final(error: BaseException) -> bool:
    """Tell whether asking again is no use: the login is refused, or the address is none."""
    is_wrong = isinstance(error, ValueError) and not isinstance(error, OSError)
    return is_wrong or sqlstate_of(error) in LOGIN_CODES | {"42501"}


def most_telling(refusals: Mapping[Place, BaseException]) -> BaseException | None:
    """Return one of the servers' last refusals: that of a standby before that of a closed door."""
    found = sorted(
        refusals.values(),
        key=lambda error: (
            not isinstance(error, asyncpg.TargetServerAttributeNotMatched),
            not sqlstate_of(error),
            isinstance(error, TimeoutError),
        ),
    )
    return found[0] if found else None


class PrimarySearch:
    """What one pool knows of where the primary is.

    One caller at a time asks all servers; the others wait in line for what it finds, so a change
    of the leader brings each server a few questions a second and no storm.

    Args:
        moved: Called once whenever another server than before is found to take writes.
    """

    def __init__(self, moved: Callable[[], Awaitable[None]] | None = None) -> None:
        self.known: Place | None = None
        self._moved = moved
        self._turn = asyncio.Lock()

    async def connect(self, places: Sequence[Place], open_at: Open, *, limit_s: float) -> Opened:
        """Return a connection to the server that takes writes.

        Args:
            places: Where to ask.
            open_at: Opens a connection, and raises where the server takes no writes.
            limit_s: How long to go on asking.

        Raises:
            TimeoutError: The time is up and no server has said a word.
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: The time is up, and that is the
                most telling of the last refusals; or all refuse in a way that no waiting helps.
        """
        refusals: dict[Place, BaseException] = {}
        try:
            async with asyncio.timeout(limit_s):
                return await self._connect(places, open_at, refusals, limit_s * ATTEMPT_SHARE)
        except TimeoutError:
            refusal = most_telling(refusals)
            if refusal is None:
                raise
            raise refusal from None

    async def _connect(
        self,
        places: Sequence[Place],
        open_at: Open,
        refusals: dict[Place, BaseException],
        attempt_s: float,
    ) -> Opened:
        asked = self.known
        if asked in places and (found := await ask(asked, open_at, refusals, HEAD_START_S)):
            return found
        async with self._turn:
            known = self.known
            is_news = known != asked and known in places
            if is_news and (found := await ask(known, open_at, refusals, HEAD_START_S)):
                return found
            place, found = await race(places, open_at, refusals, attempt_s)
            has_moved = self.known not in (None, place)
            self.known = place
            if has_moved and self._moved is not None:
                await self._moved()
            return found


async def ask(
    place: Place | None, open_at: Open, refusals: dict[Place, BaseException], limit_s: float
) -> "Opened | None":
    """Return a connection, or None where a server does not give one in time; note why."""
    if place is None:
        return None
    try:
        async with asyncio.timeout(limit_s):
            return await open_at(place)
    except Exception as error:  # noqa: BLE001 - whatever it is, another server may take writes
        refusals[place] = error
        return None


async def race(
    places: Sequence[Place],
    open_at: Open,
    refusals: dict[Place, BaseException],
    attempt_s: float,
) -> tuple[Place, Opened]:
    """Ask all servers until one gives a connection; return it and where it is.

    Runs until cancelled, unless the refusals of all are final: then one is raised. A single one
    says little: a standby that lags may not know the database or the role yet.
    """

    async def seek(place: Place) -> tuple[Place, Opened]:
        while True:
            if found := await ask(place, open_at, refusals, attempt_s):
                return place, found
            if is_final(refusals[place]):
                raise refusals[place]
            await asyncio.sleep(AGAIN_S)

    seekers = [asyncio.create_task(seek(place), name="primary_search") for place in places]
    winner: asyncio.Task[tuple[Place, Opened]] | None = None
    try:
        winner = await first_success(seekers)
        return winner.result()
    finally:
        await end_others(seekers, winner)


async def first_success(
    seekers: Sequence["asyncio.Task[tuple[Place, Opened]]"],
) -> "asyncio.Task[tuple[Place, Opened]]":
    """Return the first that succeeded, or where all failed the last of them."""
    asking = set(seekers)
    while True:
        done, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        ended = min(done, key=lambda seeker: seeker.exception() is not None)
        if ended.exception() is None or not asking:
            return ended


async def end_others(
    seekers: Sequence["asyncio.Task[tuple[Place, Opened]]"],
    winner: "asyncio.Task[tuple[Place, Opened]] | None",
) -> None:
    """Stop what still asks, and close what was opened and is not wanted.

    Whoever is cancelled in this moment gets no connection, so the winner's is not wanted either.
    """
    others = [seeker for seeker in seekers if seeker is not winner]
    for seeker in others:
        seeker.add_done_callback(drop)
        seeker.cancel()
    try:
        await asyncio.gather(*others, return_exceptions=True)
    except asyncio.CancelledError:
        if winner is not None:
            drop(winner)
        raise


def drop(ended: "asyncio.Task[tuple[Place, Opened]]") -> None:
    """Close what one opened, if it did."""
    if not ended.cancelled() and ended.exception() is None:
        ended.result()[1].terminate()
