"""Claims about looking up hosts of webhooks: slow names cost only the tenant that names them."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.errors import InvalidInputError, OverloadedError
from domain.ids import TenantId
from serve_app.webhooks.lookups import Lookups
from serve_app.webhooks.sender import Sender
from serve_app.webhooks.settings import WebhookSettings

SETTINGS = WebhookSettings(lookups=3, lookups_per_tenant=2)
SLOW, QUICK = TenantId("slow"), TenantId("quick")
LIMIT_S = 30.0


class Resolver:
    """Answers at once, and for hosts that begin with "slow" when it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked: list[str] = []

    def find(self, host: str, port: int) -> list[str]:
        """Return an address."""
        assert port == 443
        self.asked.append(host)
        if host.startswith("slow"):
            self.go_on.wait(LIMIT_S)
        return ["1.1.1.1"]


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    """Give a resolver whose threads end with the test."""
    resolver = Resolver()
    yield resolver
    resolver.go_on.set()


async def given_up(lookups: Lookups, tenant_id: TenantId, host: str) -> None:
    """Ask, and go away before the answer."""
    one = asyncio.create_task(lookups.find_now(tenant_id, host, 443))
    await asyncio.sleep(0)
    one.cancel()
    await asyncio.gather(one, return_exceptions=True)


async def test_a_place_is_taken_until_the_resolver_has_answered_whoever_has_gone(
    resolver: Resolver,
) -> None:
    async with asyncio.timeout(LIMIT_S), Lookups(SETTINGS, resolver.find) as lookups:
        sender = Sender(SETTINGS, lookups)
        for number in range(2):
            await given_up(lookups, SLOW, f"slow{number}.example.com")
        with pytest.raises(OverloadedError):
            await sender.check(SLOW, "https://fine.example.com/hook")
        await sender.check(QUICK, "https://fine.example.com/hook")
        resolver.go_on.set()
        await lookups.find(SLOW, "again.example.com", 443)
        await sender.check(SLOW, "https://fine.example.com/hook")


async def test_a_message_waits_for_a_place_and_gets_the_next(resolver: Resolver) -> None:
    async with asyncio.timeout(LIMIT_S), Lookups(SETTINGS, resolver.find) as lookups:
        slow = [
            asyncio.create_task(lookups.find(SLOW, f"slow{number}.example.com", 443))
            for number in range(4)
        ]
        assert await lookups.find(QUICK, "quick.example.com", 443) == ["1.1.1.1"]
        assert len(resolver.asked) <= 3
        assert not any(one.done() for one in slow)
        resolver.go_on.set()
        assert await asyncio.gather(*slow) == [["1.1.1.1"]] * 4


async def test_slow_names_of_all_tenants_leave_the_loops_own_threads_alone(
    resolver: Resolver,
) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    async with asyncio.timeout(LIMIT_S / 2), Lookups(SETTINGS, resolver.find) as lookups:
        for number in range(3):
            await given_up(lookups, TenantId(f"t{number}"), "slow.example.com")
        with pytest.raises(OverloadedError):
            await lookups.find_now(QUICK, "quick.example.com", 443)
        assert await asyncio.to_thread(lambda: "free") == "free"


async def test_a_host_that_cannot_be_found_is_the_callers_fault_and_frees_its_place() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError(f"{host}:{port}")

    async with Lookups(SETTINGS, nowhere) as lookups:
        sender = Sender(SETTINGS, lookups)
        for _ in range(5):
            with pytest.raises(InvalidInputError):
                await sender.check(SLOW, "https://nowhere.example.com/hook")
