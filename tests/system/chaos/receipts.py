"""What receivers of webhooks were told, against what became of the tasks. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

End = tuple[str, str, str, int]
"""Tenant, task, state and attempt."""


def end_of(told: dict[str, Any]) -> End:
    """Return the end that a message tells of, or that a task has."""
    return (
        str(told["tenant_id"]),
        str(told.get("task_id")),
        str(told.get("state")),
        int(told.get("attempt") or 0),
    )


def faults_of(receipts: Sequence[dict[str, Any]], ends: Sequence[End]) -> Iterator[str]:
    """Say what was forged, told under two names, told of nobody, or never taken.

    Args:
        receipts: The receivers' own log.
        ends: Of every task that has ended.
    """
    names: dict[End, set[str]] = defaultdict(set)
    told: dict[str, set[End]] = defaultdict(set)
    taken: set[End] = set()
    for receipt in receipts:
        end, name = end_of(receipt), str(receipt["message"])
        if not receipt["verified"]:
            yield f"{name}: its signature is not valid"
        names[end].add(name)
        told[name].add(end)
        if receipt["status"] < 300:
            taken.add(end)
    yield from (f"{end}: told as {sorted(of)}" for end, of in names.items() if len(of) > 1)
    yield from (f"{name}: tells {sorted(of)}" for name, of in told.items() if len(of) > 1)
    known = set(ends)
    yield from (f"{end}: told, and no task ended so" for end in names if end not in known)
    yield from (f"{end}: never taken by its receiver" for end in ends if end not in taken)
