"""Keys in Postgres: stored without their secret, found many at once, revoked for ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.api_keys import ApiKey, KeyState
from domain.caller import Scope
from domain.errors import NotFoundError
from domain.ids import TenantId
from postgres.key_store import PostgresKeyStore
from postgres.pool import Database

NOW = datetime.now(UTC)


def a_key(key_id: str = "one", tenant: str = "green") -> ApiKey:
    return ApiKey(
        key_id=key_id,
        tenant_id=TenantId(tenant),
        name="the web form",
        scopes=frozenset({Scope.READ, Scope.WRITE}),
        digest=bytes(range(32)),
        created_at=NOW,
        expires_at=NOW + timedelta(days=90),
    )


@pytest.fixture
def store(database: Database) -> PostgresKeyStore:
    return PostgresKeyStore(database)


async def test_a_key_comes_back_as_it_was_stored(store: PostgresKeyStore) -> None:
    await store.add(a_key())
    found = (await store.find(["one", "two"]))["one"]
    assert replace(found, created_at=NOW) == a_key()
    assert abs(found.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert await store.find(["two", "'; drop table api_keys; --"]) == {}


async def test_a_list_is_of_one_tenant_or_of_all_newest_first(store: PostgresKeyStore) -> None:
    for key in (a_key("one"), a_key("two", "blue"), a_key("three")):
        await store.add(key)
    assert [key.key_id for key in await store.list(TenantId("green"))] == ["three", "one"]
    assert [key.key_id for key in await store.list(None)] == ["three", "two", "one"]


async def test_a_revoked_key_stays_revoked_since_the_first_time(store: PostgresKeyStore) -> None:
    await store.add(a_key())
    first = await store.revoke("one")
    assert first.state(NOW) is KeyState.REVOKED
    assert (await store.revoke("one")).revoked_at == first.revoked_at
    with pytest.raises(NotFoundError):
        await store.revoke("two")


async def test_the_last_use_only_grows(store: PostgresKeyStore) -> None:
    await store.add(a_key())
    later = NOW + timedelta(minutes=5)
    for at in (later, NOW):
        await store.note_use({"one": at, "unknown": at})
    assert (await store.find(["one"]))["one"].last_used_at == later


async def test_a_scope_of_newer_code_grants_nothing_here(
    store: PostgresKeyStore, database: Database
) -> None:
    await store.add(a_key())
    await database.execute("update api_keys set scopes = scopes || '{bake}'")
    assert (await store.find(["one"]))["one"].scopes == {Scope.READ, Scope.WRITE}


def test_what_is_shown_of_a_key_holds_no_digest() -> None:
    assert "digest" not in repr(a_key())
