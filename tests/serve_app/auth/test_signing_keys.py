"""Keys of an issuer over real HTTP: rotation, outages, and floods; ages in simulated time."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from domain.caller import Caller
from domain.errors import UnauthenticatedError, UnavailableError
from serve_app.auth.composition import open_identity
from serve_app.auth.key_set import read_key_set
from serve_app.auth.settings import AuthSettings
from serve_app.auth.signing_keys import Freshness, SigningKeys
from serve_app.identity import Identity
from tests.fakes.simulation import simulated
from tests.serve_app.auth.fake_keys import FakeKeyStore
from tests.serve_app.auth.issuer import (
    AUDIENCE,
    ISSUER,
    Issuer,
    ec_key,
    jwk_of,
    rsa_key,
    serving,
    token,
)

SOON_S = 0.1


@asynccontextmanager
async def identity_of(issuer: Issuer, **changes: Any) -> AsyncIterator[Identity]:
    """Give the identity that the settings make, over an issuer that serves."""
    settings = AuthSettings.model_validate(
        {
            "mode": "jwt",
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "jwks_url": issuer.address,
            "jwks_retry_s": SOON_S,
            **changes,
        }
    )
    async with open_identity(settings, FakeKeyStore()) as identity:
        yield identity


async def by(identity: Identity, text: str) -> Caller:
    """Return whom a token names."""
    return await identity.identify({"authorization": f"Bearer {text}"})


async def patiently(identity: Identity, text: str) -> Caller:
    """Return whom a token names, once its key may be asked for again."""
    until_s = time.monotonic() + 20
    while True:
        try:
            return await by(identity, text)
        except UnauthenticatedError:
            assert time.monotonic() < until_s
            await asyncio.sleep(0.01)


async def test_a_new_key_is_taken_up_by_its_first_token_and_an_old_one_ends() -> None:
    async with serving(Issuer()) as issuer, identity_of(issuer, jwks_fresh_s=1) as identity:
        old = token()
        assert (await by(identity, old)).tenant_id == "green"
        issuer.keys = [*issuer.keys, jwk_of(rsa_key(1), "two")]
        assert (await patiently(identity, token(rsa_key(1), "RS256", kid="two"))).tenant_id
        assert (await by(identity, old)).tenant_id == "green"
        issuer.keys = [jwk_of(rsa_key(1), "two")]  # the old key is withdrawn, perhaps stolen
        until_s = time.monotonic() + 20
        while True:
            try:
                await by(identity, old)  # it was verified before, and is kept no longer
            except UnauthenticatedError:
                break
            assert time.monotonic() < until_s
            await asyncio.sleep(0.02)
        assert (await by(identity, token(rsa_key(1), "RS256", kid="two"))).tenant_id == "green"


async def test_the_keys_are_fetched_once_for_everyone() -> None:
    async with serving(Issuer(hangs=asyncio.Event())) as issuer, identity_of(issuer) as identity:
        waiting = [asyncio.create_task(by(identity, token(jti=str(n)))) for n in range(50)]
        while issuer.asked == 0:  # noqa: ASYNC110 - real HTTP
            await asyncio.sleep(0.01)
        assert issuer.hangs is not None
        issuer.hangs.set()
        callers = await asyncio.gather(*waiting)
        assert {caller.tenant_id for caller in callers} == {"green"}
        assert issuer.asked == 1


async def test_a_flood_of_unknown_kids_does_not_reach_the_issuer() -> None:
    async with (
        serving(Issuer()) as issuer,
        identity_of(issuer, jwks_retry_s=3600) as identity,
    ):
        await by(identity, token())
        texts = [token(kid=f"made-up-{number}") for number in range(100)]
        refused = await asyncio.gather(
            *(by(identity, one) for one in texts), return_exceptions=True
        )
        assert {type(one) for one in refused} == {UnauthenticatedError}
        assert issuer.asked == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 302},
        {"status": 404},
        {"body": b"<html>"},
        {"body": b'{"keys": "none"}'},
        {"body": b" " * 300_000},
    ],
)
async def test_without_keys_nobody_is_refused_for_ever_but_told_to_come_again(
    fault: dict[str, Any],
) -> None:
    async with serving(Issuer(**fault)) as issuer, identity_of(issuer) as identity:
        with pytest.raises(UnavailableError) as caught:
            await by(identity, token())
        assert caught.value.retry_after_s >= 1
        issuer.status, issuer.body = 200, None
        until_s = time.monotonic() + 20
        while True:
            try:
                assert (await by(identity, token())).tenant_id == "green"
                break
            except UnavailableError:
                assert time.monotonic() < until_s
                await asyncio.sleep(0.02)


async def test_an_issuer_that_hangs_costs_a_bounded_time() -> None:
    hanging = Issuer(hangs=asyncio.Event())
    async with serving(hanging) as issuer, identity_of(issuer, jwks_limit_s=0.2) as identity:
        async with asyncio.timeout(20):
            with pytest.raises(UnavailableError):
                await by(identity, token())


class Script:
    """A source of keys that says what it is told, and counts; times are the loop's."""

    def __init__(self) -> None:
        self.kids = ["one"]
        self.away = False
        self.asked_at_s: list[float] = []

    async def fetch(self) -> bytes:
        self.asked_at_s.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.05)
        if self.away:
            raise UnavailableError("away", 1.0)
        return json.dumps({"keys": [jwk_of(ec_key(), kid) for kid in self.kids]}).encode()


