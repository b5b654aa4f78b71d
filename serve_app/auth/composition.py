"""Makes the identity that the settings ask for, and closes what it opened."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import httpx

from domain.api_keys import ApiKeyStore
from domain.errors import ConfigurationError
from serve_app.auth.key_identity import ApiKeyIdentity
from serve_app.auth.key_source import Fetch, from_address, from_file
from serve_app.auth.settings import AuthMode, AuthSettings
from serve_app.auth.signing_keys import Freshness, SigningKeys
from serve_app.auth.token_identity import TokenIdentity
from serve_app.identity import Identity, LoopbackIdentity

MIN_SECRET_BYTES = 32
"""RFC 7518, section 3.2: a key for HS256 is as long as the hash."""


@asynccontextmanager
async def open_identity(
    settings: AuthSettings, keys: ApiKeyStore, *, hs256_secret: bytes | None = None
) -> AsyncIterator[Identity]:
    """Give the identity for the length of the block.

    Args:
        settings: How callers are known.
        keys: Where API keys are.
        hs256_secret: As :func:`serve_app.settings.hs256_secret` found it.

    Raises:
        ConfigurationError: HS256 is switched on without a secret that is good enough.
    """
    async with AsyncExitStack() as stack:
        if settings.mode is AuthMode.NONE:
            yield LoopbackIdentity()
        elif settings.mode is AuthMode.API_KEY:
            yield await _by_key(settings, keys, stack)
        else:
            if settings.hs256:
                check_secret(settings, hs256_secret)
            yield await _by_token(settings, hs256_secret if settings.hs256 else None, stack)


def check_secret(settings: AuthSettings, secret: bytes | None) -> None:
    """Raise ConfigurationError where a secret for HS256 is missing, short, or a public key."""
    field = "auth.hs256_secret_file" if settings.hs256_secret_file else "auth.hs256"
    where = settings.hs256_secret_file or f"variable {settings.hs256_secret_variable}"
    allowed = f"a secret of {MIN_SECRET_BYTES} bytes or more in {where}"
    if not secret:
        raise ConfigurationError(field, "no secret", allowed)
    if len(secret) < MIN_SECRET_BYTES:
        raise ConfigurationError(field, "<hidden>, which is too short", allowed)
    if secret.lstrip().startswith((b"-----BEGIN", b"ssh-", b"{")):
        raise ConfigurationError(field, "<hidden>, which is a key of another kind", allowed)


async def _by_key(
    settings: AuthSettings, keys: ApiKeyStore, stack: AsyncExitStack
) -> ApiKeyIdentity:
    identity = ApiKeyIdentity(keys, settings, now=lambda: datetime.now(UTC))
    stack.push_async_callback(identity.aclose)
    notes = asyncio.create_task(identity.run(), name="key-use")
    stack.push_async_callback(_stopped, notes)
    return identity


async def _by_token(
    settings: AuthSettings, secret: bytes | None, stack: AsyncExitStack
) -> TokenIdentity:
    fetch: Fetch | None = None
    if settings.jwks_url is not None:
        # a proxy of the environment has no business between this service and its issuer
        http = await stack.enter_async_context(
            httpx.AsyncClient(trust_env=False, timeout=settings.jwks_limit_s)
        )
        fetch = from_address(http, settings.jwks_url, limit_s=settings.jwks_limit_s)
    elif settings.jwks_file is not None:
        fetch = from_file(settings.jwks_file)
    keys = None
    if fetch is not None:
        freshness = Freshness(settings.jwks_fresh_s, settings.jwks_stale_s, settings.jwks_retry_s)
        keys = SigningKeys(fetch, settings.algorithms, freshness)
        stack.push_async_callback(keys.aclose)
    return TokenIdentity(keys, settings, hs256_secret=secret, clock=time.time)


async def _stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
