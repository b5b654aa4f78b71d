"""Sends one message: checks where to, connects to exactly that, reads the status alone."""

import asyncio
import socket
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from domain.errors import InvalidInputError
from domain.ids import TenantId
from serve_app.webhooks.addresses import Target, check_addresses, read_url
from serve_app.webhooks.lookups import Lookups
from serve_app.webhooks.schedule import Answer
from serve_app.webhooks.settings import WebhookSettings

LOOKUP_LIMIT_S = 5.0


class CheckedResolver(AbstractResolver):
    """Gives the client only addresses that were checked in the same breath.

    The client connects to what it gets here: a name that answers differently a moment later (DNS
    rebinding) changes nothing.
    """

    def __init__(
        self, tenant_id: TenantId, target: Target, settings: WebhookSettings, *, lookups: Lookups
    ) -> None:
        self._tenant_id = tenant_id
        self._target = target
        self._settings = settings
        self._lookups = lookups

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return checked addresses; refuses all where one of them may not be called."""
        del family
        addresses = await self._lookups.find(self._tenant_id, host, port)
        check_addresses(self._target, addresses, self._settings.allow_private_networks)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Close nothing."""


class Sender:
    """Posts messages; holds nothing open between two."""

    def __init__(self, settings: WebhookSettings, lookups: Lookups) -> None:
        """Send within the limits of ``settings``; ``lookups`` is asked for every name."""
        self._settings = settings
        self._lookups = lookups

    async def check(self, tenant_id: TenantId, url: str) -> None:
        """Refuse a URL that would not be called now.

        Raises:
            InvalidInputError: Says why.
            OverloadedError: The tenant's hosts are being looked up already, or too many others'.
        """
        target = read_url(url, self._settings)
        addresses = [target.address] if target.address else []
        if not addresses:
            try:
                async with asyncio.timeout(LOOKUP_LIMIT_S):
                    addresses = await self._lookups.find_now(tenant_id, target.host, target.port)
            except OSError as error:
                got = f"{target.host}, which cannot be found"
                raise InvalidInputError("url", got, "a host that can be found") from error
        check_addresses(target, addresses, self._settings.allow_private_networks)

    async def post(
        self, tenant_id: TenantId, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Send a message once; every failure is an answer.

        No redirect is followed: it would lead past the check. Proxies of the environment are not
        asked: they would connect for us.
        """
        try:
            target = read_url(url, self._settings)
            if target.address is not None:
                check_addresses(target, [target.address], self._settings.allow_private_networks)
            async with asyncio.timeout(self._settings.time_limit_s):
                return await self._post(tenant_id, target, headers=headers, body=body)
        except InvalidInputError as error:
            return Answer(None, f"refused: {error.got}"[:200])
        except TimeoutError:
            return Answer(None, f"no answer in {self._settings.time_limit_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error.__cause__, InvalidInputError):
                return Answer(None, f"refused: {error.__cause__.got}"[:200])
            return Answer(None, f"no answer: {type(error).__name__}")

    async def _post(
        self, tenant_id: TenantId, target: Target, *, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        # A resolver of its own for each attempt: what one message may reach says nothing of others.
        resolver = CheckedResolver(tenant_id, target, self._settings, lookups=self._lookups)
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as http,
            http.post(target.url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return Answer(answer.status, None, answer.headers.get("Retry-After"))
