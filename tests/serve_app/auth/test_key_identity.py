"""Callers by API key, in simulated time: how long a key is known, and what guessing costs."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.api_keys import ApiKey
from domain.caller import Scope
from domain.errors import DatabaseUnavailableError, OverloadedError, UnauthenticatedError
from domain.ids import TenantId
from serve_app.auth.bounded_cache import BoundedCache
from serve_app.auth.key_identity import ApiKeyIdentity
from serve_app.auth.key_text import FORM, KeyParts, new_key, read_key
from serve_app.auth.settings import AuthSettings
from tests.fakes.simulation import now_unix_s, simulated
from tests.serve_app.auth.fake_keys import FakeKeyStore
from tests.serve_app.specimens import NOW


def wall() -> datetime:
    return datetime.fromtimestamp(now_unix_s(), UTC)


def an_identity(store: FakeKeyStore, **changes: Any) -> ApiKeyIdentity:
    return ApiKeyIdentity(
        store, AuthSettings.model_validate({"mode": "api_key", **changes}), now=wall
    )


async def stored(store: FakeKeyStore, **changes: Any) -> str:
    """Store a key and return its text."""
    text, parts = new_key()
    values = {
        "key_id": parts.key_id,
        "tenant_id": TenantId("green"),
        "name": "",
        "scopes": frozenset({Scope.READ}),
        "digest": parts.digest,
        "created_at": NOW,
    }
    await store.add(ApiKey(**{**values, **changes}))
    return text


def headers_of(text: str) -> dict[str, str]:
    return {"authorization": f"bearer {text}"}


@simulated
async def test_a_key_names_its_owner_and_what_it_may() -> None:
    store = FakeKeyStore()
    text = await stored(store)
    caller = await an_identity(store).identify(headers_of(text))
    assert caller.tenant_id == "green"
    assert caller.scopes == {Scope.READ}
    assert caller.subject == f"key:{text.split('_')[1]}"
    assert text.split("_")[2] not in repr(caller)
    assert (await an_identity(store).identify({"x-api-key": text})) == caller


@simulated
async def test_a_key_in_use_is_looked_up_once_in_its_time() -> None:
    store = FakeKeyStore(takes_s=0.05)
    text = await stored(store)
    identity = an_identity(store, cache_s=10)
    await asyncio.gather(*(identity.identify(headers_of(text)) for _ in range(100)))
    assert len(store.asked) == 1
    for _ in range(90):
        await asyncio.sleep(1)
        await identity.identify(headers_of(text))
    assert len(store.asked) == 10


@simulated
async def test_a_revoked_key_opens_no_longer_than_the_bound() -> None:
    store = FakeKeyStore(takes_s=0.5)
    text = await stored(store)
    identity = an_identity(store, cache_s=10)
    await identity.identify(headers_of(text))
    await asyncio.sleep(3)
    await store.revoke(text.split("_")[1])
    revoked_at_s = asyncio.get_running_loop().time()
    until_s = asyncio.get_running_loop().time() + 60
    with contextlib.suppress(UnauthenticatedError):
        while True:
            await identity.identify(headers_of(text))
            assert asyncio.get_running_loop().time() < until_s
            await asyncio.sleep(0.1)
    assert asyncio.get_running_loop().time() - revoked_at_s <= 10 + 0.5


@simulated
async def test_a_key_expires_on_time_though_it_is_known() -> None:
    store = FakeKeyStore()
    text = await stored(store, expires_at=wall() + timedelta(seconds=5))
    identity = an_identity(store, cache_s=300)
    await identity.identify(headers_of(text))
    await asyncio.sleep(5)
    with pytest.raises(UnauthenticatedError, match="expired"):
        await identity.identify(headers_of(text))
    assert len(store.asked) == 1


@simulated
async def test_while_the_database_is_away_known_keys_go_on_and_others_are_told_to_wait() -> None:
    store = FakeKeyStore()
    known, other = await stored(store), await stored(store)
    identity = an_identity(store, cache_s=10)
    await identity.identify(headers_of(known))
    store.away = True
    await asyncio.sleep(9)
    await identity.identify(headers_of(known))
    for text in (other, other):
        with pytest.raises(DatabaseUnavailableError) as caught:
            await identity.identify(headers_of(text))
        assert caught.value.retry_after_s == 2
    await asyncio.sleep(1)
    with pytest.raises(DatabaseUnavailableError):
        await identity.identify(headers_of(known))
    store.away = False
    await identity.identify(headers_of(other))


@simulated
async def test_guessing_takes_bounded_memory_and_few_statements_and_displaces_no_key() -> None:
    store = FakeKeyStore(takes_s=0.005)
    text = await stored(store)
    identity = an_identity(store, cache_size=100, max_lookups=500, lookup_interval_s=0.01)
    await identity.identify(headers_of(text))
    asked_before = len(store.asked)
    began_s = asyncio.get_running_loop().time()
    for _ in range(10):
        guesses = [identity.identify(headers_of(new_key()[0])) for _ in range(300)]
        refused = await asyncio.gather(*guesses, return_exceptions=True)
        assert {type(one) for one in refused} == {UnauthenticatedError}
    took_s = asyncio.get_running_loop().time() - began_s
    assert len(store.asked) - asked_before <= took_s / 0.01 + 1
    assert len(identity._unknown) == 100
    await identity.identify(headers_of(text))
    assert sum(text.split("_")[1] in batch for batch in store.asked) == 1


@simulated
async def test_an_unknown_key_is_looked_up_once_in_its_time() -> None:
    store = FakeKeyStore()
    identity = an_identity(store, cache_s=10)
    guess, _ = new_key()
    for _ in range(90):
        with pytest.raises(UnauthenticatedError):
            await identity.identify(headers_of(guess))
        await asyncio.sleep(0.5)
    assert len(store.asked) == 5


@simulated
async def test_an_honest_new_key_is_found_in_the_middle_of_a_flood() -> None:
    store = FakeKeyStore(takes_s=0.005)
    text = await stored(store)
    identity = an_identity(store)
    flood = asyncio.gather(
        *(identity.identify(headers_of(new_key()[0])) for _ in range(900)), return_exceptions=True
    )
    await asyncio.sleep(0)
    began_s = asyncio.get_running_loop().time()
    assert (await identity.identify(headers_of(text))).tenant_id == "green"
    assert asyncio.get_running_loop().time() - began_s <= 0.05
    await flood


@simulated
async def test_more_lookups_than_the_bound_are_refused_at_once() -> None:
    store = FakeKeyStore(takes_s=1)
    identity = an_identity(store, max_lookups=10)
    guesses = [identity.identify(headers_of(new_key()[0])) for _ in range(50)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    kinds = [type(one) for one in answers]
    assert kinds.count(OverloadedError) == 40
    assert kinds.count(UnauthenticatedError) == 10


@simulated
async def test_a_guess_at_the_secret_of_a_known_id_asks_nobody() -> None:
    store = FakeKeyStore()
    text = await stored(store)
    identity = an_identity(store)
    await identity.identify(headers_of(text))
    forged, _ = new_key(_same_id(text))
    for _ in range(20):
        with pytest.raises(UnauthenticatedError, match="nobody has this key"):
            await identity.identify(headers_of(forged))
    assert len(store.asked) == 1


def _same_id(text: str) -> Any:
    """Return a source of bytes that makes a key with the id of another."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = 0
    for character in text.split("_")[1]:
        number = number * 62 + alphabet.index(character)
    return lambda size: number.to_bytes(8, "big") if size == 8 else b"\x07" * size


