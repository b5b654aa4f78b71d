"""Ask servers of the cluster, one by one, what they say of themselves; and whether they write."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import asyncpg

from postgres.cluster_view import PostgresSeen
from postgres.failures import DRIVER_ERRORS, sqlstate_of, translated
from postgres.queries import load

PLACE_OPTIONS = frozenset({"host", "port", "target_session_attrs", "target-session-attrs"})
MAX_WORDS = 200

PROBE = load("cluster_probe")
WRITE = load("cluster_write")


def address_of_member(url: str, host: str, port: int) -> str:
    """Return the address of one server: user, password and database of ``url``, another place.

    Secret, as ``url`` is.
    """
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    place = f"[{host}]" if ":" in host else host
    query = urlencode([one for one in parse_qsl(parts.query) if one[0] not in PLACE_OPTIONS])
    return f"{parts.scheme}://{login}{at}{place}:{port}/{quote(parts.path[1:])}?{query}"


class NamedContext(ssl.SSLContext):
    """TLS with a server whose certificate must carry a name of ours instead of the address's."""

    expected = ""

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Begin TLS as asyncio does, under the expected name."""
        return super().wrap_bio(*args, **{**options, "server_hostname": self.expected})


def named_context(url: str, host: str) -> ssl.SSLContext | None:
    """Return how to know the member at a bare address where ``url`` wants names compared.

    Members publish their pods' addresses, which no certificate names. Whoever is at such an
    address must have the certificate by which the first host of ``url`` is believed.

    Args:
        url: An address of the cluster; a secret.
        host: Where the member is.

    Returns:
        None where the driver's own way is right.

    Raises:
        OSError: A file that the address names cannot be used.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    believed = urlsplit(f"//{parts.netloc.rpartition('@')[2].partition(',')[0]}").hostname
    authority = options.get("sslrootcert")
    if options.get("sslmode") != "verify-full" or not (is_address(host) and believed and authority):
        return None
    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.expected = believed
    context.load_verify_locations(cafile=authority)
    if options.get("sslcert"):
        context.load_cert_chain(options["sslcert"], options.get("sslkey"))
    return context


def is_address(host: str) -> bool:
    """Tell whether a host is an address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@asynccontextmanager
async def connected(
    url: str, host: str, port: int, limit_s: float
) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Lend a connection to one server of a cluster, with the login of its address."""
    connection = await asyncpg.connect(
        address_of_member(url, host, port), timeout=limit_s, ssl=named_context(url, host)
    )
    try:
        yield connection
    finally:
        connection.terminate()


async def probe_all(
    places: Mapping[str, tuple[str, int]], url: str, limit_s: float
) -> Sequence[PostgresSeen]:
    """Return what each server says, all asked at once, in the order of ``places``.

    Args:
        places: Host and port by member's name.
        url: An address of the cluster, from which login and database are taken.
        limit_s: Seconds for one server, login included.
    """
    return await asyncio.gather(
        *(probe(name, url, (host, port), limit_s) for name, (host, port) in places.items())
    )


async def probe(member: str, url: str, place: tuple[str, int], limit_s: float) -> PostgresSeen:
    """Return what one server says; a refusal or silence is part of the answer."""
    try:
        async with asyncio.timeout(limit_s):
            async with connected(url, *place, limit_s) as connection:
                row = await connection.fetchrow(PROBE)
    except DRIVER_ERRORS as error:
        words = " ".join(str(error).split())[:MAX_WORDS] if sqlstate_of(error) else ""
        told = words or type(error).__name__
        return PostgresSeen(member, error=told, sqlstate=sqlstate_of(error) or None)
    assert row is not None  # noqa: S101 - a select without a table has one row
    return PostgresSeen(
        member=member,
        in_recovery=row["in_recovery"],
        read_only=row["read_only"],
        timeline=row["timeline"],
        system_id=row["system_id"],
        retained=tuple(zip(row["idle_slots"], row["idle_bytes"], strict=True)),
        archive_fails=row["archive_fails"] and not row["in_recovery"],
    )


async def write_once(url: str, place: tuple[str, int], limit_s: float) -> bool:
    """Tell whether a server commits a write within the limit; a synchronous standby included."""
    try:
        async with asyncio.timeout(limit_s):
            async with connected(url, *place, limit_s) as connection:
                await connection.execute(WRITE)
    except DRIVER_ERRORS as error:
        if translated(error) is None and not sqlstate_of(error).startswith(("25", "57")):
            raise
        return False
    return True
