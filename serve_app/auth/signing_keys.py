"""An issuer's keys as they are now: fetched once for everyone, again in time, never in a flood."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass

from domain.errors import UnavailableError
from serve_app.auth.key_set import KeySet, PinnedKey, read_key_set
from serve_app.auth.key_source import Fetch

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old keys may be, in seconds.

    Attributes:
        fresh_s: Older keys are fetched again, while they still serve.
        stale_s: For so long on top they serve while no fetch succeeds.
        retry_s: Least time between the starts of two fetches.
    """

    fresh_s: float
    stale_s: float
    retry_s: float


class SigningKeys:
    """The keys of one issuer; the clock is the running loop's.

    Args:
        fetch: Where keys come from.
        algorithms: Which keys are used.
        freshness: How old they may be.
    """

    def __init__(self, fetch: Fetch, algorithms: Collection[str], freshness: Freshness) -> None:
        self._fetch = fetch
        self._algorithms = algorithms
        self._freshness = freshness
        self._keys: KeySet | None = None
        self._fetched_at_s = float("-inf")
        self._tried_at_s = float("-inf")
        self._flight: asyncio.Task[None] | None = None

    async def current(self) -> KeySet:
        """Return the keys; where they age, a fetch begins that nobody waits for.

        Raises:
            UnavailableError: There are none, or only ones that are too old.
        """
        age_s = self._now_s() - self._fetched_at_s
        if age_s < self._freshness.fresh_s and self._keys is not None:
            return self._keys
        if age_s >= self._freshness.fresh_s + self._freshness.stale_s or self._keys is None:
            await self._refreshed()
            age_s = self._now_s() - self._fetched_at_s
            if self._keys is None or age_s >= self._freshness.fresh_s + self._freshness.stale_s:
                wait_s = self._tried_at_s + self._freshness.retry_s - self._now_s()
                raise UnavailableError("the issuer's keys are not known", max(1.0, wait_s))
        else:
            self._begin()
        return self._keys

    async def find(self, kid: str) -> tuple[KeySet, tuple[PinnedKey, ...]]:
        """Return the keys of a kid with all others; asks the issuer once more where it is new.

        Raises:
            UnavailableError: See :meth:`current`.
        """
        keys = await self.current()
        if not keys.find(kid):
            await self._refreshed()
            keys = await self.current()
        return keys, keys.find(kid)

    async def aclose(self) -> None:
        """End a fetch that is under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    async def _refreshed(self) -> None:
        """Wait for the fetch that is under way, or for a new one where it is time for one."""
        flight = self._begin()
        if flight is not None:
            await asyncio.shield(flight)

    def _begin(self) -> "asyncio.Task[None] | None":
        """Return the fetch under way, a new one, or None where the last began just now."""
        if self._flight is not None and not self._flight.done():
            return self._flight
        if self._now_s() - self._tried_at_s < self._freshness.retry_s:
            return None
        self._tried_at_s = self._now_s()
        self._flight = asyncio.create_task(self._take(), name="signing-keys")
        return self._flight

    async def _take(self) -> None:
        """Fetch the keys; where that fails, those there are stay."""
        asked_at_s = self._now_s()
        try:
            self._keys = read_key_set(await self._fetch(), self._algorithms)
        except UnavailableError as error:
            logger.warning("signing_keys_unavailable", extra={"why": error.what})
        except ValueError as error:
            logger.warning("signing_keys_unreadable", extra={"why": str(error)})
        except Exception as error:
            logger.exception("signing_keys_failed", extra={"error": type(error).__name__})
        else:
            self._fetched_at_s = asked_at_s

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
