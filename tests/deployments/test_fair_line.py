"""One tenant's direct calls leave room, and turns, for those of another."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from deployments.answer import Answer
from domain.errors import OverloadedError
from domain.ids import TenantId
from domain.task import Submission, TaskState
from tests.deployments.engine_world import QUEUE, World, world
from tests.fakes.simulation import now_unix_s, simulated
from tests.fakes.tasks import submission

NOISY, QUIET = TenantId("noisy"), TenantId("quiet")


def call(number: int, tenant: TenantId, s: float = 2.0) -> Submission:
    return replace(submission(number, s=s), tenant_id=tenant)


async def crowd(w: World, size: int, s: float = 2.0) -> list["asyncio.Task[Answer]"]:
    calls = [asyncio.create_task(w.engine.answer(call(n, NOISY, s))) for n in range(size)]
    await asyncio.sleep(0.5)
    return calls


async def go_away(calls: list["asyncio.Task[Answer]"]) -> None:
    for one in calls:
        one.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


@simulated
async def test_a_single_call_does_not_wait_behind_all_those_of_another_tenant() -> None:
    async with world() as w:  # 4 slots
        noisy = await crowd(w, 200)
        began_s = now_unix_s()
        answer = await w.engine.answer(call(9999, QUIET))
        assert answer.state is TaskState.SUCCEEDED
        assert now_unix_s() - began_s < 8  # its own 2 s, what the slots run, what was sent ahead
        await go_away(noisy)


@simulated
async def test_a_single_call_is_not_refused_for_the_length_of_another_tenants_line() -> None:
    async with world() as w:
        noisy = await crowd(w, 200, s=0.2)
        await asyncio.sleep(3)
        soon = replace(call(9999, QUIET, 0.2), deadline_unix_s=now_unix_s() + 2)
        with pytest.raises(OverloadedError):  # whose own line is too long for that
            await w.engine.answer(replace(call(9998, NOISY, 0.2), deadline_unix_s=now_unix_s() + 2))
        assert (await w.engine.answer(soon)).state is TaskState.SUCCEEDED
        await go_away(noisy)


@simulated
async def test_a_tenant_fills_no_more_than_its_share_of_the_line() -> None:
    changes = {"direct_bound": 50, "tenant_direct_share": 0.4}
    async with world(settings=QUEUE.model_copy(update=changes)) as w:
        noisy = await crowd(w, 50)
        refused = [one.exception() for one in noisy if one.done()]
        assert len(refused) == 30
        assert all(isinstance(one, OverloadedError) for one in refused)
        assert "of your callers" in str(refused[0])
        assert (await w.engine.answer(call(9999, QUIET))).state is TaskState.SUCCEEDED
        await go_away(noisy)
        assert (await w.engine.answer(call(9998, NOISY))).state is TaskState.SUCCEEDED
        assert not w.engine._line._callers


@simulated
async def test_ten_tenants_have_equal_parts_of_a_line_that_is_too_long() -> None:
    async with world() as w:
        tenants = [TenantId(f"t{n}") for n in range(10)]
        sizes = {tenant: 10 * (n + 1) for n, tenant in enumerate(tenants)}
        numbers = iter(range(10_000))
        ended: dict[TenantId, int] = dict.fromkeys(tenants, 0)

        async def one(tenant: TenantId) -> None:
            with suppress(Exception):
                await w.engine.answer(call(next(numbers), tenant, 1.0))
                ended[tenant] += 1

        calls = [one(tenant) for tenant, size in sizes.items() for _ in range(size)]
        await asyncio.gather(*calls)
        assert min(ended.values()) >= 8, "30 s of 4 slots are 120 calls, 12 for each"
