"""Events work for a role that may read and write rows, and nothing else."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from domain.ids import DEFAULT_TENANT
from postgres.delivery_store import PostgresDeliveryStore
from postgres.embedded import EmbeddedServer
from postgres.event_store import PostgresEventStore
from postgres.pool import Database, open_database
from postgres.webhook_store import PostgresWebhookStore
from tests.database import SETTINGS, run_sql
from tests.postgres.queue_world import World, analyse, lead, lead_store
from tests.postgres.test_delivery_store import claim, complete, end, endpoint, stored
from tests.postgres.test_event_store import read

ROLE = "rows_alone"


@pytest.fixture
async def narrow(postgres_server: EmbeddedServer, dsn: str) -> AsyncIterator[Database]:
    """Give a pool whose role owns nothing: it may read and change rows."""
    name = urlsplit(dsn).path
    outer = urlunsplit(urlsplit(postgres_server.superuser_dsn)._replace(path=name))
    await run_sql(
        outer,
        f"create role {ROLE} login nosuperuser nocreatedb nocreaterole",
        f"grant usage on schema public to {ROLE}",
        f"grant select, insert, update, delete on all tables in schema public to {ROLE}",
        f"grant usage on all sequences in schema public to {ROLE}",
        "select 1",
    )
    parts = urlsplit(dsn)
    mine = urlunsplit(parts._replace(netloc=f"{ROLE}@{parts.netloc.rpartition('@')[2]}"))
    try:
        async with open_database(lambda: mine, SETTINGS) as opened:
            yield opened
    finally:
        await run_sql(outer, f"drop owned by {ROLE}", f"drop role {ROLE}", "select 1")


async def test_events_are_written_read_and_deleted(narrow: Database) -> None:
    world, store = World(narrow), PostgresEventStore(narrow)
    await complete(world, 2)
    assert len(await read(store)) == 6
    assert (await store.horizon()).now.stream == 1
    assert await store.delete_old(older_than_s=0, keep=1000, limit=2) == 2


async def test_deliveries_are_made_claimed_and_settled(narrow: Database) -> None:
    world, store = World(narrow), PostgresDeliveryStore(narrow)
    await stored(narrow, endpoint())
    await complete(world)
    (one,) = await claim(store)
    assert len(await store.finish([end(one, delivered=True)])) == 1


async def test_another_server_starts_another_history(narrow: Database) -> None:
    world, store = World(narrow), PostgresEventStore(narrow)
    await complete(world)
    await world.rows("update event_stream set system_identifier = 1 returning 1")
    assert (await store.horizon()).now.stream == 2
    assert await read(store) == []


async def test_nothing_of_a_deleted_lead_is_left_in_events_or_deliveries(
    narrow: Database,
) -> None:
    world = World(narrow)
    webhook_id = await stored(narrow, endpoint())
    await world.admit(analyse(lead("ada@example.com")))
    await lead_store(narrow).delete(DEFAULT_TENANT, "ada@example.com")  # type: ignore[arg-type]
    for table in ("task_events", "webhook_deliveries"):
        text = "\n".join(str(row[0]) for row in await world.rows(f"select t::text from {table} t"))  # noqa: S608
        assert text
        assert "ada" not in text.lower()
    await PostgresWebhookStore(narrow).delete(DEFAULT_TENANT, webhook_id)
    assert await world.rows("select 1 from webhook_deliveries") == []


async def test_the_role_may_do_no_more_than_that(narrow: Database) -> None:
    asked = "has_table_privilege('task_events', 'truncate'), pg_has_role('pg_monitor', 'usage')"
    assert await World(narrow).rows(f"select {asked}") == [(False, False)]