def keys_of(script: Script) -> SigningKeys:
    return SigningKeys(script.fetch, ("ES256",), Freshness(fresh_s=300, stale_s=3600, retry_s=10))


@simulated
async def test_old_keys_serve_while_the_issuer_is_away_and_not_for_ever() -> None:
    script = Script()
    keys = keys_of(script)
    await keys.current()
    script.away = True
    for _ in range(38):
        await asyncio.sleep(100)
        assert (await keys.current()).find("one")
    await asyncio.sleep(200)
    with pytest.raises(UnavailableError):
        await keys.current()
    script.away = False
    await asyncio.sleep(10)
    assert (await keys.current()).find("one")


@simulated
async def test_fetches_never_begin_closer_than_the_interval_whatever_is_asked() -> None:
    script = Script()
    keys = keys_of(script)
    for number in range(2000):
        await keys.find(f"made-up-{number}")
        await asyncio.sleep(0.02)
    gaps = [
        later - earlier
        for earlier, later in zip(script.asked_at_s, script.asked_at_s[1:], strict=False)
    ]
    assert len(gaps) >= 3
    assert min(gaps) >= 10


@simulated
async def test_while_the_issuer_is_away_from_the_start_it_is_not_asked_by_every_request() -> None:
    script = Script()
    script.away = True
    keys = keys_of(script)
    for _ in range(1000):
        with pytest.raises(UnavailableError):
            await keys.current()
        await asyncio.sleep(0.02)
    assert len(script.asked_at_s) <= 3


@simulated
async def test_ageing_keys_are_fetched_while_nobody_waits() -> None:
    script = Script()
    keys = keys_of(script)
    await keys.current()
    await asyncio.sleep(301)
    loop = asyncio.get_running_loop()
    asked_at_s = loop.time()
    await keys.current()
    assert loop.time() == asked_at_s
    await asyncio.sleep(1)
    assert len(script.asked_at_s) == 2


def test_two_keys_of_one_kid_are_told_apart_by_their_algorithms() -> None:
    text = json.dumps({"keys": [jwk_of(ec_key(), "one"), jwk_of(rsa_key(), "one")]}).encode()
    found = read_key_set(text, ("ES256", "RS256")).find("one")
    assert [one.algorithm for one in found] == ["ES256", "RS256"]
