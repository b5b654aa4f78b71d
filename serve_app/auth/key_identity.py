"""Callers by API key: found by id, compared in constant time, kept for a short time."""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from domain.api_keys import ApiKey, ApiKeyStore, KeyState
from domain.caller import Caller
from domain.errors import UnauthenticatedError, UnavailableError
from serve_app.auth.bounded_cache import BoundedCache
from serve_app.auth.credential import credential_of
from serve_app.auth.key_lookups import KeyLookups
from serve_app.auth.key_text import read_key
from serve_app.auth.settings import AuthSettings

logger = logging.getLogger(__name__)

ALLOWED = "a key made by gardenos keys create that is neither revoked nor expired"
NOTE_INTERVAL_S = 60.0
"""Seconds between two writes of when keys were last used."""


class ApiKeyIdentity:
    """Implements :class:`serve_app.identity.Identity` for ``auth.mode: api_key``.

    A key that was found is known for ``cache_s`` seconds: so long a revoked one still opens, and
    so long everyone who was here just now goes on while the database is away. Ids that nobody has
    are kept apart, so that guessing displaces no key that is in use.

    Args:
        store: Where keys are.
        settings: Times and sizes.
        now: Wall clock, with zone.
    """

    def __init__(
        self, store: ApiKeyStore, settings: AuthSettings, *, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._settings = settings
        self._now = now
        self._known: BoundedCache[str, ApiKey] = BoundedCache(settings.cache_size)
        self._unknown: BoundedCache[str, bool] = BoundedCache(settings.cache_size)
        self._used: dict[str, datetime] = {}
        self._lookups = KeyLookups(
            store, interval_s=settings.lookup_interval_s, max_waiting=settings.max_lookups
        )

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Return the owner of the key; see the port."""
        parts = read_key(credential_of(headers, self._settings.max_credential_bytes))
        if parts is None:
            raise UnauthenticatedError("the credential is no key of ours", ALLOWED)
        key = await self._find(parts.key_id)
        if key is None or not hmac.compare_digest(key.digest, parts.digest):
            raise UnauthenticatedError("nobody has this key", ALLOWED)
        now = self._now()
        if (state := key.state(now)) is not KeyState.ACTIVE:
            raise UnauthenticatedError(f"the key is {state}", ALLOWED)
        if key.key_id in self._used or len(self._used) < self._settings.cache_size:
            self._used[key.key_id] = now
        return Caller(key.tenant_id, key.scopes, f"key:{key.key_id}")

    async def _find(self, key_id: str) -> ApiKey | None:
        now_s = asyncio.get_running_loop().time()
        if key := self._known.get(key_id, now_s):
            return key
        if self._unknown.get(key_id, now_s):
            return None
        key = await self._lookups.find(key_id)
        # Counted from the question, not the answer: what is revoked meanwhile is noticed in time.
        until_s = now_s + self._settings.cache_s
        if key is None:
            self._unknown.put(key_id, True, until_s)
        else:
            self._known.put(key_id, key, until_s)
        return key

    async def run(self) -> None:
        """Write now and then which keys were used, until cancelled."""
        while True:
            await asyncio.sleep(NOTE_INTERVAL_S)
            try:
                await self.note_use()
            except Exception as error:  # the loop's top: the next round may fare better
                logger.exception("key_use_not_noted", extra={"error": type(error).__name__})

    async def note_use(self) -> None:
        """Write which keys were used since the last time; where that fails, it is kept."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._store.note_use(used)
        except UnavailableError as error:
            self._used = {**used, **self._used}
            logger.info("key_use_not_noted", extra={"why": error.what})

    async def aclose(self) -> None:
        """Write what is not written yet, in a bounded time, and stop looking keys up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.note_use()
        await self._lookups.aclose()
