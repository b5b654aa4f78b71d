"""Who is calling: the port that maps a request to a tenant."""

from collections.abc import Mapping
from typing import Protocol

from domain.ids import DEFAULT_TENANT, TenantId


class Identity(Protocol):
    """Finds the tenant of a request from its headers."""

    async def identify(self, headers: Mapping[str, str]) -> TenantId:
        """Return the caller's tenant.

        Args:
            headers: Of the request; names compare without case.
        """
        ...


class LoopbackIdentity:
    """Everyone who can reach a loopback address is the tenant ``default``.

    The settings refuse any other address while this is the only identity there is.
    """

    async def identify(self, headers: Mapping[str, str]) -> TenantId:
        """Return the default tenant, whatever the headers say."""
        del headers
        return DEFAULT_TENANT
