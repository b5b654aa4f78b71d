"""The ledger: sums by task, reports by each combination, whose a deleted task's bill is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.ids import DEFAULT_TENANT, AgentKind, LeadId, TenantId
from domain.task import FOLLOW_UP, LEAD_ANALYSIS, Release
from domain.usage import UsageDimension, UsageLine, summarise
from postgres.derived_stores import PostgresUsageStore
from postgres.pool import Database
from tests.postgres.queue_world import World, analyse, call, lead, lead_store, noop, success

AGENT, MODEL, TENANT, DAY = UsageDimension
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 11, 3, tzinfo=UTC)
LAST_MOMENT = UNTIL - timedelta(microseconds=1)
LARGEST = 2**63 - 1
"""What a bigint holds."""

LEDGER: tuple[tuple[str, AgentKind, str, datetime, int], ...] = (
    ("default", LEAD_ANALYSIS, "small", SINCE, 1),
    ("default", LEAD_ANALYSIS, "small", LAST_MOMENT, 10),
    ("default", LEAD_ANALYSIS, "large", SINCE, 100),
    ("default", FOLLOW_UP, "large", SINCE + timedelta(hours=23, minutes=59), 1000),
    ("default", LEAD_ANALYSIS, "small", SINCE - timedelta(microseconds=1), 7),
    ("default", LEAD_ANALYSIS, "small", UNTIL, 7),
    ("other", LEAD_ANALYSIS, "small", SINCE, 7),
)
INSERT = """
insert into usage (task_id, attempt, call, tenant_id, kind, model, prompt_tokens,
    cached_prompt_tokens, completion_tokens, cost_nanousd, estimated, priced, at)
values (uuidv7(), 1, 0, $1, $2, $3, 5, 3, 2, $5, $3 = 'large', $3 = 'small', $4)
"""


@pytest.fixture
def world(database: Database) -> World:
    """Give one orchestrator."""
    return World(database)


@pytest.fixture
def ledger(database: Database) -> PostgresUsageStore:
    """Give the store of the same database."""
    return PostgresUsageStore(database)


async def fill(
    world: World, calls: Sequence[tuple[str, AgentKind, str, datetime, int]] = LEDGER
) -> None:
    """Store calls; those of the large model are estimated and without a price."""
    async with world.database.transaction() as connection:
        await connection.executemany(INSERT, calls)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ((), [((), 1111)]),
        ((AGENT,), [(("follow_up",), 1000), (("lead_analysis",), 111)]),
        ((MODEL,), [(("large",), 1100), (("small",), 11)]),
        ((TENANT,), [(("default",), 1111)]),
        ((DAY,), [(("2026-11-01",), 1101), (("2026-11-02",), 10)]),
        (
            (DAY, MODEL),
            [
                (("2026-11-01", "large"), 1100),
                (("2026-11-01", "small"), 1),
                (("2026-11-02", "small"), 10),
            ],
        ),
        (
            (MODEL, DAY),
            [
                (("large", "2026-11-01"), 1100),
                (("small", "2026-11-01"), 1),
                (("small", "2026-11-02"), 10),
            ],
        ),
        (
            (TENANT, AGENT, MODEL),
            [
                (("default", "follow_up", "large"), 1000),
                (("default", "lead_analysis", "large"), 100),
                (("default", "lead_analysis", "small"), 11),
            ],
        ),
    ],
)
async def test_a_report_sums_by_each_combination_in_the_order_asked_for(
    world: World,
    ledger: PostgresUsageStore,
    by: tuple[UsageDimension, ...],
    expected: list[tuple[tuple[str, ...], int]],
) -> None:
    await fill(world)
    lines = await ledger.report(DEFAULT_TENANT, since=SINCE, until=UNTIL, by=by)
    found = [(tuple(getattr(line, one.value) for one in by), line.cost_nanousd) for line in lines]
    assert found == expected
    unasked = set(UsageDimension) - set(by)
    assert all(getattr(line, one.value) is None for line in lines for one in unasked)


async def test_a_report_tells_of_cached_estimated_and_unpriced_calls(
    world: World, ledger: PostgresUsageStore
) -> None:
    await fill(world)
    (large, _) = await ledger.report(DEFAULT_TENANT, since=SINCE, until=UNTIL, by=[MODEL])
    assert large == UsageLine(
        model="large",
        calls=2,
        prompt_tokens=10,
        cached_prompt_tokens=6,
        completion_tokens=4,
        cost_nanousd=1100,
        estimated_calls=2,
        unpriced_calls=2,
    )


@pytest.mark.parametrize(("by", "expected"), [((), (UsageLine(),)), ((DAY,), ())])
async def test_a_report_of_nothing_is_a_line_of_zeros_or_no_line(
    ledger: PostgresUsageStore, by: tuple[UsageDimension, ...], expected: tuple[UsageLine, ...]
) -> None:
    assert await ledger.report(DEFAULT_TENANT, since=SINCE, until=UNTIL, by=by) == expected


async def test_no_sum_is_too_large(world: World, ledger: PostgresUsageStore) -> None:
    await fill(world, [("default", FOLLOW_UP, "small", SINCE, LARGEST) for _ in range(3)])
    (line,) = await ledger.report(DEFAULT_TENANT, since=SINCE, until=UNTIL, by=[])
    assert line.cost_nanousd == 3 * LARGEST


async def test_a_tasks_usage_is_that_of_all_its_attempts(
    world: World, ledger: PostgresUsageStore
) -> None:
    calls = (
        call(1),
        call(2).model_copy(update={"estimated": True, "cached_prompt_tokens": 4}),
        call(2, 1).model_copy(update={"priced": False, "cost_nanousd": 0}),
    )
    await world.admit(noop())
    (first,) = await world.claim()
    await world.queue.release([Release(first.task_id, 1, 0, "again", usage=calls[:1])])
    (second,) = await world.claim()
    await world.queue.complete([success(second, b"{}", *calls[1:])])
    assert await ledger.of_task(second.task_id) == summarise(calls)


@pytest.mark.parametrize("ending", ["completed", "released"])
async def test_the_bill_of_a_task_deleted_with_its_lead_is_still_its_tenants(
    world: World, ledger: PostgresUsageStore, ending: str
) -> None:
    tenant = TenantId("garden-club")
    await world.admit(replace(analyse(lead("a")), tenant_id=tenant))
    (task,) = await world.claim(LEAD_ANALYSIS)
    await lead_store(world.database).delete(tenant, LeadId("a"))

    if ending == "completed":
        done = success(task, b"{}", call())
        await world.queue.complete([replace(done, tenant_id=task.tenant_id, kind=task.kind)])
    else:
        back = Release(task.task_id, task.attempt, 0, "again", usage=(call(),))
        await world.queue.release([replace(back, tenant_id=task.tenant_id, kind=task.kind)])

    rows = await world.rows("select tenant_id, kind from usage")
    assert rows == [("garden-club", "lead_analysis")]
