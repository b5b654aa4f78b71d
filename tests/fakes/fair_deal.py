"""The deal of one claim as a plain model: round robin over tenants, by weight, in each by order."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

ItemT = TypeVar("ItemT")


def deal(
    queues: Mapping[str, Sequence[ItemT]], weights: Mapping[str, int], *, after: str, limit: int
) -> list[ItemT]:
    """Return what one claim takes, in the order of the deal.

    Args:
        queues: Tasks by tenant, each in its order.
        weights: By tenant; 1 where absent.
        after: The tenant that was served last.
        limit: Most tasks.
    """
    waiting = sorted(tenant for tenant, queue in queues.items() if queue)
    seats = [one for one in waiting if one > after] + [one for one in waiting if one <= after]
    seats = seats[:limit]
    weight = {tenant: weights.get(tenant, 1) for tenant in seats}
    whole = sum(weight.values())
    taken: list[ItemT] = []
    share = {one: max(weight[one], -(-limit * weight[one] // whole)) for one in seats}
    lap = 0
    while len(taken) < limit:
        before = len(taken)
        for tenant in seats:
            first = lap * weight[tenant]
            last = min(first + weight[tenant], share[tenant])
            taken += queues[tenant][first:last]
        lap += 1
        if len(taken) == before:
            break
    return taken[:limit]


def last_served(tenants: Collection[str], *, after: str) -> str:
    """Return after which tenant the next deal begins; ``tenants`` had a part in this one."""
    return max(tenants, key=lambda name: (name <= after, name), default=after)
