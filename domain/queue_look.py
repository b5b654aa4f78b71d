"""What a look at the durable queue finds, and the port that looks; no row is changed by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.ids import AgentKind, TenantId


@dataclass(frozen=True, slots=True)
class QueueLook:
    """One kind's line at one moment.

    Attributes:
        waiting: Tasks in line or waiting for their back-off; the count stops at the cap asked for.
        tenants: How many of them each tenant has; only those with most are named.
        unnamed: The most that a tenant has who is not named.
        finished: Durable tasks that ended in the ``finished_in_s`` before; 0 at a first look.
        finished_in_s: Length of that time, 0 where nothing was counted.
        finished_until: Its end by the database's clock, for the next look.
    """

    waiting: int
    tenants: Mapping[TenantId, int] = field(default_factory=dict)
    unnamed: int = 0
    finished: int = 0
    finished_in_s: float = 0.0
    finished_until: datetime | None = None


class QueueGauge(Protocol):
    """Looks at the durable queue, which belongs to all orchestrators."""

    async def look(
        self, kinds: Sequence[AgentKind], *, cap: int, since: datetime | None
    ) -> Mapping[AgentKind, QueueLook]:
        """Look at every kind in one statement.

        Args:
            kinds: Each once; the answer has them all.
            cap: Where the count of a kind's waiting tasks stops.
            since: ``finished_until`` of the look before, or None.

        Raises:
            DatabaseUnavailableError: The database cannot be used now.
        """
        ...
