"""What does it cost to know who calls? CPU of one identification, by how the caller is known.

Run: ``python -m benchmarks.authentication``. Prints one JSON line, in microseconds of CPU: median
of the rounds. "first" is a token's first request, which verifies its signature; every token of a
round is another one. The database and the issuer are answered from memory.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from domain.api_keys import ApiKey
from domain.caller import Scope
from domain.ids import TenantId
from serve_app.auth.key_identity import ApiKeyIdentity
from serve_app.auth.key_text import new_key
from serve_app.auth.settings import AuthSettings
from serve_app.auth.signing_keys import Freshness, SigningKeys
from serve_app.auth.token_identity import TokenIdentity
from serve_app.identity import Identity, LoopbackIdentity
from tests.serve_app.auth.fake_keys import FakeKeyStore
from tests.serve_app.auth.issuer import AUDIENCE, ISSUER, SECRET, ec_key, jwk_of, rsa_key, token

ROUNDS = 7
CALLS = 400
Headers = Mapping[str, str]


def bearer(text: str) -> Headers:
    """Return the headers of a request as a browser or program sends them."""
    return {"host": "127.0.0.1:8000", "authorization": f"Bearer {text}"}


def by_token() -> TokenIdentity:
    """Return an identity over keys of both kinds and the shared secret."""
    settings = AuthSettings.model_validate(
        {
            "mode": "jwt",
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "jwks_file": "in-memory",
            "hs256": True,
            "role_scopes": {"authenticated": ["read", "write"]},
        }
    )
    keys = json.dumps({"keys": [jwk_of(ec_key(), "one"), jwk_of(rsa_key(), "two")]}).encode()

    async def fetch() -> bytes:
        return keys

    signing = SigningKeys(fetch, settings.algorithms, Freshness(300, 3600, 10))
    return TokenIdentity(signing, settings, hs256_secret=SECRET, clock=time.time)


async def by_key() -> tuple[Identity, Headers]:
    """Return an identity that knows a key, and the headers with it."""
    text, parts = new_key()
    key = ApiKey(
        key_id=parts.key_id,
        tenant_id=TenantId("green"),
        name="",
        scopes=frozenset({Scope.READ}),
        digest=parts.digest,
        created_at=datetime.now(UTC),
    )
    store = FakeKeyStore({parts.key_id: key})
    settings = AuthSettings.model_validate({"mode": "api_key", "cache_s": 300})
    identity = ApiKeyIdentity(store, settings, now=lambda: datetime.now(UTC))
    return identity, bearer(text)


async def cpu_us(identity: Identity, requests: Sequence[Headers]) -> float:
    """Return the CPU of one identification, in microseconds."""
    began_s = time.process_time()
    for headers in requests:
        await identity.identify(headers)
    return (time.process_time() - began_s) / len(requests) * 1e6


def fresh_tokens(algorithm: str) -> list[Headers]:
    """Return requests with tokens that nobody has seen."""
    key, kid = {"ES256": (ec_key(), "one"), "RS256": (rsa_key(), "two"), "HS256": (SECRET, None)}[
        algorithm
    ]
    return [
        bearer(token(key, algorithm, kid=kid, jti=f"{time.time_ns()}-{number}"))
        for number in range(CALLS)
    ]


async def measure() -> dict[str, float]:
    """Return the median of each way, in microseconds."""
    found: dict[str, list[float]] = {}
    key_identity, key_headers = await by_key()
    tokens = by_token()
    known = fresh_tokens("ES256")[0]
    await tokens.identify(known)
    await key_identity.identify(key_headers)
    loopback = {"host": "127.0.0.1:8000"}
    for _ in range(ROUNDS):
        ways: dict[str, tuple[Identity, Sequence[Headers]]] = {
            "none": (LoopbackIdentity(), [loopback] * CALLS),
            "api_key_known": (key_identity, [key_headers] * CALLS),
            "jwt_known": (tokens, [known] * CALLS),
        }
        for one in ("ES256", "RS256", "HS256"):
            ways[f"jwt_first_{one}"] = (tokens, fresh_tokens(one))
        for way, (identity, requests) in ways.items():
            found.setdefault(way, []).append(await cpu_us(identity, requests))
    return {way: round(statistics.median(times), 1) for way, times in found.items()}


def main() -> None:
    """Print one JSON line."""
    cpu = asyncio.run(measure())
    print(json.dumps({"benchmark": "authentication", "cpu_us": cpu, "calls": CALLS * ROUNDS}))


if __name__ == "__main__":
    main()
