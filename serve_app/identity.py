"""Who is calling: the port that maps a request to a caller."""

from collections.abc import Mapping
from typing import Protocol

from domain.caller import ALL_SCOPES, Caller
from domain.errors import InvalidInputError
from domain.ids import DEFAULT_TENANT
from serve_app.addresses import is_loopback


class Identity(Protocol):
    """Finds the caller of a request from its headers."""

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Return who calls.

        Args:
            headers: Of the request; names compare without case.

        Raises:
            UnauthenticatedError: Nobody we know.
            UnavailableError: Who it is cannot be found out now.
        """
        ...


class LoopbackIdentity:
    """Everyone who can reach a loopback address is the tenant ``default`` and may do everything.

    The settings refuse any other address while this is the identity (``auth.mode: none``). A
    request that names another host is refused: a web page could otherwise reach the service
    through a name of its own that it points at this machine (DNS rebinding).
    """

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Return a caller of the default tenant.

        Raises:
            InvalidInputError: The header ``Host`` names no loopback address.
        """
        host = headers.get("host", "")
        if not is_loopback(name_of(host)):
            raise InvalidInputError("Host", host[:80], "localhost or a loopback address")
        return Caller(DEFAULT_TENANT, ALL_SCOPES, "loopback")


def name_of(host: str) -> str:
    """Return a ``Host`` header without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
