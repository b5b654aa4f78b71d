"""Looks keys up in the database: one statement at a time for everyone who asks.

Whoever guesses can ask for as many ids as he likes; the database sees one bounded statement an
interval all the same, and an honest key rides in the same one.
"""

import asyncio
import logging

from domain.api_keys import ApiKey, ApiKeyStore
from domain.errors import OverloadedError, UnavailableError

logger = logging.getLogger(__name__)

Found = ApiKey | UnavailableError | None


class KeyLookups:
    """Gathers the ids that are asked for while a statement runs into the next one.

    Args:
        store: Where keys are.
        interval_s: Least time between the starts of two statements.
        max_waiting: Most ids that wait, and most of one statement.
    """

    def __init__(self, store: ApiKeyStore, *, interval_s: float, max_waiting: int) -> None:
        self._store = store
        self._interval_s = interval_s
        self._max_waiting = max_waiting
        self._waiting: dict[str, asyncio.Future[Found]] = {}
        self._work: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> ApiKey | None:
        """Return a key, or None where there is none.

        Raises:
            DatabaseUnavailableError: The database does not answer.
            OverloadedError: Too many ids wait already.
        """
        answer = self._waiting.get(key_id)
        if answer is None:
            if len(self._waiting) >= self._max_waiting:
                raise OverloadedError("too many unknown keys are looked up", 1.0)
            answer = asyncio.get_running_loop().create_future()
            self._waiting[key_id] = answer
            if self._work is None or self._work.done():
                self._work = asyncio.create_task(self._run(), name="key-lookups")
        found = await asyncio.shield(answer)
        if isinstance(found, UnavailableError):
            raise type(found)(found.what, found.retry_after_s)
        return found

    async def aclose(self) -> None:
        """Stop looking; who still waits is told to come again."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        self._settle(self._waiting, UnavailableError("the service stops", 1.0))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            next_s = loop.time() + self._interval_s
            try:
                keys = await self._store.find(tuple(batch))
                for key_id, answer in batch.items():
                    self._settle({key_id: answer}, keys.get(key_id))
            except UnavailableError as error:
                self._settle(batch, error)
            except Exception as error:
                logger.exception("key_lookup_failed", extra={"error": type(error).__name__})
                self._settle(batch, UnavailableError("keys cannot be looked up", 1.0))
            finally:
                self._settle(batch, UnavailableError("keys cannot be looked up", 1.0))
            await asyncio.sleep(max(0.0, next_s - loop.time()))

    def _settle(self, answers: dict[str, "asyncio.Future[Found]"], found: Found) -> None:
        for answer in answers.values():
            if not answer.done():
                answer.set_result(found)
