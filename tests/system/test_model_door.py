"""The bound on waiting, where it counts: at the model, on the real application.

``tests/deployments/test_model_door.py`` shows the same in simulated time, for more shapes of pool.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.system.door import SERVICE_MS, SLOTS, delays, door
from tests.system.model_world import percentile_ms

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MANY = 40

LIMIT_MS = 1.7 * SERVICE_MS
"""Without the lane at the claim 2.2 services were measured, for callers without the lane at the
sending 1.8; with both 0.9. The goal itself, one service and 0.1 s, is for a machine that does
nothing else: see ``benchmarks/model_door.py``."""


def test_an_urgent_call_starts_in_the_next_free_slot() -> None:
    with TemporaryDirectory(prefix="gardenos-system-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with door(folder) as world:
            found = delays(world, MANY, seed=1)
    assert found.low_left > SLOTS, "every slot was taken by low work to the last"
    p95_ms = {
        sort: percentile_ms(waits, 0.95)
        for sort, waits in (("durable", found.durable), ("direct", found.direct))
    }
    print(f"\np95 to the start, ms: {p95_ms}")  # noqa: T201 - how soon, for who looks
    assert max(p95_ms.values()) < LIMIT_MS
