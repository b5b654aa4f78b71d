"""Beside a member: the cluster is made ours when it begins to lead, and when a password changes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from postgres import standing_bootstrap
from postgres.bootstrap import APPLICATION, BootstrapOptions
from postgres.standing_bootstrap import Seen, is_due, look, stay
from tests.database import SETTINGS
from tests.postgres.cluster_world import PASSWORDS, Cluster, start_cluster

LIMIT_S = 30.0
LOOK_S = 0.05


@pytest.mark.parametrize(
    ("seen", "last", "due"),
    [
        (Seen(is_writable=True, passwords="one"), None, True),
        (Seen(is_writable=False, passwords="one"), None, False),
        (Seen(is_writable=True, passwords="one"), Seen(is_writable=True, passwords="one"), False),
        (Seen(is_writable=True, passwords="two"), Seen(is_writable=True, passwords="one"), True),
        (Seen(is_writable=True, passwords="one"), Seen(is_writable=False, passwords="one"), True),
        (Seen(is_writable=False, passwords="two"), Seen(is_writable=True, passwords="one"), False),
    ],
)
def test_it_is_due_at_a_promotion_and_at_a_new_password(
    seen: Seen, last: Seen | None, *, due: bool
) -> None:
    assert is_due(seen, last) is due


@asynccontextmanager
async def staying(cluster: Cluster, options: BootstrapOptions) -> AsyncIterator[None]:
    """Keep a cluster ours meanwhile, and see it end in order."""
    stop = asyncio.Event()
    task = asyncio.create_task(stay(cluster.admin, SETTINGS, options, stop=stop, look_s=LOOK_S))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, LIMIT_S)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Look until something is so."""
    async with asyncio.timeout(LIMIT_S):
        while not await is_so():  # noqa: ASYNC110 - no event tells of another process
            await asyncio.sleep(LOOK_S)


async def logs_in(cluster: Cluster, password: str) -> bool:
    """Tell whether the application comes in with a password."""
    try:
        connection = await asyncpg.connect(cluster.url(APPLICATION, password=password))
    except asyncpg.PostgresError:
        return False
    await connection.close()
    return True


async def test_it_waits_mends_itself_and_follows_the_files(
    short_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = start_cluster(short_folder / "standing")
    password = cluster.passwords / APPLICATION
    password.write_text("", encoding="utf-8")

    with cluster.server:
        async with staying(cluster, cluster.options):
            await until(lambda: told(caplog, "bootstrap_waits"))
            password.write_text(PASSWORDS[APPLICATION], encoding="utf-8")
            await until(lambda: logs_in(cluster, PASSWORDS[APPLICATION]))
            password.write_text("another", encoding="utf-8")
            await until(lambda: logs_in(cluster, "another"))

    assert not any(secret in caplog.text for secret in PASSWORDS.values())
    assert [record.message for record in caplog.records].count("bootstrap_waits") == 1


async def told(caplog: pytest.LogCaptureFixture, message: str) -> bool:
    """Tell whether something was logged."""
    return any(record.message == message for record in caplog.records)


async def test_the_member_is_seen_as_it_is(short_folder: Path) -> None:
    cluster = start_cluster(short_folder / "seen")
    with cluster.server:
        first = await look(cluster.admin, SETTINGS, cluster.options)
        (cluster.passwords / APPLICATION).write_text("another", encoding="utf-8")
        second = await look(cluster.admin, SETTINGS, cluster.options)

    assert first.is_writable
    assert second.passwords != first.passwords
    assert not any(secret in repr(first) for secret in PASSWORDS.values())


async def test_a_fault_of_ours_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = asyncio.Event()
    tries: list[int] = []

    async def seen(*_: object) -> Seen:
        return Seen(is_writable=True, passwords="one")

    async def fails_once(*_: object) -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            raise RuntimeError("unforeseen")
        stop.set()

    monkeypatch.setattr(standing_bootstrap, "look", seen)
    monkeypatch.setattr(standing_bootstrap, "bootstrap", fails_once)

    async with asyncio.timeout(LIMIT_S):
        await stay("", SETTINGS, BootstrapOptions(), stop=stop, look_s=0.001)

    assert tries == [0, 1]
    assert [record.message for record in caplog.records] == ["bootstrap_failed"]
