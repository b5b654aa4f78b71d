"""A lease that was lost never comes back, however long its process was stopped."""

import asyncio
from uuid import UUID

import pytest

from deployments.lease import Lease
from deployments.settings import QueueSettings
from domain.ids import WorkerId
from tests.fakes.simulation import simulated
from tests.fakes.task_queue import MemoryTaskQueue


@pytest.mark.parametrize("stopped_s", [30, 75, 86_400])
def test_who_was_stopped_for_longer_than_the_lease_takes_a_new_id(stopped_s: float) -> None:
    @simulated
    async def run() -> None:
        queue, said = MemoryTaskQueue(), list[str]()
        ids = (WorkerId(UUID(int=number)) for number in range(1, 99))
        lease = Lease(
            queue,
            QueueSettings(),
            new_worker_id=lambda: next(ids),
            changed=lambda held: said.append("held" if held else "run out"),
            lost=lambda: said.append("lost"),
        )
        await lease._renew()
        first = lease.worker
        for _ in range(int(stopped_s // 10)):  # the others go on; this process does not
            await asyncio.sleep(10)
            await queue.recover(limit=10)
        await lease._renew()
        assert said == ["held", "run out", "lost"]
        assert lease.worker != first
        await lease._renew()
        assert said[-1] == "held"
        assert first not in queue.leases or queue.leases[first] < queue.leases[lease.worker]

    run()


@simulated
async def test_a_reply_lost_while_the_lease_was_made_costs_no_second_id() -> None:
    queue, ids = MemoryTaskQueue(), (WorkerId(UUID(int=number)) for number in range(1, 99))
    lease = Lease(
        queue,
        QueueSettings(),
        new_worker_id=lambda: next(ids),
        changed=lambda _held: None,
        lost=lambda: None,
    )
    await queue.renew(lease.worker, lease_s=10, is_new=True)
    first = lease.worker
    await lease._renew()
    assert lease.is_held
    assert lease.worker == first
