"""Callers by token (RFC 7519): signature first, by the algorithm that the key is pinned to."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.types import Options

from domain.caller import Caller
from domain.errors import UnauthenticatedError
from serve_app.auth.bounded_cache import BoundedCache
from serve_app.auth.claims import ClaimNames, caller_of
from serve_app.auth.credential import credential_of
from serve_app.auth.key_set import PinnedKey
from serve_app.auth.settings import AuthSettings
from serve_app.auth.signing_keys import SigningKeys

REFUSED_HEADERS = frozenset({"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"})
"""What names a key, or a rule, that the token brings itself."""

TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
ALLOWED = "a token of our issuer, for us, within its time"
MAX_KID_CHARACTERS = 256
DOTS = 2

WHY: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidIssuedAtError: "the token's iat is no time",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.InvalidIssuerError: "the token is of another issuer",
    jwt.MissingRequiredClaimError: "the token lacks a claim",
    jwt.InvalidSignatureError: "the token's signature is wrong",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that was verified, and by which key."""

    caller: Caller
    fingerprint: str


class TokenIdentity:
    """Implements :class:`serve_app.identity.Identity` for ``auth.mode: jwt``.

    A verified token is kept by its digest until it expires, as long as its key is among the
    issuer's. One that was refused is not kept: nobody fills memory with forgeries.

    Args:
        keys: The issuer's; None where only the shared secret counts.
        settings: What a token must be.
        hs256_secret: Shared with the issuer; None where HS256 is not switched on.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        keys: SigningKeys | None,
        settings: AuthSettings,
        *,
        hs256_secret: bytes | None,
        clock: Callable[[], float],
    ) -> None:
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self._names = ClaimNames(
            settings.tenant_claim, settings.scope_claim, settings.role_claim, settings.role_scopes
        )
        self._secret_key = _shared(hs256_secret) if hs256_secret is not None else None
        self._verified: BoundedCache[bytes, Verified] = BoundedCache(settings.cache_size)

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Return whom the token names; see the port."""
        token = credential_of(headers, self._settings.max_credential_bytes)
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        kept = self._verified.get(digest, self._clock())
        if kept is not None and await self._still_trusts(kept):
            return kept.caller
        key = await self._key_of(unverified_header(token))
        claims = self._verify(token, key)
        caller = caller_of(claims, self._names)
        self._verified.put(digest, Verified(caller, key.fingerprint), float(claims["exp"]))
        return caller

    async def _still_trusts(self, kept: Verified) -> bool:
        if self._secret_key is not None and hmac.compare_digest(
            kept.fingerprint, self._secret_key.fingerprint
        ):
            return True
        return (
            self._keys is not None and kept.fingerprint in (await self._keys.current()).fingerprints
        )

    async def _key_of(self, header: Mapping[str, Any]) -> PinnedKey:
        """Return the one key that may verify a token; the header only chooses among ours."""
        algorithm = header["alg"]
        if algorithm == "HS256":
            if self._secret_key is None:
                raise UnauthenticatedError("the token's algorithm is not allowed", ALLOWED)
            return self._secret_key
        kid = header.get("kid")
        if algorithm not in self._settings.algorithms or self._keys is None:
            raise UnauthenticatedError("the token's algorithm is not allowed", ALLOWED)
        if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_CHARACTERS:
            raise UnauthenticatedError("the token names no key", ALLOWED)
        _, found = await self._keys.find(kid)
        if not found:
            raise UnauthenticatedError("the token's key is not known", ALLOWED)
        for key in found:
            if key.algorithm == algorithm:
                return key
        raise UnauthenticatedError("the token's key is for another algorithm", ALLOWED)

    def _verify(self, token: str, key: PinnedKey) -> dict[str, Any]:
        options: Options = {
            "require": ["exp", "iss", "aud"],
            "enforce_minimum_key_length": True,
            "verify_sub": False,  # checks only that it is text; ours takes what is text
            "verify_jti": False,
        }
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway_s,
                options=options,
            )
            float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            why = next((WHY[kind] for kind in type(error).__mro__ if kind in WHY), "")
            raise UnauthenticatedError(why or "the token cannot be read", ALLOWED) from error
        return claims


def unverified_header(token: str) -> Mapping[str, Any]:
    """Return a token's header, of which nothing is true yet.

    Raises:
        UnauthenticatedError: The text is no signed token, or the header asks for what we never do.
    """
    if token.count(".") != DOTS or token.endswith("."):
        raise UnauthenticatedError("the credential is no signed token", ALLOWED)
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise UnauthenticatedError("the token cannot be read", ALLOWED) from error
    if REFUSED_HEADERS & header.keys():
        raise UnauthenticatedError("the token's header asks for what is not done here", ALLOWED)
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise UnauthenticatedError("the token is of another type", ALLOWED)
    if not isinstance(header.get("alg"), str):
        raise UnauthenticatedError("the token names no algorithm", ALLOWED)
    return header


def _shared(secret: bytes) -> PinnedKey:
    return PinnedKey("", "HS256", secret, "hs256:" + hashlib.sha256(secret).hexdigest())
