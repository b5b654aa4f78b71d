"""An issuer's keys (RFC 7517), each pinned to one algorithm; what cannot be used is left out."""

import hashlib
import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

logger = logging.getLogger(__name__)

MAX_KEYS = 64
MIN_RSA_BITS = 2048
SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
"""Members of a private or shared key; whoever published one has lost it."""


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A key and the one algorithm that it verifies.

    Attributes:
        fingerprint: The same for the same key, whenever it was fetched.
    """

    kid: str
    algorithm: str
    key: jwt.PyJWK | bytes = field(repr=False)
    fingerprint: str


@dataclass(frozen=True, slots=True)
class KeySet:
    """Keys by kid; several may share one where their algorithms differ."""

    keys: Mapping[str, tuple[PinnedKey, ...]]
    fingerprints: frozenset[str]

    def find(self, kid: str) -> tuple[PinnedKey, ...]:
        """Return the keys of a kid."""
        return self.keys.get(kid, ())


def read_key_set(text: bytes, algorithms: Collection[str]) -> KeySet:
    """Return the keys of a set that verify signatures by one of the algorithms.

    Raises:
        ValueError: The text is no key set; says why without repeating it.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("no JSON") from error
    found = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise ValueError("no list of keys")  # noqa: TRY004 - of data, not of a caller's type
    if len(found) > MAX_KEYS:
        raise ValueError(f"more than {MAX_KEYS} keys")
    keys: dict[str, tuple[PinnedKey, ...]] = {}
    for number, one in enumerate(found):
        pinned = _pinned(one, algorithms)
        if isinstance(pinned, str):
            logger.warning("signing_key_ignored", extra={"number": number, "why": pinned})
        elif all(other.algorithm != pinned.algorithm for other in keys.get(pinned.kid, ())):
            keys[pinned.kid] = (*keys.get(pinned.kid, ()), pinned)
        else:
            logger.warning("signing_key_ignored", extra={"number": number, "why": "kid is taken"})
    everyone = frozenset(one.fingerprint for group in keys.values() for one in group)
    return KeySet(keys, everyone)


def algorithm_of(key: Mapping[str, Any]) -> str | None:
    """Return the algorithm that a key is for: what it says, if its type can; else its type's own.

    A token's header has no say in it.
    """
    by_type = {("EC", "P-256"): "ES256", ("RSA", None): "RS256"}
    kind = key.get("kty")
    curve = key.get("crv") if kind == "EC" else None
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        return None
    natural = by_type.get((kind, curve))
    return natural if key.get("alg", natural) == natural else None


def _pinned(key: Any, algorithms: Collection[str]) -> PinnedKey | str:
    """Return a key, or why it is not used."""
    if fault := _fault_of(key):
        return fault
    algorithm = algorithm_of(key)
    if algorithm is None or algorithm not in algorithms:
        return "another algorithm"
    try:
        read = jwt.PyJWK(key, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        return f"cannot be read ({type(error).__name__})"
    if algorithm == "RS256" and read.key.key_size < MIN_RSA_BITS:
        return f"shorter than {MIN_RSA_BITS} bits"
    canonical = json.dumps(key, sort_keys=True).encode()
    return PinnedKey(key["kid"], algorithm, read, hashlib.sha256(canonical).hexdigest())


def _fault_of(key: Any) -> str:
    """Return what speaks against an entry before its key is read, or an empty text."""
    if not isinstance(key, dict):
        return "no object"
    if SECRET_MEMBERS & key.keys():
        return "it holds a secret: the issuer must replace it"
    kid, uses = key.get("kid"), key.get("key_ops", ["verify"])
    if not isinstance(kid, str) or not kid:
        return "no kid"
    if key.get("use", "sig") != "sig" or not isinstance(uses, list) or "verify" not in uses:
        return "not for signatures"
    return ""
