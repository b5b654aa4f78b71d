"""A list of forged tokens; each is refused, and the genuine one beside it is not."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jwt.algorithms import ECAlgorithm

from domain.caller import Scope
from domain.errors import UnauthenticatedError
from serve_app.auth.key_set import read_key_set
from serve_app.auth.settings import AuthSettings
from serve_app.auth.signing_keys import Freshness, SigningKeys
from serve_app.auth.token_identity import TokenIdentity
from tests.serve_app.auth.issuer import (
    AUDIENCE,
    ISSUER,
    SECRET,
    by_hand,
    claims,
    ec_key,
    jwk_of,
    rsa_key,
    token,
)

SETTINGS: dict[str, Any] = {
    "mode": "jwt",
    "issuer": ISSUER,
    "audience": AUDIENCE,
    "jwks_file": "not-read.json",
    "leeway_s": 5,
    "role_scopes": {"authenticated": ["read", "write"]},
}
PUBLISHED = [jwk_of(ec_key(), "one"), jwk_of(rsa_key(), "two")]
STRANGER = ec.generate_private_key(ec.SECP256R1())


def an_identity(
    *, secret: bytes | None = None, keys: list[dict[str, Any]] | None = None, **changes: Any
) -> TokenIdentity:
    """Return the identity over published keys, or over the shared secret too."""
    settings = AuthSettings.model_validate({**SETTINGS, **changes})
    text = json.dumps({"keys": PUBLISHED if keys is None else keys}).encode()

    async def fetch() -> bytes:
        return text

    signing = SigningKeys(fetch, settings.algorithms, Freshness(300, 3600, 10))
    return TokenIdentity(signing, settings, hs256_secret=secret, clock=time.time)


@pytest.fixture
async def identity() -> TokenIdentity:
    """Return the identity of most tests."""
    return an_identity()


def headers_of(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def public_pem(key: Any) -> bytes:
    """Return a public key as text: the secret of whoever confuses keys."""
    made: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return made


def by_hmac(secret: bytes, kid: str, alg: str = "HS256") -> str:
    """Return a token signed by HMAC, as a library that is on its guard would not."""
    unsigned = by_hand({"alg": alg, "typ": "JWT", "kid": kid}, claims(), b"").rstrip(".")
    signature = hmac.new(secret, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def changed(text: str, **said: Any) -> str:
    """Return a token whose claims were changed under its signature."""
    head, body, signature = text.split(".")
    now = {**json.loads(base64.urlsafe_b64decode(body + "==")), **said}
    new = base64.urlsafe_b64encode(json.dumps(now).encode()).rstrip(b"=").decode()
    return f"{head}.{new}.{signature}"


def now(offset_s: int) -> int:
    return int(time.time()) + offset_s


def der_signed() -> str:
    """Return a token signed as X.509 does it and not as RFC 7518 does."""
    unsigned = token().rsplit(".", 1)[0]
    signature = ec_key().sign(unsigned.encode(), ec.ECDSA(hashes.SHA256()))
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


NONE = {"typ": "JWT", "kid": "one"}
OWN_JWK = jwk_of(STRANGER, "one")
FORGED: dict[str, Callable[[], str]] = {
    "none algorithm": lambda: by_hand({**NONE, "alg": "none"}, claims(), b""),
    "none algorithm, signed": lambda: by_hand({**NONE, "alg": "none"}, claims(), b"x" * 64),
    "None in another case": lambda: by_hand({**NONE, "alg": "nOnE"}, claims(), b"x" * 64),
    "no algorithm": lambda: by_hand(NONE, claims(), b"x" * 64),
    "algorithm is a list": lambda: by_hand({**NONE, "alg": ["ES256"]}, claims(), b"x" * 64),
    "algorithm is null": lambda: by_hand({**NONE, "alg": None}, claims(), b"x" * 64),
    "HS256 with the RSA public key": lambda: by_hmac(public_pem(rsa_key()), "two"),
    "HS256 with the EC public key": lambda: by_hmac(public_pem(ec_key()), "one"),
    "HS256 with the JWK's n": lambda: by_hmac(PUBLISHED[1]["n"].encode(), "two"),
    "RS256 named, HMAC made": lambda: by_hmac(public_pem(rsa_key()), "two", "RS256"),
    "HS256 where it is off": lambda: token(SECRET, "HS256"),
    "HS256 with an empty secret": lambda: by_hmac(b"", "one"),
    "RS256 for an EC key's kid": lambda: token(rsa_key(), "RS256", kid="one"),
    "ES256 for an RSA key's kid": lambda: token(ec_key(), "ES256", kid="two"),
    "RS512 for an RS256 key": lambda: token(rsa_key(), "RS512", kid="two"),
    "PS256 for an RS256 key": lambda: token(rsa_key(), "PS256", kid="two"),
    "EdDSA": lambda: token(ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    "a stranger's key under our kid": lambda: token(STRANGER),
    "expired": lambda: token(exp=now(-6)),
    "expired long ago": lambda: token(exp=1),
    "no expiry": lambda: token(exp=None),
    "expiry is text": lambda: token(exp="tomorrow"),
    "expiry is a list": lambda: token(exp=[now(600)]),
    "expiry without an end": lambda: token(exp=float("inf")),
    "not yet valid": lambda: token(nbf=now(60)),
    "issued tomorrow": lambda: token(iat=now(86_400)),
    "wrong audience": lambda: token(aud="someone-else"),
    "wrong audiences": lambda: token(aud=["a", "b"]),
    "audience is a number": lambda: token(aud=7),
    "no audience": lambda: token(aud=None),
    "wrong issuer": lambda: token(iss="https://issuer.example"),
    "issuer with a slash more": lambda: token(iss=f"{ISSUER}/"),
    "issuer is a list": lambda: token(iss=[ISSUER]),
    "no issuer": lambda: token(iss=None),
    "unknown kid": lambda: token(kid="three"),
    "no kid": lambda: token(kid=None),
    "empty kid": lambda: token(kid=""),
    "kid is a path": lambda: token(kid="../../../../dev/null"),
    "kid is SQL": lambda: token(kid="one' union select 'secret' -- "),
    "kid is an address": lambda: token(kid="http://127.0.0.1:1/keys.json"),
    "kid is a number": lambda: by_hand({"alg": "ES256", "kid": 1}, claims(), b"x" * 64),
    "kid is an object": lambda: by_hand({"alg": "ES256", "kid": {"$ne": ""}}, claims(), b"x" * 64),
    "kid is endless": lambda: token(kid="k" * 3000),
    "oversized": lambda: token(padding="x" * 9000),
    "crit": lambda: token(header={"crit": ["exp"], "exp": 1}),
    "crit that is empty": lambda: token(header={"crit": []}),
    "b64": lambda: by_hand({"alg": "ES256", "kid": "one", "b64": False}, claims(), b"x" * 64),
    "jku": lambda: token(STRANGER, header={"jku": "http://127.0.0.1:1/keys.json"}),
    "x5u": lambda: token(STRANGER, header={"x5u": "http://127.0.0.1:1/chain.pem"}),
    "jwk": lambda: token(STRANGER, header={"jwk": OWN_JWK}),
    "x5c": lambda: token(STRANGER, header={"x5c": ["MIIB"]}),
    "jku beside a good signature": lambda: token(header={"jku": "http://127.0.0.1:1/"}),
    "signature stripped": lambda: token().rsplit(".", 1)[0] + ".",
    "signature and dot stripped": lambda: token().rsplit(".", 1)[0],
    "two dots missing": lambda: token().replace(".", ""),
    "a part too many": lambda: token() + ".x",
    "five parts, as if encrypted": lambda: token() + ".x.y",
    "ECDSA signature of zeros": lambda: token().rsplit(".", 1)[0] + "." + "A" * 86,
    "signature cut": lambda: token()[:-4],
    "signature in DER": der_signed,
    "another tenant under the signature": lambda: changed(
        token(), app_metadata={"tenant_id": "another"}
    ),
    "a longer life under the signature": lambda: changed(token(exp=now(-100)), exp=now(600)),
    "of another type": lambda: token(header={"typ": "logout+jwt"}),
    "no tenant": lambda: token(app_metadata={}),
    "tenant only where users write": lambda: token(app_metadata=None),
    "tenant is a list": lambda: token(app_metadata={"tenant_id": ["green"]}),
    "tenant is empty": lambda: token(app_metadata={"tenant_id": ""}),
    "tenant has a line break": lambda: token(app_metadata={"tenant_id": "green\nblue"}),
    "claims are a list": lambda: jwt.PyJWS().encode(
        b"[]", ec_key(), "ES256", headers={"kid": "one"}
    ),
    "claims are no JSON": lambda: jwt.PyJWS().encode(
        b"{", ec_key(), "ES256", headers={"kid": "one"}
    ),
    "claims nest without end": lambda: jwt.PyJWS().encode(
        b'{"a":' * 1200 + b"1" + b"}" * 1200, ec_key(), "ES256", headers={"kid": "one"}
    ),
    "no base64": lambda: "!!.!!.!!",
    "not ASCII": lambda: "ä.ö.ü",
    "header nests without end": lambda: by_hand({"alg": "ES256"}, {}, b"x").replace(
        "ey", base64.urlsafe_b64encode(b"[" * 4000).decode(), 1
    ),
    "an API key": lambda: "gardenos_" + "a" * 11 + "_" + "b" * 49,
    "text": lambda: "hello",
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_is_refused_and_not_repeated(
    identity: TokenIdentity, name: str
) -> None:
    text = FORGED[name]()
    with pytest.raises(UnauthenticatedError) as caught:
        await identity.identify(headers_of(text))
    said = f"{caught.value} {caught.value.args}"
    assert text not in said
    assert not [part for part in text.split(".") if len(part) > 8 and part in said]


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(ec_key(), "ES256", "one"), (rsa_key(), "RS256", "two")]
)
async def test_a_genuine_token_names_its_tenant_and_scopes(
    identity: TokenIdentity, key: Any, algorithm: str, kid: str
) -> None:
    caller = await identity.identify(headers_of(token(key, algorithm, kid=kid)))
    assert caller.tenant_id == "green"
    assert caller.scopes == {Scope.READ, Scope.WRITE}
    assert caller.subject == "token:7b1f8a52-9a3c-4c1e-8d4f-0c2a7d1e5f60"


async def test_clocks_may_differ_by_the_leeway(identity: TokenIdentity) -> None:
    for text in (token(exp=now(-3)), token(nbf=now(3)), token(iat=now(3))):
        assert (await identity.identify(headers_of(text))).tenant_id == "green"


async def test_the_shared_secret_counts_only_where_it_is_switched_on() -> None:
    with_secret = an_identity(secret=SECRET, hs256=True)
    caller = await with_secret.identify(headers_of(token(SECRET, "HS256", kid=None)))
    assert caller.tenant_id == "green"
    for wrong in (b"another secret of thirty-two bytes or more", public_pem(rsa_key())):
        with pytest.raises(UnauthenticatedError):
            await with_secret.identify(headers_of(by_hmac(wrong, "two")))


async def test_a_token_may_serve_several_audiences_and_types(identity: TokenIdentity) -> None:
    for text in (token(aud=["a", AUDIENCE]), token(header={"typ": "at+jwt"})):
        assert (await identity.identify(headers_of(text))).tenant_id == "green"


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ({"role": "anon"}, set()),
        ({"role": None}, set()),
        ({"role": ["x", "authenticated"]}, {"read", "write"}),
        ({"role": None, "scope": "read openid operate"}, {"read", "operate"}),
        ({"role": None, "scope": ["read", 7, "admin"]}, {"read", "admin"}),
        ({"role": {"a": 1}, "scope": 7}, set()),
    ],
)
async def test_scopes_and_roles_that_nobody_declared_grant_nothing(
    identity: TokenIdentity, said: dict[str, Any], scopes: set[str]
) -> None:
    assert (await identity.identify(headers_of(token(**said)))).scopes == scopes


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer  "},
        {"authorization": "Basic dTpw"},
        {"authorization": "Bearer a.b.c", "x-api-key": "d"},
    ],
)
async def test_a_request_carries_one_credential(
    identity: TokenIdentity, headers: dict[str, str]
) -> None:
    with pytest.raises(UnauthenticatedError):
        await identity.identify(headers)


async def test_a_token_is_verified_once_and_kept_no_longer_than_it_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified: list[str] = []
    decode = jwt.decode

    def counted(text: str, *given: Any, **named: Any) -> Any:
        verified.append(text)
        return decode(text, *given, **named)

    monkeypatch.setattr(jwt, "decode", counted)
    identity, clock = an_identity(), [time.time()]
    identity._clock = lambda: clock[0]
    text = token()
    for _ in range(5):
        await identity.identify(headers_of(text))
    assert len(verified) == 1
    clock[0] += 601
    await identity.identify(headers_of(text))
    assert len(verified) == 2


async def test_refused_tokens_take_no_memory_and_good_ones_a_bounded_one() -> None:
    identity = an_identity(cache_size=16)
    for _ in range(40):
        with pytest.raises(UnauthenticatedError):
            await identity.identify(headers_of(token(STRANGER, jti=str(time.time_ns()))))
    assert len(identity._verified) == 0
    for number in range(40):
        await identity.identify(headers_of(token(jti=str(number))))
    assert len(identity._verified) == 16


@pytest.mark.parametrize(
    "published",
    [
        {**jwk_of(ec_key(), "one"), "alg": "HS256"},
        {**jwk_of(rsa_key(), "two"), "alg": "ES256"},
        {**jwk_of(rsa_key(), "two"), "alg": "RS512"},
        {**jwk_of(rsa_key(), "two"), "alg": "none"},
        {**jwk_of(ec_key(), "one"), "use": "enc"},
        {**jwk_of(ec_key(), "one"), "key_ops": ["sign"]},
        {**jwk_of(ec_key(), "one"), "kid": ""},
        {**jwk_of(ec_key(), "one"), "x": "AAAA"},
        {**jwk_of(ec_key(), "one"), "crv": ["P-256"]},
        {**ECAlgorithm.to_jwk(ec_key(), as_dict=True), "kid": "one", "key_ops": ["verify"]},
        {"kty": "oct", "kid": "one", "k": "c2VjcmV0"},
        {"kty": "oct", "kid": "one", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": ["EC"], "kid": "one"},
        {},
        "a text",
        None,
    ],
)
def test_a_published_key_that_fits_nothing_is_left_out(published: Any) -> None:
    found = read_key_set(json.dumps({"keys": [published]}).encode(), ("ES256", "RS256"))
    assert not found.keys


def test_a_short_rsa_key_is_left_out() -> None:
    short = jwk_of(rsa_key(), "two")
    short["n"] = short["n"][:170]
    assert not read_key_set(json.dumps({"keys": [short]}).encode(), ("RS256",)).keys


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"keys": {}}', b"\xff", b"[" * 100_000])
def test_what_is_no_key_set_is_an_error_of_one_line(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"^no (JSON|list of keys)$"):
        read_key_set(text, ("ES256",))
