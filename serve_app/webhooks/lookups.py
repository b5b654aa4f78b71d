"""Looks up the addresses of receivers, in threads of its own, a few at once for each tenant.

A look-up cannot be stopped: its thread is taken until the resolver gives up, long after whoever
asked has gone. Callers name the hosts, so a place counts as taken until its thread is free again.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from domain.errors import OverloadedError
from domain.ids import TenantId
from serve_app.webhooks.settings import WebhookSettings

RETRY_S = 5.0
"""Seconds after which a refused check is worth another try: a resolver's wait for a server."""

Find = Callable[[str, int], list[str]]
"""Returns the addresses of a host, in a thread; raises OSError where there are none."""


def machine_addresses(host: str, port: int) -> list[str]:
    """Return the addresses that the machine's resolver gives; blocks as long as it does."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Lookups:
    """Asks ``find`` in at most ``lookups`` threads, ``lookups_per_tenant`` of them for a tenant.

    Nothing ever waits for a thread: who gets a place has one, so a tenant with slow names is alone
    in waiting for them. Shared by all senders of a process; closed by whoever opened it.
    """

    def __init__(self, settings: WebhookSettings, find: Find = machine_addresses) -> None:
        self._settings = settings
        self._find = find
        self._threads = ThreadPoolExecutor(settings.lookups, thread_name_prefix="webhook-lookup")
        self._taken: Counter[TenantId] = Counter()
        self._freed = asyncio.Event()

    async def find(self, tenant_id: TenantId, host: str, port: int) -> list[str]:
        """Return the addresses of a host; waits for a place first.

        Raises:
            OSError: It has none.
        """
        while not self._has_place(tenant_id):
            self._freed.clear()
            await self._freed.wait()
        return await self._ask(tenant_id, host, port)

    async def find_now(self, tenant_id: TenantId, host: str, port: int) -> list[str]:
        """Return the addresses of a host.

        Raises:
            OSError: It has none.
            OverloadedError: No place is free.
        """
        if not self._has_place(tenant_id):
            raise OverloadedError("hosts of webhooks are being looked up already", RETRY_S)
        return await self._ask(tenant_id, host, port)

    async def aclose(self) -> None:
        """Start no further look-up; threads that still wait for the resolver end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _has_place(self, tenant_id: TenantId) -> bool:
        return (
            self._taken.total() < self._settings.lookups
            and self._taken[tenant_id] < self._settings.lookups_per_tenant
        )

    async def _ask(self, tenant_id: TenantId, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(self._threads, self._find, host, port)
        self._taken[tenant_id] += 1
        asked.add_done_callback(lambda _: self._free(tenant_id))
        # Shielded: the place must stay taken when the caller's time is over, as the thread does.
        return await asyncio.shield(asked)

    def _free(self, tenant_id: TenantId) -> None:
        self._taken[tenant_id] -= 1
        self._taken = +self._taken
        self._freed.set()
