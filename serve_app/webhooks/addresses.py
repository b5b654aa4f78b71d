"""Which addresses a webhook may reach: pure decisions about URLs and IP addresses.

A caller chooses where the service connects to, so everything that is not plainly public is refused
(server-side request forgery). Names are judged by what they resolve to, see ``sender``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from yarl import URL

from domain.errors import InvalidInputError
from serve_app.webhooks.settings import WebhookSettings

Network = IPv4Network | IPv6Network

MAX_URL_CHARACTERS = 2000
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_LIKE_A_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")

_CARRIERS = tuple(
    ip_network(one)
    for one in (
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local use
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local, deprecated
        "192.88.99.0/24",  # 6to4 relays
    )
)
"""Networks that ``ipaddress`` may call global although they lead to others' insides."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called as far as its text tells.

    Attributes:
        address: Where the host is written as an address, else None.
        private_only: Only towards networks that were allowed by name: it is not encrypted.
    """

    url: URL
    host: str
    port: int
    address: str | None
    private_only: bool


def refusal(address: str, allowed: Sequence[Network], *, private_only: bool = False) -> str | None:
    """Return why an address may not be called, or None where it may.

    Args:
        address: IPv4 or IPv6, a scope may follow.
        allowed: Networks that are no public ones and may be called.
        private_only: Whether even a public address is refused.
    """
    one = ip_address(address.partition("%")[0])
    inner: IPv4Address | IPv6Address = one
    if isinstance(one, IPv6Address) and one.ipv4_mapped is not None:
        inner = one.ipv4_mapped
    if any(inner in network for network in allowed if network.version == inner.version):
        return None
    if private_only:
        return "http is taken towards networks of webhooks.allow_private_networks only"
    carried = any(inner in network for network in _CARRIERS if network.version == inner.version)
    if carried or not inner.is_global or inner.is_multicast or inner.is_reserved:
        return "an address that is not public"
    return None


def read_url(text: str, settings: WebhookSettings) -> Target:
    """Return what a URL names, as the HTTP client reads it.

    Raises:
        InvalidInputError: It may not be called, or is none.
    """
    if len(text) > MAX_URL_CHARACTERS:
        raise _refused("a longer text", f"at most {MAX_URL_CHARACTERS} characters")
    if not text.isascii() or re.search(r"[\x00-\x20\x7f\\]", text):
        raise _refused(
            "a text with blanks, backslashes or letters beyond ASCII",
            "ASCII only; write an international name in its xn-- form",
        )
    try:
        url = URL(text)
        port = url.port
    except ValueError as error:
        raise _refused("no URL", "https://host/path") from error
    schemes = ("https", "http") if settings.allow_http else ("https",)
    if url.scheme not in schemes:
        raise _refused(f"scheme {url.scheme[:20] or 'none'}", " or ".join(schemes))
    if url.user is not None or url.password is not None or "@" in url.raw_authority:
        raise _refused("a name or password in the URL", "a URL without; verify the signature")
    if url.raw_fragment:
        raise _refused("a fragment", "a URL without #")
    host = (url.raw_host or "").lower()
    if port is None or (settings.ports and port not in settings.ports):
        allowed = ", ".join(str(one) for one in settings.ports) or "1 to 65535"
        raise _refused(f"port {port}", f"port {allowed}")
    return Target(url, host, port, _literal(host), url.scheme == "http")


def _literal(host: str) -> str | None:
    """Return the address that a host is, None for a name; raise where it is neither."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    # What C libraries read as an address (127.1, 0x7f.1, 2130706433) is no name.
    if _LIKE_A_NUMBER.fullmatch(host.rpartition(".")[2]) or not _NAME.fullmatch(host):
        raise _refused(
            f"host {host[:60] or 'nothing'}",
            "a name without trailing dot, four decimal numbers, or an IPv6 address",
        )
    return None


def check_addresses(target: Target, addresses: Sequence[str], allowed: Sequence[Network]) -> None:
    """Refuse a target where any of its addresses may not be called.

    Raises:
        InvalidInputError: Names the address.
    """
    for address in addresses:
        why = refusal(address, allowed, private_only=target.private_only)
        if why is not None:
            raise _refused(f"{target.host} at {address}, {why}", "a public address")
    if not addresses:
        raise _refused(f"{target.host}, which has no address", "a host that can be found")


def _refused(got: str, allowed: str) -> InvalidInputError:
    return InvalidInputError("url", got, allowed)