@simulated
async def test_the_last_use_is_written_once_a_minute_and_kept_while_it_cannot_be() -> None:
    store = FakeKeyStore()
    text = await stored(store)
    identity = an_identity(store)
    writer = asyncio.create_task(identity.run())
    for _ in range(110):
        await asyncio.sleep(1)
        await identity.identify(headers_of(text))
    assert len(store.notes) == 1
    store.away = True
    await asyncio.sleep(30)
    assert len(store.notes) == 1
    store.away = False
    await asyncio.sleep(60)
    assert len(store.notes) == 2
    assert store.notes[1][text.split("_")[1]] - store.notes[0][text.split("_")[1]] > timedelta(0)
    writer.cancel()
    await identity.aclose()


def test_keys_are_recognisable_and_never_the_same() -> None:
    texts = {new_key()[0] for _ in range(100)}
    assert len(texts) == 100
    assert all(FORM.fullmatch(text) and len(text) == 70 for text in texts)


def test_a_key_is_read_back_and_its_parts_show_no_secret() -> None:
    text, parts = new_key()
    assert read_key(text) == parts
    assert text.split("_")[2][:43] not in repr(parts)
    assert isinstance(parts, KeyParts)
    assert parts.digest.hex() not in repr(parts)


@given(place=st.integers(0, 69), other=st.characters())
def test_a_mistyped_key_is_refused_without_a_lookup(place: int, other: str) -> None:
    text, _ = new_key(lambda size: bytes(range(size)))
    mistyped = text[:place] + other + text[place + 1 :]
    assert (read_key(mistyped) is None) is (mistyped != text)


@given(st.text(max_size=100))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert read_key(text) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20), st.integers(1, 9))))
def test_a_cache_keeps_no_more_than_its_size_and_nothing_past_its_time(
    steps: list[tuple[int, int, int]],
) -> None:
    cache: BoundedCache[int, int] = BoundedCache(4)
    told: dict[int, tuple[int, float]] = {}
    now_s = 0.0
    for key, value, life_s in steps:
        now_s += 1
        cache.put(key, value, now_s + life_s)
        told[key] = (value, now_s + life_s)
        assert len(cache) <= 4
        for one, (last, until_s) in told.items():
            assert cache.get(one, now_s) in ((None,) if now_s >= until_s else (None, last))
        assert cache.get(key, now_s) == value
