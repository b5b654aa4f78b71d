"""The callers on the line of an orchestrator: who may join, and how long the line is."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from actors.agent import Clock
from deployments.chances import Chance, chance_of
from deployments.pool import Pool
from deployments.settings import QueueSettings
from domain.errors import DeadlineExceededError, OverloadedError
from domain.ids import TenantId
from domain.task import Submission


class CallerLine:
    """Counts the direct calls of each tenant, over all kinds of agents.

    Args:
        is_behind: Whether so many ends wait to be stored that nothing may be taken on.
    """

    def __init__(
        self,
        settings: QueueSettings,
        *,
        clock: Clock,
        rng: Random,
        is_behind: Callable[[], bool],
    ) -> None:
        self._bound = settings.direct_bound
        self._tenant_bound = max(1, math.ceil(self._bound * settings.tenant_direct_share))
        self._clock = clock
        self._rng = rng
        self._is_behind = is_behind
        self._callers: Counter[TenantId] = Counter()

    @contextmanager
    def joined(self, pool: Pool, submission: Submission) -> Iterator[None]:
        """Count a call for the length of the block.

        Raises:
            OverloadedError: There is no room for it, or its turn cannot come in time.
            DeadlineExceededError: It cannot end in time, were nobody ahead.
        """
        self._check(pool, submission)
        tenant = submission.tenant_id
        for counted in (self._callers, pool.callers):
            counted[tenant] += 1
        try:
            yield
        finally:
            for counted in (self._callers, pool.callers):
                counted[tenant] -= 1
                if not counted[tenant]:
                    del counted[tenant]

    def _check(self, pool: Pool, submission: Submission) -> None:
        """Refuse a call that finds no room, or that cannot end in time.

        One that repeats another may find its answer stored, so it is let in though it cannot run.
        """
        tenant, now_s = submission.tenant_id, asyncio.get_running_loop().time()
        ahead = pool.ahead_of(tenant)
        deadline_unix_s = submission.deadline_unix_s or 0.0
        chance = chance_of(
            deadline_unix_s - self._clock(),
            wait_s=pool.rate.wait_s(ahead, now_s),
            run_s=pool.dispatcher.shortest_run_s,
        )
        if chance is Chance.NONE and submission.idempotency_key is None:
            raise DeadlineExceededError(f"the {pool.kind} agent", deadline_unix_s)
        is_full = self._callers.total() >= self._bound or self._is_behind()
        takes_too_much = self._callers[tenant] >= self._tenant_bound
        if is_full or takes_too_much or chance is Chance.BEHIND_OTHERS:
            whose = "callers" if is_full or not takes_too_much else "of your callers"
            retry_s = pool.rate.retry_after_s(ahead, now_s, jitter=self._rng.random())
            raise OverloadedError(f"too many {whose} wait on the line", retry_s)
