"""An issuer of tokens: keys that rotate, served over real HTTP on loopback, and tokens."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER = "https://issuer.example/auth/v1"
AUDIENCE = "authenticated"
SECRET = b"a secret of more than thirty-two bytes, for tests"


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Return a key; making one takes a moment, so that tests share them by number."""
    del number
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """Return a key on P-256."""
    del number
    return ec.generate_private_key(ec.SECP256R1())


def jwk_of(key: Any, kid: str, **changes: Any) -> dict[str, Any]:
    """Return the public part of a key as an issuer publishes it."""
    kind = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    published: dict[str, Any] = kind.to_jwk(key.public_key(), as_dict=True)
    published.pop("key_ops", None)
    return {**published, "kid": kid, "use": "sig", **changes}


def claims(**changes: Any) -> dict[str, Any]:
    """Return what Supabase puts into a token; None leaves a claim out."""
    now = int(time.time())
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "7b1f8a52-9a3c-4c1e-8d4f-0c2a7d1e5f60",
        "role": "authenticated",
        "iat": now,
        "exp": now + 600,
        "app_metadata": {"provider": "email", "tenant_id": "green"},
        "user_metadata": {"tenant_id": "another"},
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def token(
    key: Any = None, algorithm: str = "ES256", *, kid: str | None = "one", **changes: Any
) -> str:
    """Return a signed token; ``header`` among the changes adds to its header."""
    header = {**({"kid": kid} if kid is not None else {}), **changes.pop("header", {})}
    signer = ec_key() if key is None else key
    said = json.dumps(claims(**changes)).encode()  # not jwt.encode, which has scruples
    return jwt.PyJWS().encode(said, signer, algorithm=algorithm, headers=header)


def by_hand(header: Mapping[str, Any], said: Any, signature: bytes) -> str:
    """Return a token as no library would make it."""
    parts = [json.dumps(header).encode(), json.dumps(said).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@dataclass
class Issuer:
    """Serves ``keys`` and counts how often it was asked; ``status`` and ``slow_s`` are faults."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk_of(ec_key(), "one")])
    status: int = 200
    body: bytes | None = None
    asked: int = 0
    hangs: asyncio.Event | None = None
    address: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            if self.hangs is not None:
                await self.hangs.wait()
            body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
            head = f"HTTP/1.1 {self.status} Said\r\nContent-Length: {len(body)}\r\n"
            head += "Location: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(issuer: Issuer) -> AsyncIterator[Issuer]:
    """Serve an issuer's keys for the length of the block."""
    server = await asyncio.start_server(issuer.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    issuer.address = f"http://127.0.0.1:{port}/.well-known/jwks.json"
    try:
        yield issuer
    finally:
        server.close()
        if issuer.hangs is not None:
            issuer.hangs.set()
        await server.wait_closed()
