"""What the load asks for: a pure function of its seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

PRIORITIES = ("urgent", "high", "normal", "low")
TENANTS = ("acacia", "birch", "cedar")
KILLER_EVERY = 500
"""One task in so many kills its replica each time it runs."""

PAID = "paid"
LEAD_ANALYSIS = "lead_analysis"


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to ask of the product.

    Attributes:
        name: Unlike any other's; stands in the payload, the question to the model and the result.
        kind: Of the agent.
        direct: Whether the caller waits on the line.
        key: The idempotency key, or None.
        twice: Whether the same request is sent a second time, at once.
        cancel_after_s: When the caller cancels it after the acceptance, in seconds, or None.
        deadline_s: Seconds it may take, or None.
        strict: Whether a run without an answer of the model fails and is tried again.
        kills: Whether the run kills its process.
    """

    name: str
    tenant: str
    priority: str
    kind: str = PAID
    direct: bool = False
    key: str | None = None
    twice: bool = False
    cancel_after_s: float | None = None
    deadline_s: float | None = None
    strict: bool = False
    kills: bool = False


def orders(seed: int, count: int, *, killers: int | None = None) -> list[Order]:
    """Return ``count`` orders.

    Args:
        seed: The same seed and counts give the same orders.
        count: How many.
        killers: How many of them kill; absent: one in :data:`KILLER_EVERY`.
    """
    rng = Random(f"{seed}/orders")  # noqa: S311 - repeatable on purpose
    wanted = count // KILLER_EVERY if killers is None else killers
    deadly = set(_spread(count, wanted, rng))
    return [_order(seed, number, rng, kills=number in deadly) for number in range(count)]


def _spread(count: int, wanted: int, rng: Random) -> Sequence[int]:
    """Return one place in each of ``wanted`` equal parts."""
    part = count // wanted if wanted else 0
    return [place * part + rng.randrange(part) for place in range(wanted)]


def _order(seed: int, number: int, rng: Random, *, kills: bool) -> Order:
    name = f"ref-{seed}-{number}"
    tenant, priority = rng.choice(TENANTS), rng.choice(PRIORITIES)
    way, keyed, fate = rng.random(), rng.random(), rng.random()
    delay_s, limit_s = rng.uniform(0.0, 3.0), rng.uniform(2.0, 20.0)
    if kills:
        return Order(name, tenant, priority, key=f"key-{name}", kills=True)
    is_direct = way < 0.2
    return Order(
        name,
        tenant,
        "normal" if is_direct else priority,
        kind=LEAD_ANALYSIS if way < 0.35 else PAID,
        direct=is_direct,
        key=f"key-{name}" if keyed < 0.9 else None,
        twice=keyed < 0.15,
        cancel_after_s=delay_s if fate < 0.08 and not is_direct else None,
        deadline_s=limit_s if 0.08 <= fate < 0.2 else None,
        strict=fate > 0.6,
    )
